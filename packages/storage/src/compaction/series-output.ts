/**
 * Takes the merged samples of one series after the other, keeps one per dedup interval, cuts them into full blocks, and gives those to
 * the part. A series without samples never gets there.
 *
 * Samples move from typed array to typed array only: their bits stay (law 2).
 */
import { VALUES_PER_BLOCK_MAX } from "@tideline/kernels";
import { inSameInterval, wordsOf } from "@tideline/model";
import type { CopiedBlock, PartWriter } from "../part/part-writer.ts";

export interface SeriesOutputOptions {
  /** Asked once there is a sample. */
  readonly writer: () => PartWriter;
  /** Of each interval (kD - D, kD] the newest sample stays; 0 = all. */
  readonly dedupIntervalMs: number;
}

const NO_BYTES = new Uint8Array(0);

export class SeriesOutput {
  readonly #options: SeriesOutputOptions;
  readonly #times = new Float64Array(VALUES_PER_BLOCK_MAX);
  readonly #values = new Float64Array(VALUES_PER_BLOCK_MAX);
  readonly #words = wordsOf(this.#values);
  /** Samples that wait for their block to fill; it goes out when one more comes. */
  #count = 0;
  #key: Uint8Array = NO_BYTES;
  #identity: Uint8Array = NO_BYTES;
  #isStarted = false;
  /** Samples given to the part, and samples left out for a newer one of their interval. */
  writtenCount = 0;
  dedupedCount = 0;

  constructor(options: SeriesOutputOptions) {
    this.#options = options;
  }

  /** @param key borrowed until `end`, as the identity is */
  start(key: Uint8Array, identity: Uint8Array): void {
    this.#key = key;
    this.#identity = identity;
    this.#isStarted = false;
  }

  /** Samples that wait. */
  get waitingCount(): number {
    return this.#count;
  }

  /** Appends samples `start` to `end`, all newer than those before. */
  append(times: Float64Array, values: Float64Array, start: number, end: number): void {
    if (this.#options.dedupIntervalMs > 0) {
      const words = wordsOf(values);
      for (let i = start; i < end; i += 1) this.appendOne(times[i] as number, words, i);
      return;
    }
    for (let at = start; at < end;) {
      if (this.#count === VALUES_PER_BLOCK_MAX) this.#flush();
      const size = Math.min(end - at, VALUES_PER_BLOCK_MAX - this.#count);
      this.#times.set(times.subarray(at, at + size), this.#count);
      this.#values.set(values.subarray(at, at + size), this.#count);
      this.#count += size;
      at += size;
    }
  }

  /** @param words of the column that the value is in */
  appendOne(ms: number, words: Uint32Array, index: number): void {
    if (this.#isSameInterval(ms)) {
      this.#count -= 1;
      this.dedupedCount += 1;
    }
    if (this.#count === VALUES_PER_BLOCK_MAX) this.#flush();
    const at = this.#count;
    this.#times[at] = ms;
    this.#words[at * 2] = words[index * 2] as number;
    this.#words[at * 2 + 1] = words[index * 2 + 1] as number;
    this.#count += 1;
  }

  /** Takes a block over as it is, behind what waits. Not with a dedup interval. */
  copy(block: CopiedBlock): void {
    this.#flush();
    this.#started().copyBlock(block);
    this.writtenCount += block.facts.count;
  }

  end(): void {
    this.#flush();
    if (this.#isStarted) this.#options.writer().endSeries();
  }

  #isSameInterval(ms: number): boolean {
    const { dedupIntervalMs } = this.#options;
    if (dedupIntervalMs === 0 || this.#count === 0) return false;
    return inSameInterval(this.#times[this.#count - 1] as number, ms, dedupIntervalMs);
  }

  #flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#started().addBlock(this.#times.subarray(0, count), this.#values.subarray(0, count));
    this.writtenCount += count;
    this.#count = 0;
  }

  #started(): PartWriter {
    const writer = this.#options.writer();
    if (!this.#isStarted) {
      writer.startSeries(this.#key, this.#identity);
      this.#isStarted = true;
    }
    return writer;
  }
}
