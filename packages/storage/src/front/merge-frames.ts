/** Frames of several searches as one: as they come, side by side. */
import type { Coverage } from "@tideline/model";
import type { FrameSearch } from "@tideline/wire";

export class MergedSearch implements FrameSearch {
  readonly #searches: readonly FrameSearch[];

  constructor(searches: readonly FrameSearch[]) {
    this.#searches = searches;
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
    try {
      while (pending.size > 0) {
        const { at, result } = await Promise.race(pending.values());
        pending.delete(at);
        if (result.done === true) continue;
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

function ignore(): void {
  // See above.
}
