/**
 * Text to tokens, in one pass. What a word means depends on where it stands, so words that are keywords
 * keep their text: the parser takes them for names where the grammar wants a name.
 *
 * A fault ends the list with a token of kind "error"; it becomes an error when the parser gets there, so that
 * the first fault in reading order is the one that is told.
 */
import { readEscape } from "./string-literal.ts";

export type TokenKind =
  | "identifier"
  /** With a colon in it: can only be a metric. */
  | "metricIdentifier"
  | "keyword"
  | "number"
  | "duration"
  | "string"
  | "operator"
  | "("
  | ")"
  | "{"
  | "}"
  | "["
  | "]"
  | ","
  | ":"
  | "="
  | "=~"
  | "!~"
  | "@"
  | "eof"
  | "error";

export interface Token {
  readonly kind: TokenKind;
  /** As written; of keywords and word operators in lower case; of an error the reason. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Words with a meaning of their own, in any letter case. Aggregations are not among them: they come as facts. */
const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "or",
  "unless",
  "atan2",
  "offset",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "bool",
  "fill",
  "fill_left",
  "fill_right",
  "anchored",
  "smoothed",
]);

const SPACE_OR_COMMENT = /(?:[ \t\r\n]+|#[^\r\n]*)+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NAME = /[A-Za-z_:][A-Za-z0-9_:]*/y;
const HEXADECIMAL = /0[xX](?:_?[0-9a-fA-F])+/y;
const DECIMAL =
  /(?:[0-9]+(?:_[0-9]+)*(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?/y;
const DURATION = /(?:[0-9]+(?:ms|[smhdwy]))+/y;
const ALPHANUMERIC = /[A-Za-z0-9_]/;
/** What may stand on the way to a number that comes to nothing. */
const NUMBER_TAIL = /(?:\.[_.]?|[eE][+-]?[._eE]?|_[._eE]?)?/y;
const UNIT = /ms|[smhdwy]/y;
const DIGITS = /[0-9]*/y;
const OPERATOR = /==|!=|<=|<\/|<|>=|>\/|>|[-+*/%^]/y;

const SPACE = /[ \t\r\n]+/y;
const DURATION_OPERATOR = /[-+*/%^]/y;
/** The only words in brackets. */
const DURATION_WORD = /(?:step|range|min_of|max_of)(?=\s*\()/iy;

export function tokenize(text: string): readonly Token[] {
  return new Lexer(text).run();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #index = 0;
  #parenthesisDepth = 0;
  #insideBraces = false;
  #insideBrackets = false;
  /** Since the last bracket opened. */
  #gotDuration = false;
  #gotColon = false;
  #failed = false;

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly Token[] {
    while (!this.#failed) {
      this.#index += this.#match(this.#insideBrackets ? SPACE : SPACE_OR_COMMENT).length;
      if (this.#index >= this.#text.length) {
        this.#finish();
        break;
      }
      if (this.#insideBraces) this.#insideBracesToken();
      else if (this.#insideBrackets) this.#insideBracketsToken();
      else this.#token();
    }
    return this.#tokens;
  }

  #finish(): void {
    if (this.#insideBraces) this.#fail("unexpected end of input inside braces");
    else if (this.#insideBrackets) this.#fail("unexpected end of input in duration expression");
    else if (this.#parenthesisDepth > 0) this.#fail("unclosed left parenthesis");
    else this.#push("eof", 0);
  }

  #token(): void {
    const character = this.#text.charAt(this.#index);
    if (/[0-9]/.test(character) || (character === "." && /[0-9]/.test(this.#peek(1)))) {
      this.#number();
      return;
    }
    if (/[A-Za-z_:]/.test(character)) {
      this.#word(this.#match(NAME));
      return;
    }
    const operator = this.#match(OPERATOR);
    if (operator !== "") {
      this.#push("operator", operator.length);
      return;
    }
    switch (character) {
      case '"':
      case "'":
      case "`":
        this.#string(character);
        return;
      case "(":
      case ")":
        this.#parenthesis(character);
        return;
      case "{":
        this.#insideBraces = true;
        this.#push("{", 1);
        return;
      case "[":
        this.#insideBrackets = true;
        this.#gotDuration = false;
        this.#gotColon = false;
        this.#push("[", 1);
        return;
      case "]":
        this.#fail("unexpected right bracket ']'");
        return;
      case ",":
      case "@":
        this.#push(character, 1);
        return;
      case "=":
        if (this.#peek(1) === "~") this.#fail("unexpected character after '=': '~'");
        else this.#push("=", 1);
        return;
      case "!":
        this.#fail(`unexpected character after '!': ${this.#quoteCharacter(this.#index + 1)}`);
        return;
      default:
        this.#fail(`unexpected character: ${this.#quoteCharacter(this.#index)}`);
    }
  }

  #parenthesis(character: "(" | ")"): void {
    this.#parenthesisDepth += character === "(" ? 1 : -1;
    this.#push(character, 1);
    if (this.#parenthesisDepth >= 0) return;
    // The fault stands behind it, as in Prometheus.
    this.#tokens.pop();
    this.#fail("unexpected right parenthesis ')'");
  }

  /** Between brackets there is nothing but arithmetic of durations. */
  #insideBracketsToken(): void {
    const character = this.#text.charAt(this.#index);
    const word = this.#match(DURATION_WORD);
    if (word !== "") {
      this.#gotDuration = true;
      this.#push("identifier", word.length);
      return;
    }
    if (/[0-9]/.test(character) || (character === "." && /[0-9]/.test(this.#peek(1)))) {
      this.#gotDuration = true;
      this.#number();
      return;
    }
    if (this.#match(DURATION_OPERATOR) !== "") {
      this.#push("operator", 1);
      return;
    }
    switch (character) {
      case "(":
      case ")":
        this.#parenthesis(character);
        return;
      case ",":
        this.#push(",", 1);
        return;
      case ":":
        this.#colon();
        return;
      case "]":
        this.#insideBrackets = false;
        this.#push("]", 1);
        return;
      default:
        this.#fail(
          `unexpected character in duration expression: ${this.#quoteCharacter(this.#index)}`,
        );
    }
  }

  /** Between range and step of a subquery. Faults stand behind the colon, as in Prometheus. */
  #colon(): void {
    if (this.#gotDuration && !this.#gotColon) {
      this.#gotColon = true;
      this.#push(":", 1);
      return;
    }
    this.#index += 1;
    this.#fail(
      this.#gotColon
        ? "unexpected repeated colon in duration expression"
        : "unexpected colon before duration in duration expression",
    );
  }

  /** Between braces no word is a keyword and no colon belongs to a name. */
  #insideBracesToken(): void {
    const character = this.#text.charAt(this.#index);
    const word = this.#match(WORD);
    if (word !== "") {
      this.#push("identifier", word.length);
      return;
    }
    const two = this.#text.slice(this.#index, this.#index + 2);
    if (two === "=~" || two === "!~") {
      this.#push(two, 2);
      return;
    }
    if (two === "!=") {
      this.#push("operator", 2);
      return;
    }
    switch (character) {
      case '"':
      case "'":
      case "`":
        this.#string(character);
        return;
      case ",":
      case "=":
        this.#push(character, 1);
        return;
      case "}":
        this.#insideBraces = false;
        this.#push("}", 1);
        return;
      case "{":
        this.#fail("unexpected left brace '{'");
        return;
      case "!":
        this.#fail(
          `unexpected character after '!' inside braces: ${this.#quoteCharacter(this.#index + 1)}`,
        );
        return;
      default:
        this.#fail(`unexpected character inside braces: ${this.#quoteCharacter(this.#index)}`);
    }
  }

  #word(word: string): void {
    const lower = word.toLowerCase();
    if (lower === "inf" || lower === "nan") this.#push("number", word.length);
    else if (KEYWORDS.has(lower)) this.#push("keyword", word.length, lower);
    else this.#push(word.includes(":") ? "metricIdentifier" : "identifier", word.length);
  }

  #number(): void {
    const number = this.#match(HEXADECIMAL) || this.#match(DECIMAL);
    if (!this.#continues(number)) {
      this.#push("number", number.length);
      return;
    }
    const duration = this.#match(DURATION);
    if (duration !== "" && !this.#continues(duration)) {
      this.#push("duration", duration.length);
      return;
    }
    this.#fail(`bad number or duration syntax: ${JSON.stringify(this.#badNumber(number))}`);
  }

  /** As far as Prometheus reads what is no number: through exponents, units and digits, and a character behind a unit. */
  #badNumber(number: string): string {
    let end = this.#endOf(NUMBER_TAIL, this.#index + number.length);
    for (let unitEnd = this.#endOf(UNIT, end); unitEnd > end; unitEnd = this.#endOf(UNIT, end)) {
      end = this.#endOf(DIGITS, unitEnd);
      if (end === unitEnd) return this.#text.slice(this.#index, end + 1);
    }
    return this.#text.slice(this.#index, end);
  }

  /** Where a match that starts at `offset` ends; `offset` when there is none. */
  #endOf(pattern: RegExp, offset: number): number {
    pattern.lastIndex = offset;
    return offset + (pattern.exec(this.#text)?.[0].length ?? 0);
  }

  /** True if a letter, digit, `_` or a further dot follows: then the match is only a part of what stands there. */
  #continues(match: string): boolean {
    const next = this.#peek(match.length);
    return next !== "" && (ALPHANUMERIC.test(next) || next === ".");
  }

  #string(quoteMark: string): void {
    const text = this.#text;
    const isRaw = quoteMark === "`";
    let index = this.#index + 1;
    for (; ; index += 1) {
      const code = text.charCodeAt(index);
      if (Number.isNaN(code) || (code === 0x0a && !isRaw)) {
        this.#fail(isRaw ? "unterminated raw string" : "unterminated quoted string");
        return;
      }
      if (text[index] === quoteMark) break;
      if (code === 0x5c && !isRaw) {
        try {
          index = readEscape(text, index + 1, quoteMark).end - 1;
        } catch (error) {
          this.#fail((error as Error).message);
          return;
        }
      } else if (code >= 0xd800 && code < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) {
        index += 1;
      } else if ((code >= 0xd800 && code < 0xe000) || code === 0xfffd) {
        this.#fail("invalid UTF-8 rune");
        return;
      }
    }
    this.#push("string", index + 1 - this.#index);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#index;
    return pattern.exec(this.#text)?.[0] ?? "";
  }

  #peek(distance: number): string {
    return this.#text.charAt(this.#index + distance);
  }

  #push(kind: TokenKind, size: number, text?: string): void {
    if (this.#failed) return;
    const start = this.#index;
    const end = start + size;
    this.#tokens.push({ kind, text: text ?? this.#text.slice(start, end), start, end });
    this.#index = end;
  }

  #fail(reason: string): void {
    if (this.#failed) return;
    this.#failed = true;
    const start = this.#index;
    this.#tokens.push({ kind: "error", text: reason, start, end: this.#text.length });
  }

  #quoteCharacter(index: number): string {
    const code = this.#text.codePointAt(index);
    // Go's rune for what is none.
    if (code === undefined) return "'\ufffd'";
    const character = String.fromCodePoint(code);
    return `'${character === "\\" || character === "'" ? `\\${character}` : character}'`;
  }
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}
