/**
 * Sets of ordinals as runs: a label's series often lie side by side. Format: docs/formats/part.md#posting-sets.
 */
import { assert, type ByteReader, type ByteWriter } from "@tideline/common";
import { ByteArena, U32Column } from "../head/columns.ts";

/** Words of a set: see their offsets below. */
const SET_WORDS = 6;
const COUNT = 0;
const RUN_START = 1;
const RUN_END = 2;
/** End of the runs that are written. */
const WRITTEN_END = 3;
/** First chunk + 1; 0 = no run is written yet. */
const FIRST_CHUNK = 4;
/** Where the next byte goes. */
const WRITE_AT = 5;

/** A chunk: number of the next one, then bytes of runs. */
const CHUNK_SIZE = 32;
const LINK_SIZE = 4;
const EMPTY_CHUNK = new Uint8Array(CHUNK_SIZE);

/**
 * Sets that grow side by side, by ascending ordinals, in flat memory: there is one for each label of a part, so none may
 * cost an object. 24 bytes a set; a set of one run, the common case, takes no more.
 */
export class PostingSets {
  readonly #words = new U32Column(1024 * SET_WORDS);
  readonly #chunks = new ByteArena(1024 * CHUNK_SIZE);
  #count = 0;

  /** Adds a set of one ordinal and returns its number: 0, 1, 2, … */
  open(ordinal: number): number {
    const set = this.#count;
    this.#count += 1;
    this.#words.ensure(this.#count * SET_WORDS);
    const at = set * SET_WORDS;
    const words = this.#words.array;
    words[at + COUNT] = 1;
    words[at + RUN_START] = ordinal;
    words[at + RUN_END] = ordinal + 1;
    return set;
  }

  add(set: number, ordinal: number): void {
    const at = set * SET_WORDS;
    const words = this.#words.array;
    const runEnd = words[at + RUN_END] as number;
    assert(ordinal >= runEnd, "ordinals of a set ascend");
    words[at + COUNT] = (words[at + COUNT] as number) + 1;
    if (ordinal !== runEnd) {
      this.#writeRun(at, (byte) => {
        this.#writeByte(at, byte);
      });
      words[at + WRITTEN_END] = runEnd;
      words[at + RUN_START] = ordinal;
    }
    words[at + RUN_END] = ordinal + 1;
  }

  /** Appends the set: its count, then its runs. */
  encode(set: number, target: ByteWriter): void {
    const at = set * SET_WORDS;
    const words = this.#words.array;
    target.varint(words[at + COUNT] as number);
    const first = words[at + FIRST_CHUNK] as number;
    if (first > 0) this.#copyRuns(first - 1, words[at + WRITE_AT] as number, target);
    this.#writeRun(at, (byte) => {
      target.u8(byte);
    });
  }

  #writeRun(at: number, write: (byte: number) => void): void {
    const words = this.#words.array;
    const start = words[at + RUN_START] as number;
    const gap = start - (words[at + WRITTEN_END] as number);
    const length = (words[at + RUN_END] as number) - start;
    writeVarint(gap * 2 + (length > 1 ? 1 : 0), write);
    if (length > 1) writeVarint(length - 2, write);
  }

  #writeByte(at: number, byte: number): void {
    const words = this.#words.array;
    let writeAt = words[at + WRITE_AT] as number;
    if (words[at + FIRST_CHUNK] === 0) {
      const chunk = this.#newChunk();
      words[at + FIRST_CHUNK] = chunk + 1;
      writeAt = chunk * CHUNK_SIZE + LINK_SIZE;
    } else if (writeAt % CHUNK_SIZE === 0) {
      // The chunk before is full: its end is where the next one would begin.
      const chunk = this.#newChunk();
      this.#link(writeAt - CHUNK_SIZE, chunk);
      writeAt = chunk * CHUNK_SIZE + LINK_SIZE;
    }
    this.#chunks.bytes[writeAt] = byte;
    words[at + WRITE_AT] = writeAt + 1;
  }

  #newChunk(): number {
    const at = this.#chunks.append(EMPTY_CHUNK, 0, CHUNK_SIZE);
    assert(at < 2 ** 32 - CHUNK_SIZE, "posting sets of one part fit 4 GiB");
    return at / CHUNK_SIZE;
  }

  #link(at: number, chunk: number): void {
    const { bytes } = this.#chunks;
    for (let i = 0; i < LINK_SIZE; i += 1) bytes[at + i] = (chunk >>> (i * 8)) & 0xff;
  }

  #linkAt(at: number): number {
    const { bytes } = this.#chunks;
    let chunk = 0;
    for (let i = 0; i < LINK_SIZE; i += 1) chunk += (bytes[at + i] as number) * 2 ** (i * 8);
    return chunk;
  }

  #copyRuns(firstChunk: number, end: number, target: ByteWriter): void {
    for (let at = firstChunk * CHUNK_SIZE; ; at = this.#linkAt(at) * CHUNK_SIZE) {
      const isLast = end > at && end <= at + CHUNK_SIZE;
      target.raw(this.#chunks.bytes.subarray(at + LINK_SIZE, isLast ? end : at + CHUNK_SIZE));
      if (isLast) return;
    }
  }
}

/** The same bytes as ByteWriter's varint. */
function writeVarint(value: number, write: (byte: number) => void): void {
  let rest = value;
  while (rest >= 0x80) {
    write((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  write(rest);
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
