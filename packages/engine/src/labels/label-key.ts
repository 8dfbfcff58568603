/**
 * Label keys: how a label set is written while a query runs.
 *
 * A label key is the canonical series key (docs/formats/identity.md) without its tenant, as a string of one character
 * per byte. So two label sets are equal when their strings are, a Map can be keyed by them, the empty set is "", and
 * taking labels away is slicing. Names and values inside are UTF-8 bytes: `bytesText` and `plainText` go between
 * those and ordinary text. Each label is: varint size, name, varint size, value; sorted by name, no empty values.
 */
import { METRIC_NAME, type Label } from "@tideline/model";
import { quoteString } from "@tideline/promql";

/** Size of the tenant at the start of a series key. */
const TENANT_SIZE = 8;

/** The label set without labels. */
export const NO_LABELS = "";

/** Ordinary text → one character per UTF-8 byte. */
export function bytesText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** One character per UTF-8 byte → ordinary text. */
export function plainText(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The last memory that a key lay in: the keys of one answer mostly share theirs. */
let lastBytes = Buffer.alloc(0);

/** The label key of a canonical series key. */
export function labelKeyOf(seriesKey: Uint8Array): string {
  if (lastBytes.buffer !== seriesKey.buffer)
    lastBytes = Buffer.from(seriesKey.buffer as ArrayBuffer);
  const start = seriesKey.byteOffset;
  return lastBytes.toString("latin1", start + TENANT_SIZE, start + seriesKey.byteLength);
}

/**
 * Walks the labels of a key. One cursor is used again and again, so that walking makes no objects:
 * `while (cursor.next()) …`.
 */
export class LabelCursor {
  #key = "";
  #next = 0;
  /** Offset of the label in the key; `end` is where the next one starts. */
  start = 0;
  end = 0;
  nameStart = 0;
  nameEnd = 0;
  valueStart = 0;
  valueEnd = 0;

  /** @param at where a label starts */
  open(key: string, at = 0): this {
    this.#key = key;
    this.#next = at;
    return this;
  }

  next(): boolean {
    if (this.#next >= this.#key.length) return false;
    this.start = this.#next;
    this.nameEnd = this.#sized(this.start);
    this.nameStart = this.#at;
    this.valueEnd = this.#sized(this.nameEnd);
    this.valueStart = this.#at;
    this.end = this.valueEnd;
    this.#next = this.end;
    return true;
  }

  #at = 0;

  /** Reads the varint at `offset`; leaves the start of what it measures in `#at` and returns its end. */
  #sized(offset: number): number {
    let at = offset;
    let size = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#key.charCodeAt(at);
      at += 1;
      size += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    this.#at = at;
    return at + size;
  }

  /** Name, as bytes. */
  name(): string {
    return this.#key.slice(this.nameStart, this.nameEnd);
  }

  /** Value, as bytes. */
  value(): string {
    return this.#key.slice(this.valueStart, this.valueEnd);
  }
}

/** Shared by the leaf functions below: none of them calls another while it walks. */
const shared = new LabelCursor();

/** The value of a label, as bytes; "" when it is absent. `name` is bytes as well. */
export function labelValue(key: string, name: string): string {
  const cursor = shared.open(key);
  while (cursor.next()) if (cursor.name() === name) return cursor.value();
  return "";
}

/** The metric's name as ordinary text, "" when there is none. */
export function metricNameOf(key: string): string {
  return plainText(labelValue(key, METRIC_NAME));
}

/** The labels that say what a metric is: whatever drops its name drops its type and unit as well. Eight bytes each. */
const METADATA_NAMES: ReadonlySet<string> = new Set([METRIC_NAME, "__type__", "__unit__"]);

/** The key without the metric's name, type and unit. */
export function withoutMetadata(key: string): string {
  const cursor = shared.open(key);
  let kept = "";
  let keptTo = 0;
  while (cursor.next()) {
    if (cursor.nameEnd - cursor.nameStart !== 8 || !METADATA_NAMES.has(cursor.name())) continue;
    kept += key.slice(keptTo, cursor.start);
    keptTo = cursor.end;
  }
  return keptTo === 0 ? key : kept + key.slice(keptTo);
}

/** The metric's name as the label that it is, where that comes first, as it nearly always does; else "". */
export function leadingNameLabel(key: string): string {
  const cursor = shared.open(key);
  return cursor.next() && cursor.name() === METRIC_NAME ? key.slice(0, cursor.end) : "";
}

/**
 * The keys without their metadata, where that is one and the same name in front of all of them, as after any selector of one
 * metric. Then what is left of different keys is different.
 *
 * @returns null where it is not so
 */
export function withoutLeadingName(keys: readonly string[]): string[] | null {
  const name = leadingNameLabel(keys[0] ?? "");
  if (name === "") return null;
  const rests: string[] = [];
  for (const key of keys) {
    if (!key.startsWith(name)) return null;
    const cursor = shared.open(key, name.length);
    // Labels are sorted: behind the first one that starts with a small letter there is no metadata.
    while (cursor.next() && !(key.charCodeAt(cursor.nameStart) > UNDERSCORE)) {
      if (METADATA_NAMES.has(cursor.name())) return null;
    }
    rests.push(key.slice(name.length));
  }
  return rests;
}

const UNDERSCORE = 0x5f;

/** Only the labels named. `names` are bytes. */
export function keepLabels(key: string, names: ReadonlySet<string>): string {
  const cursor = shared.open(key);
  let kept = "";
  let restCount = names.size;
  while (restCount > 0 && cursor.next()) {
    if (!names.has(cursor.name())) continue;
    kept += key.slice(cursor.start, cursor.end);
    restCount -= 1;
  }
  return kept;
}

/** As `keepLabels` of one name, without a text for each name that is passed over. */
export function keepLabel(key: string, name: string): string {
  const cursor = shared.open(key);
  while (cursor.next()) {
    if (cursor.nameEnd - cursor.nameStart === name.length && key.startsWith(name, cursor.nameStart))
      return key.slice(cursor.start, cursor.end);
  }
  return NO_LABELS;
}

/** All labels but those named. `names` are bytes. */
export function dropLabels(key: string, names: ReadonlySet<string>): string {
  if (names.size === 0) return key;
  const cursor = shared.open(key);
  let kept = "";
  while (cursor.next()) if (!names.has(cursor.name())) kept += key.slice(cursor.start, cursor.end);
  return kept;
}

/** Sets a label, or removes it when `value` is "". Name and value are bytes. */
export function withLabel(key: string, name: string, value: string): string {
  const cursor = shared.open(key);
  let before = "";
  let after = "";
  while (cursor.next()) {
    const other = cursor.name();
    if (other === name) continue;
    if (other < name) before += key.slice(cursor.start, cursor.end);
    else after += key.slice(cursor.start, cursor.end);
  }
  if (value === "") return before + after;
  return before + sizeText(name.length) + name + sizeText(value.length) + value + after;
}

function sizeText(size: number): string {
  let rest = size;
  let text = "";
  while (rest >= 0x80) {
    text += String.fromCharCode((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return text + String.fromCharCode(rest);
}

/** A label key from ordinary labels in any order; empty values are left out. */
export function labelKey(labels: readonly Label[]): string {
  let key = NO_LABELS;
  for (const { name, value } of labels) key = withLabel(key, bytesText(name), bytesText(value));
  return key;
}

/** The labels of a key as ordinary text, in canonical order. */
export function labelsOf(key: string): Label[] {
  const cursor = new LabelCursor().open(key);
  const labels: Label[] = [];
  while (cursor.next())
    labels.push({ name: plainText(cursor.name()), value: plainText(cursor.value()) });
  return labels;
}

/** Prometheus' order of label sets: label by label, name before value, a prefix first; by bytes. */
export function compareLabelKeys(a: string, b: string): number {
  if (a === b) return 0;
  // Names and values in turn. What was the same so far has the same size, so one offset does for both.
  let at = 0;
  while (at < a.length && at < b.length) {
    if (a.charCodeAt(at) >= 0x80 || b.charCodeAt(at) >= 0x80) return compareLongTexts(a, b, at);
    const leftSize = a.charCodeAt(at);
    const rightSize = b.charCodeAt(at);
    at += 1;
    const end = at + Math.min(leftSize, rightSize);
    for (; at < end; at += 1) {
      const difference = a.charCodeAt(at) - b.charCodeAt(at);
      if (difference !== 0) return difference;
    }
    if (leftSize !== rightSize) return leftSize - rightSize;
  }
  return a.length - b.length;
}

/** The same for what follows `at`, where texts may be longer than a byte tells. */
function compareLongTexts(a: string, b: string, at: number): number {
  const left = new TextCursor(a, at);
  const right = new TextCursor(b, at);
  for (;;) {
    const leftText = left.next();
    const rightText = right.next();
    if (leftText === undefined || rightText === undefined)
      return Number(leftText !== undefined) - Number(rightText !== undefined);
    if (leftText !== rightText) return leftText < rightText ? -1 : 1;
  }
}

/** Walks the sized texts of a key: names and values in turn. */
class TextCursor {
  readonly #key: string;
  #at: number;

  constructor(key: string, at: number) {
    this.#key = key;
    this.#at = at;
  }

  next(): string | undefined {
    if (this.#at >= this.#key.length) return undefined;
    let size = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#key.charCodeAt(this.#at);
      this.#at += 1;
      size += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    const start = this.#at;
    this.#at += size;
    return this.#key.slice(start, this.#at);
  }
}

/** A label set as in queries: `{a="b", c="d"}`, or `name{a="b"}`. */
export function labelKeyText(key: string): string {
  let name = "";
  const parts: string[] = [];
  for (const label of labelsOf(key)) {
    if (label.name === METRIC_NAME) name = label.value;
    else parts.push(`${label.name}=${JSON.stringify(label.value)}`);
  }
  return name !== "" && parts.length === 0 ? name : `${name}{${parts.join(", ")}}`;
}

/** As Prometheus writes a label set in its messages: `{__name__="name", a="b"}`. */
export function labelSetText(key: string): string {
  const parts = labelsOf(key).map(
    ({ name, value }) =>
      `${LEGACY_NAME.test(name) ? name : quoteString(name)}=${quoteString(value)}`,
  );
  return `{${parts.join(", ")}}`;
}

/** Others are quoted. */
const LEGACY_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
