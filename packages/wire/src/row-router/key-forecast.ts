/**
 * Whether a target will ask for the keys of series that are new on its stream.
 *
 * A definition by identity alone is small, and enough where only the stream is new: after a restart of either side.
 * Where the series are new themselves it costs a second trip, which takes as much again as the first. So what a target
 * answered last is what is expected of it next, and now and then a block goes without keys to see whether that still holds.
 */

/** Blocks that go with keys before one goes without. */
const KEYED_BLOCKS_PER_PROBE = 16;

export class KeyForecast {
  #isNeeded = false;
  #keyedBlockCount = 0;

  /** Whether the definitions of the next block should have their keys with them. */
  next(): boolean {
    if (!this.#isNeeded) return false;
    this.#keyedBlockCount += 1;
    return this.#keyedBlockCount % (KEYED_BLOCKS_PER_PROBE + 1) !== 0;
  }

  /** What came of a block that defined `definitionCount` series by identity alone. */
  learn(definitionCount: number, unknownCount: number): void {
    if (definitionCount > 0) this.#isNeeded = unknownCount * 2 > definitionCount;
  }

  /** Nothing is known of the next stream. */
  reset(): void {
    this.#isNeeded = false;
    this.#keyedBlockCount = 0;
  }
}
