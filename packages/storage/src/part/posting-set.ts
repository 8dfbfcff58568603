/**
 * Sets of ordinals as runs: a label's series often lie side by side. Format: docs/formats/part.md#posting-sets.
 */
import type { ByteReader } from "@tideline/common";
import { assert, ByteWriter } from "@tideline/common";

/** A set that grows by ascending ordinals. One run, the common case, takes no buffer. */
export class PostingList {
  #count = 0;
  #runStart: number;
  #runEnd: number;
  /** End of the runs in `#runs`. */
  #writtenEnd = 0;
  #runs: ByteWriter | null = null;

  constructor(ordinal: number) {
    this.#runStart = ordinal;
    this.#runEnd = ordinal;
    this.add(ordinal);
  }

  get count(): number {
    return this.#count;
  }

  add(ordinal: number): void {
    assert(ordinal >= this.#runEnd, "ordinals of a set ascend");
    this.#count += 1;
    if (ordinal !== this.#runEnd) {
      this.#runs ??= new ByteWriter(16);
      this.#writeRun(this.#runs);
      this.#writtenEnd = this.#runEnd;
      this.#runStart = ordinal;
    }
    this.#runEnd = ordinal + 1;
  }

  /** Appends the set: its count, then its runs. */
  encode(target: ByteWriter): void {
    target.varint(this.#count);
    if (this.#runs) target.raw(this.#runs.bytes());
    this.#writeRun(target);
  }

  #writeRun(target: ByteWriter): void {
    const gap = this.#runStart - this.#writtenEnd;
    const length = this.#runEnd - this.#runStart;
    target.varint(gap * 2 + (length > 1 ? 1 : 0));
    if (length > 1) target.varint(length - 2);
  }
}

/**
 * @param ordinalMax past the greatest ordinal there can be
 * @returns ascending ordinals, owned by the caller
 * @throws {RangeError} on bytes that are no set
 */
export function decodePostings(reader: ByteReader, ordinalMax: number): Uint32Array {
  const count = reader.varint();
  if (count > ordinalMax) throw new RangeError(`a set of ${count} among ${ordinalMax} series`);
  const ordinals = new Uint32Array(count);
  let at = 0;
  let end = 0;
  while (at < count) {
    const head = reader.varint();
    const start = end + Math.floor(head / 2);
    const length = head % 2 === 0 ? 1 : reader.varint() + 2;
    end = start + length;
    if (end > ordinalMax || at + length > count) throw new RangeError("a run past its set's end");
    for (let ordinal = start; ordinal < end; ordinal += 1, at += 1) ordinals[at] = ordinal;
  }
  if (reader.restSize !== 0) throw new RangeError(`${reader.restSize} bytes behind a set`);
  return ordinals;
}
