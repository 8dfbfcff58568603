/**
 * What deletes have taken from one source that does not change any more (a part, a frozen head): series of its index, each
 * with the times that are gone. Found by the index alone; samples are not looked at.
 */
import type { Ordinals } from "../index/label-index.ts";
import { meet, unite } from "../index/select.ts";
import { mergeRanges, rangeContains, rangesLeft, type TimeRange } from "./time-ranges.ts";

/** One delete's share. */
export interface Tombstone extends TimeRange {
  /** Not empty. */
  readonly ordinals: Ordinals;
}

const NOTHING: readonly TimeRange[] = [];

export class Tombstones {
  readonly #entries: readonly Tombstone[];
  /** Times of the source's samples. */
  readonly #times: TimeRange;

  constructor(entries: readonly Tombstone[], times: TimeRange) {
    this.#entries = entries;
    this.#times = times;
  }

  /** Times of a series that are gone: ascending, apart from each other. Empty for most series. */
  rangesOf(ordinal: number): readonly TimeRange[] {
    const ranges = this.#entries.filter(({ ordinals }) => includes(ordinals, ordinal));
    return ranges.length === 0 ? NOTHING : mergeRanges(ranges);
  }

  /**
   * Leaves out the series of which nothing is left within `wanted`.
   *
   * @param hasSamples whether a series that has lost some may have samples in a time range
   */
  strip(
    selected: Ordinals,
    wanted: TimeRange,
    hasSamples: (ordinal: number, range: TimeRange) => boolean,
  ): Ordinals {
    const range = {
      startMs: Math.max(wanted.startMs, this.#times.startMs),
      endMs: Math.min(wanted.endMs, this.#times.endMs),
    };
    const whole = this.#entries.filter((entry) => rangeContains(entry, range));
    const gone = unite(whole.map(({ ordinals }) => ordinals));
    const rest = gone.length === 0 ? selected : meet(selected, gone, false);
    if (whole.length === this.#entries.length) return rest;
    // Also what was deleted of other times: the index lists a series by the times of the source, and it may have no others.
    const touched = unite(this.#entries.map(({ ordinals }) => ordinals));
    return rest.filter(
      (ordinal) =>
        !includes(touched, ordinal) ||
        rangesLeft(range, this.rangesOf(ordinal)).some((left) => hasSamples(ordinal, left)),
    );
  }
}

/** Binary search. */
function includes(ordinals: Ordinals, ordinal: number): boolean {
  let low = 0;
  let high = ordinals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ordinals[middle] as number) < ordinal) low = middle + 1;
    else high = middle;
  }
  return low < ordinals.length && ordinals[low] === ordinal;
}
