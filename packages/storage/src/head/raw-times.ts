/**
 * Times of raw samples in words of 32 bits: three bits of a window, 29 bits of milliseconds in it.
 *
 * A window has 2^29 ms, 6.2 days. A generation lives for an hour, so what it takes lies in one or two of them, and what is
 * sent afterwards of earlier weeks in a few more. Seven are made as they are met; times in no window stand in a
 * table of doubles, and its entries are used again once they are released.
 */
const WINDOW_SHIFT = 29;
const WINDOW_MS = 2 ** WINDOW_SHIFT;
const OFFSET_MASK = WINDOW_MS - 1;
/** The number in place of a window: the rest of the word is an entry of the table. */
const FAR = 7;
/** End of the list of free entries. */
const NONE = -1;

/** A time; good until it is released. */
export type TimeWord = number;

export class RawTimes {
  /** Where each window begins. */
  readonly #starts = new Float64Array(FAR);
  #windowCount = 0;
  /** Times, or in a free entry the next free one. */
  #far = new Float64Array(0);
  #farCount = 0;
  #free = NONE;
  /** Neighbours mostly have the same time. */
  #lastMs = Number.NaN;
  #lastWord = 0;

  get memorySize(): number {
    return this.#far.byteLength;
  }

  /** @param ms an integer below 2^53 either way */
  wordOf(ms: number): TimeWord {
    if (ms === this.#lastMs) return this.#lastWord;
    const start = Math.floor(ms / WINDOW_MS) * WINDOW_MS;
    let window = 0;
    while (window < this.#windowCount && this.#starts[window] !== start) window += 1;
    if (window === FAR) return this.#farWord(ms);
    if (window === this.#windowCount) {
      this.#starts[window] = start;
      this.#windowCount += 1;
    }
    this.#lastMs = ms;
    this.#lastWord = ((window << WINDOW_SHIFT) | (ms - start)) >>> 0;
    return this.#lastWord;
  }

  msOf(word: TimeWord): number {
    const window = word >>> WINDOW_SHIFT;
    const offset = word & OFFSET_MASK;
    if (window === FAR) return this.#far[offset] as number;
    return (this.#starts[window] as number) + offset;
  }

  /** Once per word that wordOf gave. */
  release(word: TimeWord): void {
    if (word >>> WINDOW_SHIFT !== FAR) return;
    const entry = word & OFFSET_MASK;
    this.#far[entry] = this.#free;
    this.#free = entry;
  }

  #farWord(ms: number): TimeWord {
    let entry = this.#free;
    if (entry === NONE) {
      entry = this.#farCount;
      this.#farCount += 1;
      if (entry === this.#far.length) this.#growFar();
    } else {
      this.#free = this.#far[entry] as number;
    }
    this.#far[entry] = ms;
    return ((FAR << WINDOW_SHIFT) | entry) >>> 0;
  }

  #growFar(): void {
    const grown = new Float64Array(Math.max(64, Math.ceil(this.#far.length * 1.5)));
    grown.set(this.#far);
    this.#far = grown;
  }
}
