/**
 * The error of a text that is no expression. Message in Prometheus' manner: `1:5: parse error: unexpected …`.
 */
import { InputError } from "@tideline/model";

export class ParseError extends InputError {
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1, in bytes of UTF-8 as Prometheus does. */
  readonly column: number;
  /** Offset into the text, in UTF-16 units. */
  readonly offset: number;
  /** The message without the place. */
  readonly reason: string;

  constructor(text: string, offset: number, reason: string) {
    const { line, column } = placeOf(text, offset);
    // An empty text has no place in it, says Prometheus.
    const place = text === "" ? "unknown position" : `${line}:${column}`;
    super("TIDELINE_PROMQL", `${place}: parse error: ${reason}`);
    this.line = line;
    this.column = column;
    this.offset = offset;
    this.reason = reason;
  }
}

const utf8 = new TextEncoder();

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let at = before.indexOf("\n"); at >= 0; at = before.indexOf("\n", at + 1)) line += 1;
  return { line, column: utf8.encode(before.slice(lineStart)).length + 1 };
}
