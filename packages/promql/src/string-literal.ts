/**
 * String literals: Go's escapes in double and single quotes, none in backquotes.
 *
 * Escapes may spell bytes that are no UTF-8 (`"a\xc5z"`). A JavaScript string cannot hold them, so each such
 * byte becomes the lone surrogate U+DC00 + byte: `isWellFormed()` tells them apart, `quote` writes them back.
 */

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
};

const utf8 = new TextEncoder();

/** @throws {Error} with the reason, when an escape is wrong */
export function unquote(literal: string): string {
  const quoteMark = literal.charAt(0);
  const body = literal.slice(1, -1);
  if (quoteMark === "`" || !body.includes("\\")) return body;
  const out: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) out.push(decodeLossless(bytes));
    bytes = [];
  };
  let index = 0;
  while (index < body.length) {
    if (body[index] !== "\\") {
      const end = indexOrEnd(body, "\\", index);
      flush();
      out.push(body.slice(index, end));
      index = end;
      continue;
    }
    const escape = readEscape(body, index + 1, quoteMark);
    if (escape.isByte) bytes.push(escape.code);
    else bytes.push(...utf8.encode(String.fromCodePoint(escape.code)));
    index = escape.end;
  }
  flush();
  return out.join("");
}

interface Escape {
  readonly code: number;
  /** A byte of UTF-8 rather than a code point. */
  readonly isByte: boolean;
  readonly end: number;
}

/** @param start index behind the backslash */
export function readEscape(text: string, start: number, quoteMark: string): Escape {
  const kind = text.charAt(start);
  if (kind === "") throw new Error("escape sequence not terminated");
  if (kind === quoteMark) return { code: kind.charCodeAt(0), isByte: true, end: start + 1 };
  const simple = Object.hasOwn(SIMPLE_ESCAPES, kind) ? SIMPLE_ESCAPES[kind] : undefined;
  if (simple !== undefined) return { code: simple, isByte: true, end: start + 1 };
  if (kind >= "0" && kind <= "7") return readDigits(text, start, 3, 8, true);
  if (kind === "x") return readDigits(text, start + 1, 2, 16, true);
  if (kind === "u") return readDigits(text, start + 1, 4, 16, false);
  if (kind === "U") return readDigits(text, start + 1, 8, 16, false);
  throw new Error(`unknown escape sequence ${describeCharacter(text, start)}`);
}

function readDigits(
  text: string,
  start: number,
  count: number,
  base: 8 | 16,
  isByte: boolean,
): Escape {
  let code = 0;
  for (let i = 0; i < count; i += 1) {
    const character = text.charAt(start + i);
    if (character === "") throw new Error("escape sequence not terminated");
    const digit = /^[0-9a-fA-F]$/.test(character) ? Number.parseInt(character, 16) : 16;
    if (digit >= base) {
      throw new Error(`illegal character ${describeCharacter(text, start + i)} in escape sequence`);
    }
    code = code * base + digit;
  }
  const isSurrogate = code >= 0xd800 && code < 0xe000;
  if (code > (isByte ? 0xff : 0x10ffff) || isSurrogate) {
    throw new Error("escape sequence is an invalid Unicode code point");
  }
  return { code, isByte, end: start + count };
}

/** As Go's %#U: U+0078 'x'. */
function describeCharacter(text: string, index: number): string {
  const code = text.codePointAt(index) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")} '${String.fromCodePoint(code)}'`;
}

/** UTF-8 to text; a byte that belongs to no character becomes U+DC00 + byte. */
function decodeLossless(bytes: readonly number[]): string {
  let out = "";
  let index = 0;
  while (index < bytes.length) {
    const size = sequenceSize(bytes, index);
    if (size === 0) {
      out += String.fromCharCode(0xdc00 + (bytes[index] as number));
      index += 1;
      continue;
    }
    out += new TextDecoder().decode(Uint8Array.from(bytes.slice(index, index + size)));
    index += size;
  }
  return out;
}

/** Size of the well-formed UTF-8 sequence at `index`, 0 when there is none. */
function sequenceSize(bytes: readonly number[], index: number): number {
  const first = bytes[index] as number;
  if (first < 0x80) return 1;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size === 0 || first > 0xf4 || index + size > bytes.length) return 0;
  const second = bytes[index + 1] as number;
  const secondMin = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const secondMax = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < secondMin || second > secondMax) return 0;
  for (let i = 2; i < size; i += 1) {
    const next = bytes[index + i] as number;
    if (next < 0x80 || next > 0xbf) return 0;
  }
  return size;
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** What Go takes for printable; the others are written as escapes. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const NAMED_ESCAPES: ReadonlyMap<number, string> = new Map([
  [34, '"'],
  ...Object.entries(SIMPLE_ESCAPES).map(([name, code]): [number, string] => [code, name]),
]);

/** A double-quoted literal that `unquote` turns back into `text`. */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    const name = NAMED_ESCAPES.get(code);
    if (name !== undefined) out += `\\${name}`;
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\x${(code - 0xdc00).toString(16)}`;
    else if (code >= 0xd800 && code < 0xe000) out += "\\ufffd";
    else if (code === 0xfffd) out += "\\ufffd";
    else if (PRINTABLE.test(character)) out += character;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, "0")}`;
    else out += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `${out}"`;
}

function indexOrEnd(text: string, mark: string, from: number): number {
  const index = text.indexOf(mark, from);
  return index < 0 ? text.length : index;
}
