/** The series that a search has found, to be read one after the other: of one source, or put together from several. */
import type { SeriesFrameEncoder } from "@tideline/wire";
import type { Ordinals } from "../index/label-index.ts";
import { SeriesCollector } from "./series-collector.ts";
import { NO_MEMBER, type SeriesGroups } from "./series-groups.ts";
import type { SourceSet } from "./source-set.ts";

export interface FoundSeries {
  readonly count: number;
  /** Reads one into a frame. @returns whether it has a block in the time range */
  read(index: number, encoder: SeriesFrameEncoder): boolean;
}

/** A single source has each of its series once: its blocks go straight into the frame. */
export class SeriesOfOne implements FoundSeries {
  readonly #sources: SourceSet;
  readonly #number: number;
  readonly #ordinals: Ordinals;

  constructor(sources: SourceSet, number: number, ordinals: Ordinals) {
    this.#sources = sources;
    this.#number = number;
    this.#ordinals = ordinals;
  }

  get count(): number {
    return this.#ordinals.length;
  }

  read(index: number, encoder: SeriesFrameEncoder): boolean {
    this.#sources.readSeries(this.#number, this.#ordinals[index] as number, encoder);
    return encoder.endSeries();
  }
}

export class SeriesOfMany implements FoundSeries {
  readonly #sources: SourceSet;
  readonly #groups: SeriesGroups;
  readonly #collector = new SeriesCollector();

  constructor(sources: SourceSet, groups: SeriesGroups) {
    this.#sources = sources;
    this.#groups = groups;
  }

  get count(): number {
    return this.#groups.count;
  }

  read(index: number, encoder: SeriesFrameEncoder): boolean {
    const groups = this.#groups;
    const collector = this.#collector;
    for (let m = groups.firstOf(index); m !== NO_MEMBER; m = groups.after(m))
      this.#sources.readSeries(groups.sourceOf(m), groups.ordinalOf(m), collector);
    collector.moveTo(encoder);
    return encoder.endSeries();
  }
}
