/**
 * What the parser and the printers promise about any text: it parses, or the error says where and why; and what is printed of
 * its tree, on one line or on many, parses back to the same tree.
 */
import { isDeepStrictEqual } from "node:util";
import type { Expression } from "../ast.ts";
import { ParseError } from "../parse-error.ts";
import { parse } from "../parser.ts";
import { prettify } from "../prettify.ts";
import { print } from "../print.ts";
import { prometheusFacts } from "./facts.ts";
import { withoutSpans } from "./trees.ts";

/** @returns whether it parses. @throws {Error} that shows the text when a promise is broken */
export function checkText(text: string): boolean {
  try {
    const tree = parseOrNull(text);
    if (tree === null) return false;
    const printed = print(tree);
    checkSame(tree, printed);
    const pretty = prettify(tree);
    if (pretty !== printed) checkSame(tree, pretty);
    return true;
  } catch (cause) {
    throw new Error(`text ${JSON.stringify(text)}`, { cause });
  }
}

function parseOrNull(text: string): Expression | null {
  try {
    return parse(text, prometheusFacts);
  } catch (error) {
    const isTold =
      error instanceof ParseError &&
      /^(?:\d+:\d+|unknown position): parse error: ./.test(error.message) &&
      error.offset >= 0 &&
      error.offset <= text.length;
    if (isTold) return null;
    throw error;
  }
}

function checkSame(tree: Expression, printed: string): void {
  const again = parse(printed, prometheusFacts);
  if (!isDeepStrictEqual(withoutSpans(again), withoutSpans(tree)))
    throw new Error(`another tree: ${printed}`);
  if (print(again) !== print(tree)) throw new Error(`not canonical: ${printed}`);
}
