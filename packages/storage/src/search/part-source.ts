/** A part as a search source: its blocks go out as they lie in the file. */
import { CorruptionError, type Tenant, type ValueBlock } from "@tideline/model";
import type { LabelIndex, Ordinals } from "../index/label-index.ts";
import { meet, selectSeries, type CompiledFilters } from "../index/select.ts";
import type { LanePart } from "../lane/lane-parts.ts";
import type { PartReader } from "../part/part-reader.ts";
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

  constructor(options: PartSourceOptions) {
    this.#options = options;
    this.#part = options.part.part;
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
    return this.#part.series(ordinal).identity;
  }

  keyOf(ordinal: number): Uint8Array {
    return this.#part.series(ordinal).key;
  }

  readBlocks(ordinal: number, target: ValueBlock[]): void {
    const { startMs, endMs, firstTimestampId } = this.#options;
    for (const { timestamps, bytes } of this.#part.readBlocks(ordinal, startMs, endMs)) {
      target.push({ timestamps: { ...timestamps, id: timestamps.id + firstTimestampId }, bytes });
    }
  }

  setAside(error: unknown): boolean {
    if (!(error instanceof CorruptionError)) return false;
    this.#options.onDamage(this.#part, error);
    return true;
  }
}
