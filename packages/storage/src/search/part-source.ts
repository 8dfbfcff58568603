/** A part as a search source: its blocks go out as they lie in the file, or what of them is in the time range. */
import { CorruptionError, type Tenant, type ValueBlock } from "@tideline/model";
import type { LabelIndex, Ordinals } from "../index/label-index.ts";
import { meet, selectSeries, type CompiledFilters } from "../index/select.ts";
import type { LanePart } from "../lane/lane-parts.ts";
import type { PartReader } from "../part/part-reader.ts";
import { BlockCutter } from "./block-cutter.ts";
import type { SearchSource } from "./source.ts";

export interface PartSourceOptions {
  readonly part: LanePart;
  readonly startMs: number;
  readonly endMs: number;
  readonly firstTimestampId: number;
  /** Moves the part out of the way and reports it. */
  readonly onDamage: (part: PartReader, cause: unknown) => void;
}

export class PartSource implements SearchSource {
  readonly #options: PartSourceOptions;
  readonly #part: PartReader;
  readonly #cutter: BlockCutter;

  constructor(options: PartSourceOptions) {
    this.#options = options;
    this.#part = options.part.part;
    this.#cutter = new BlockCutter(options);
  }

  get where(): string {
    return this.#part.path;
  }

  get index(): LabelIndex {
    return this.#part;
  }

  get isWhole(): boolean {
    return this.#options.part.ordinals() === null;
  }

  select(tenant: Tenant, filters: CompiledFilters): Ordinals {
    const selected = selectSeries(this.#part, tenant, filters);
    const ours = this.#options.part.ordinals();
    return ours ? meet(selected, ours, true) : selected;
  }

  identityOf(ordinal: number): Uint8Array {
    return this.#part.identity(ordinal);
  }

  keyOf(ordinal: number): Uint8Array {
    return this.#part.series(ordinal).key;
  }

  readBlocks(ordinal: number, target: ValueBlock[]): void {
    const { startMs, endMs } = this.#options;
    for (const whole of this.#part.readBlocks(ordinal, startMs, endMs)) {
      const block = this.#cutter.cut(whole);
      if (block) target.push(block);
    }
  }

  setAside(error: unknown): boolean {
    if (!(error instanceof CorruptionError)) return false;
    this.#options.onDamage(this.#part, error);
    return true;
  }
}
