/**
 * Frames of several lanes' searches as one: as they come, side by side.
 *
 * Each lane keeps the limit of series by itself; here their sum does. A series that goes on in a lane's next frame is
 * counted there again, so one per frame is forgiven: the limit may be passed by as many series as there are frames.
 */
import { type Coverage, tooManySeries } from "@tideline/model";
import type { FrameSearch } from "@tideline/wire";

export class MergedSearch implements FrameSearch {
  readonly #searches: readonly FrameSearch[];
  readonly #seriesCountMax: number;

  /** @param seriesCountMax 0 = no limit */
  constructor(searches: readonly FrameSearch[], seriesCountMax: number) {
    this.#searches = searches;
    this.#seriesCountMax = seriesCountMax;
  }

  coverage(): Coverage {
    return { missing: this.#searches.flatMap((search) => search.coverage().missing) };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const iterators = this.#searches.map((search) => search[Symbol.asyncIterator]());
    const pending = new Map<number, Promise<{ at: number; result: IteratorResult<Uint8Array> }>>();
    const ask = (at: number): void => {
      const iterator = iterators[at] as AsyncIterator<Uint8Array>;
      pending.set(
        at,
        iterator.next().then((result) => ({ at, result })),
      );
    };
    for (const at of iterators.keys()) ask(at);
    let seriesCountMin = 0;
    try {
      while (pending.size > 0) {
        const { at, result } = await Promise.race(pending.values());
        pending.delete(at);
        if (result.done === true) continue;
        seriesCountMin += seriesCountOf(result.value) - 1;
        if (this.#seriesCountMax > 0 && seriesCountMin > this.#seriesCountMax) {
          throw tooManySeries(this.#seriesCountMax);
        }
        ask(at);
        yield result.value;
      }
    } finally {
      // Left early, or one failed: the others stop as well, and what they say no longer matters.
      for (const iterator of iterators) void Promise.resolve(iterator.return?.()).catch(ignore);
      for (const answer of pending.values()) void answer.catch(ignore);
    }
  }
}

/** The third word of a series frame (docs/formats/series-frame.md): how many series it has. */
function seriesCountOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset, frame.length).getUint32(8, true);
}

function ignore(): void {
  // See above.
}
