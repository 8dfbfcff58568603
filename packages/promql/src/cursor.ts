/**
 * The reading head of the parser: where it stands in the tokens, how deep it is nested, and how it complains.
 */
import { must } from "@tideline/common";
import type { LanguageFacts } from "./facts.ts";
import { tokenize, type Token, type TokenKind } from "./lexer.ts";
import type { ParseOptions } from "./options.ts";
import { ParseError } from "./parse-error.ts";
import { quote } from "./string-literal.ts";

export class Cursor {
  readonly text: string;
  readonly facts: LanguageFacts;
  readonly options: ParseOptions;
  readonly #tokens: readonly Token[];
  #index = 0;
  #nesting = 0;
  #aggregationDepth = 0;

  constructor(text: string, facts: LanguageFacts, options: ParseOptions) {
    this.text = text;
    this.facts = facts;
    this.options = options;
    this.#tokens = tokenize(text);
  }

  /** The token under the head. @throws {ParseError} where the lexer found a fault */
  get token(): Token {
    const token = must(this.#tokens[this.#index], "the last token is never passed");
    if (token.kind === "error") throw this.error(token.start, token.text);
    return token;
  }

  /** The token behind the current one, if any. Faults are not told yet. */
  get next(): Token | undefined {
    return this.#tokens[this.#index + 1];
  }

  /** End of the last token taken. */
  get lastEnd(): number {
    return this.#tokens[this.#index - 1]?.end ?? 0;
  }

  take(): Token {
    const token = this.token;
    if (token.kind !== "eof") this.#index += 1;
    return token;
  }

  at(kind: TokenKind): boolean {
    return this.token.kind === kind;
  }

  atKeyword(word: string): boolean {
    return this.token.kind === "keyword" && this.token.text === word;
  }

  atOperator(operator: string): boolean {
    return this.token.kind === "operator" && this.token.text === operator;
  }

  accept(kind: TokenKind): boolean {
    if (!this.at(kind)) return false;
    this.take();
    return true;
  }

  acceptKeyword(word: string): boolean {
    if (!this.atKeyword(word)) return false;
    this.take();
    return true;
  }

  expect(kind: TokenKind, context: string, expected: string): Token {
    if (!this.at(kind)) throw this.unexpected(context, expected);
    return this.take();
  }

  /** Runs `inner` one level deeper. @throws {ParseError} past the limit */
  nested<T>(inner: () => T): T {
    if (this.#nesting >= this.options.nestingMax) {
      throw this.error(
        this.token.start,
        `expression is nested too deeply: at most ${this.options.nestingMax} levels`,
      );
    }
    this.#nesting += 1;
    const result = inner();
    this.#nesting -= 1;
    return result;
  }

  /** Runs `inner` as the inside of an aggregation: faults without a closer context are told as its own. */
  insideAggregation<T>(inner: () => T): T {
    this.#aggregationDepth += 1;
    const result = inner();
    this.#aggregationDepth -= 1;
    return result;
  }

  /** What stands under the head has no business there. "" leaves a part out. */
  unexpected(context = "", expected = ""): ParseError {
    const closest = context === "" && this.#aggregationDepth > 0 ? "aggregation" : context;
    const where = closest === "" ? "" : ` in ${closest}`;
    const wanted = expected === "" ? "" : `, expected ${expected}`;
    return this.error(
      this.token.start,
      `unexpected ${describe(this.token, this.facts)}${where}${wanted}`,
    );
  }

  error(offset: number, reason: string): ParseError {
    return new ParseError(this.text, offset, reason);
  }

  /** @throws {ParseError} for what Prometheus has behind a flag, where that is switched off */
  experimental(offset: number, reason: string): void {
    if (!this.options.allowExperimental) throw this.error(offset, reason);
  }
}

const NAMED_KINDS: Partial<Record<TokenKind, string>> = {
  identifier: "identifier",
  metricIdentifier: "metric identifier",
  number: "number",
  duration: "duration",
  string: "string",
};

/** Words that stand between operands; the other keywords are written <word>. */
const WORD_OPERATORS: ReadonlySet<string> = new Set(["and", "or", "unless", "atan2"]);
const DESCRIBED_LENGTH_MAX = 10;

function describe(token: Token, facts: LanguageFacts): string {
  const { kind, text } = token;
  if (kind === "eof") return "end of input";
  if (kind === "keyword") return WORD_OPERATORS.has(text) ? `<op:${text}>` : `<${text}>`;
  if (kind === "operator" || kind === "=~" || kind === "!~") return `<op:${text}>`;
  const aggregation = text.toLowerCase();
  if (kind === "identifier" && facts.aggregationFacts(aggregation) !== undefined) {
    return `<aggr:${text}>`;
  }
  // Words that stand behind @ are tokens of their own in Prometheus.
  if (kind === "identifier" && /^(?:start|end)$/i.test(text)) return quote(text);
  const isName = kind === "identifier" || kind === "metricIdentifier";
  const shown =
    isName || text.length <= DESCRIBED_LENGTH_MAX
      ? quote(text)
      : `${quote(text.slice(0, DESCRIBED_LENGTH_MAX))}...`;
  const kindName = NAMED_KINDS[kind];
  return kindName === undefined ? shown : `${kindName} ${shown}`;
}
