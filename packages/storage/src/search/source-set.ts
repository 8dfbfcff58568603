/** The sources of one search, and what of them proved damaged on the way. */
import type { Coverage } from "@tideline/model";
import type { SeriesTarget } from "./series-target.ts";
import type { SearchSource } from "./source.ts";

export class SourceSet {
  readonly #sources: (SearchSource | null)[];
  readonly #release: () => void;
  readonly #missing: { where: string; reason: string }[];

  /** @param missing what was known to be missing before */
  constructor(sources: readonly SearchSource[], missing: Coverage["missing"], release: () => void) {
    this.#sources = [...sources];
    this.#missing = [...missing];
    this.#release = release;
  }

  get count(): number {
    return this.#sources.length;
  }

  /** Whose data is missing, so far. */
  get missing(): Coverage["missing"] {
    return this.#missing;
  }

  /** Asks a source; null when it is damaged: then it is left out from now on, and said so. */
  using<T>(number: number, ask: (source: SearchSource) => T): T | null {
    const source = this.#sources[number];
    if (!source) return null;
    try {
      return ask(source);
    } catch (error) {
      this.#leaveOut(number, source, error);
      return null;
    }
  }

  /** Reads a series as SearchSource does; nothing, or some of its blocks, of one that is damaged: see `using`. */
  readSeries(number: number, ordinal: number, target: SeriesTarget): void {
    const source = this.#sources[number];
    if (!source) return;
    try {
      source.readSeries(ordinal, target);
    } catch (error) {
      this.#leaveOut(number, source, error);
    }
  }

  #leaveOut(number: number, source: SearchSource, error: unknown): void {
    if (!source.setAside(error)) throw error;
    this.#sources[number] = null;
    const reason = error instanceof Error ? error.message : String(error);
    this.#missing.push({ where: source.where, reason });
  }

  /** Lets go of what was kept open for the search. */
  release(): void {
    this.#sources.fill(null);
    this.#release();
  }
}
