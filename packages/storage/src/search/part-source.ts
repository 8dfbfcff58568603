/** A part as a search source: its blocks go out as they lie in the file, or what of them is in the time range. */
import type { CutMarks } from "@tideline/kernels";
import { CorruptionError, type Tenant } from "@tideline/model";
import type { TombstonesOf } from "../deletes/delete-set.ts";
import { rangesLeft, type TimeRange } from "../deletes/time-ranges.ts";
import type { Tombstones } from "../deletes/tombstones.ts";
import type { LabelIndex, Ordinals } from "../index/label-index.ts";
import { meet, selectSeries, type CompiledFilters } from "../index/select.ts";
import type { LanePart } from "../lane/lane-parts.ts";
import { newPlace } from "../part/byte-place.ts";
import type { PartReader } from "../part/part-reader.ts";
import { BlockCutter, putWhole } from "./block-cutter.ts";
import type { SeriesTarget } from "./series-target.ts";
import type { SearchSource } from "./source.ts";

/** Ids of timestamp blocks that are cut to what deletes have left: past those of all blocks of a file. */
const STRICT_CUT_IDS = 2 ** 39;
const STRICT_CUTTERS_MAX = 256;
const NOTHING: readonly TimeRange[] = [];

export interface PartSourceOptions {
  readonly part: LanePart;
  readonly startMs: number;
  readonly endMs: number;
  readonly firstTimestampId: number;
  /** Of the lane. */
  readonly marks: CutMarks;
  /** What was deleted of it; null where nothing can have been. */
  readonly tombstonesOf: TombstonesOf | null;
  /** Moves the part out of the way and reports it. */
  readonly onDamage: (part: PartReader, cause: unknown) => void;
}

export class PartSource implements SearchSource {
  readonly #options: PartSourceOptions;
  readonly #part: PartReader;
  readonly #range: TimeRange;
  readonly #marks: CutMarks;
  readonly #tombstonesOf: TombstonesOf | null;
  readonly #cutter: BlockCutter;
  /** For series that have lost a part of their times: by the range that is left. */
  readonly #strictCutters = new Map<string, BlockCutter>();
  readonly #place = newPlace();
  #cutCount = 0;

  constructor(options: PartSourceOptions) {
    this.#options = options;
    const { part, startMs, endMs, firstTimestampId, marks, tombstonesOf } = options;
    this.#part = part.part;
    this.#range = { startMs, endMs };
    this.#marks = marks;
    this.#tombstonesOf = tombstonesOf;
    this.#cutter = new BlockCutter({
      startMs,
      endMs,
      firstTimestampId,
      marks,
      placesOf: (timestamps) => part.part.timestampPlaces(timestamps),
    });
  }

  get where(): string {
    return this.#part.path;
  }

  get index(): LabelIndex {
    return this.#part;
  }

  get isWhole(): boolean {
    return this.#options.part.ordinals() === null && this.#tombstones === null;
  }

  select(tenant: Tenant, filters: CompiledFilters): Ordinals {
    const selected = selectSeries(this.#part, tenant, filters);
    const ours = this.#options.part.ordinals();
    const met = ours ? meet(selected, ours, true) : selected;
    return (
      this.#tombstones?.strip(met, this.#range, (ordinal, range) =>
        this.#hasBlock(ordinal, range),
      ) ?? met
    );
  }

  #hasBlock(ordinal: number, { startMs, endMs }: TimeRange): boolean {
    const part = this.#part;
    const entry = part.openSeries(ordinal);
    while (part.nextBlock()) if (entry.minMs <= endMs && entry.maxMs >= startMs) return true;
    return false;
  }

  get selectsExactly(): boolean {
    const { minMs, maxMs } = this.#part.facts;
    return minMs >= this.#range.startMs && maxMs <= this.#range.endMs;
  }

  meets(ordinal: number): boolean {
    return this.selectsExactly || this.#hasBlock(ordinal, this.#range);
  }

  identityOf(ordinal: number): Uint8Array {
    return this.#part.identity(ordinal);
  }

  keyOf(ordinal: number): Uint8Array {
    return this.#part.key(ordinal);
  }

  readSeries(ordinal: number, target: SeriesTarget): void {
    const gone = this.#tombstones?.rangesOf(ordinal) ?? NOTHING;
    this.#begin(ordinal, target);
    if (gone.length === 0) {
      this.#readRange(this.#range, this.#cutter, target);
      return;
    }
    for (const left of rangesLeft(this.#range, gone)) {
      this.#part.openSeries(ordinal);
      this.#readRange(left, this.#strictCutterOf(left), target);
    }
  }

  #begin(ordinal: number, target: SeriesTarget): void {
    const { bytes, keyStart, keyEnd } = this.#part.openSeries(ordinal);
    target.beginSeries(bytes, keyStart, keyEnd);
  }

  /** Puts blocks of the series that the part was opened at. */
  #readRange({ startMs, endMs }: TimeRange, cutter: BlockCutter, target: SeriesTarget): void {
    const part = this.#part;
    const { entry } = part;
    while (part.nextBlock()) {
      if (entry.maxMs < startMs || entry.minMs > endMs) continue;
      const times = cutter.timesOf(part.entryTimestamps());
      if (times.isOutside) continue;
      part.findValues(this.#place);
      if (times.part === null) putWhole(times.whole, this.#place, target);
      else cutter.putPart(times.whole, times.part, this.#place, this.#slot(), target);
    }
  }

  /** Of the block that the part is at. */
  #slot(): number {
    const { number, entry } = this.#part;
    return this.#marks.slotOf(number, entry.valueOffset, entry.groupStart);
  }

  /** Series that lost the same times share a cutter, and so the timestamps that it cuts. */
  #strictCutterOf({ startMs, endMs }: TimeRange): BlockCutter {
    const { firstTimestampId } = this.#options;
    const name = `${startMs} ${endMs}`;
    const known = this.#strictCutters.get(name);
    if (known) return known;
    const nextCutId = (): number => {
      this.#cutCount += 1;
      return -(firstTimestampId + STRICT_CUT_IDS + this.#cutCount);
    };
    const cutter = new BlockCutter({
      startMs,
      endMs,
      firstTimestampId,
      nextCutId,
      isStrict: true,
    });
    if (this.#strictCutters.size === STRICT_CUTTERS_MAX) this.#strictCutters.clear();
    this.#strictCutters.set(name, cutter);
    return cutter;
  }

  /** @throws {CorruptionError} the index cannot be read */
  get #tombstones(): Tombstones | null {
    return this.#tombstonesOf?.() ?? null;
  }

  setAside(error: unknown): boolean {
    if (!(error instanceof CorruptionError)) return false;
    this.#options.onDamage(this.#part, error);
    return true;
  }
}
