/**
 * Row blocks → rows of a group: decodes, finds the series of each ref, leaves out what is refused.
 */
import { IDENTITY_SIZE, identityRange, wordsOf } from "@tideline/model";
import {
  blockTimestamps,
  decodeRowBlock,
  keyedKey,
  rowBlockAnswer,
  type RowBlock,
  type RowBlockAnswer,
} from "@tideline/wire";
import { NO_SLOT } from "../head/memtable.ts";
import type { LaneRange } from "../lane-range.ts";
import type { Heads } from "./heads.ts";
import type { RowGroup } from "./row-group.ts";
import type { SeriesLimits } from "./series-limits.ts";
import { refusalMark, refusalOf, REFUSED_MIN, StreamRefs, type Refusal } from "./stream-refs.ts";

export interface TimeBounds {
  readonly oldestMs: number;
  readonly newestMs: number;
}

export class Intake {
  readonly #heads: Heads;
  readonly #laneRange: LaneRange;
  readonly #memorySizeMax: number;
  readonly #limits: SeriesLimits | null;
  readonly #streams = new Map<number, StreamRefs>();
  /** Columns of one block, before rows are left out. */
  #slots = new Uint32Array(4096);
  #timestampsMs = new Float64Array(4096);

  /** @param memorySizeMax for the refs of all streams; past it streams are forgotten, and their senders tell them anew */
  constructor(
    heads: Heads,
    laneRange: LaneRange,
    memorySizeMax: number,
    limits: SeriesLimits | null,
  ) {
    this.#limits = limits;
    this.#heads = heads;
    this.#laneRange = laneRange;
    this.#memorySizeMax = memorySizeMax;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get memorySize(): number {
    return this.#streamsSize + (this.#limits?.memorySize ?? 0);
  }

  closeStream(stream: number): void {
    this.#streams.delete(stream);
  }

  /**
   * Puts the rows of a block into the group.
   *
   * @param bytes borrowed for the call
   * @returns `kept` when the rows are in the group: to be sent once it is committed. Any other answer: nothing is.
   * @throws {CorruptionError} the bytes are no row block
   */
  take(stream: number, bytes: Uint8Array, group: RowGroup, bounds: TimeBounds): RowBlockAnswer {
    const block = decodeRowBlock(bytes);
    const refs = this.#refsOf(stream, block);
    this.#define(block, refs);
    if (block.rowCount > this.#slots.length) {
      this.#slots = new Uint32Array(block.rowCount * 2);
      this.#timestampsMs = new Float64Array(block.rowCount * 2);
    }
    if (translate(block.refs, refs.slots, this.#slots) > 0) {
      const unknownRefs = this.#resolve(block, refs);
      if (unknownRefs.length > 0) return rowBlockAnswer("unknownRefs", { unknownRefs });
    }
    if (this.#limits) this.#applyLimits(this.#limits, block.rowCount);
    blockTimestamps(block, this.#timestampsMs);
    const ignoredByReason = this.#stage(block, group, bounds);
    return rowBlockAnswer("kept", { ignoredByReason });
  }

  get #streamsSize(): number {
    let size = 0;
    for (const stream of this.#streams.values()) size += stream.memorySize;
    return size;
  }

  #refsOf(stream: number, block: RowBlock): StreamRefs {
    let refs = this.#streams.get(stream);
    if (!refs || refs.dictionary !== block.dictionary) {
      refs = new StreamRefs(block.dictionary, this.#heads.generation);
      this.#streams.set(stream, refs);
    }
    refs.prepare(this.#heads.generation, block.refBound, this.#limits?.epoch);
    if (this.#streamsSize > this.#memorySizeMax) this.#forgetOthers(stream);
    return refs;
  }

  /** No flush gives back what streams take: without this a lane with many of them would refuse writes for good. */
  #forgetOthers(stream: number): void {
    for (const other of this.#streams.keys()) {
      if (other !== stream) this.#streams.delete(other);
      if (this.#streamsSize <= this.#memorySizeMax) return;
    }
  }

  /** Takes in the series that the block defines. One known by identity alone, but not here, stays unknown. */
  #define(block: RowBlock, refs: StreamRefs): void {
    for (let i = 0; i < block.definitionRefs.length; i += 1) {
      const offset = i * IDENTITY_SIZE;
      const slot = this.#isOurs(block.definitionIdentities, offset)
        ? this.#heads.slotOf(block.definitionIdentities, offset)
        : refusalMark("wrong_lane");
      refs.slots[block.definitionRefs[i] as number] = slot;
    }
    for (let i = 0; i < block.keyedRefs.length; i += 1) {
      const slot = this.#register(block, i);
      refs.slots[block.keyedRefs[i] as number] =
        typeof slot === "number" ? slot : refusalMark(slot);
    }
  }

  /** The slot of the i-th series that comes with its key, or why it has none. */
  #register(block: RowBlock, i: number): number | Refusal {
    const offset = i * IDENTITY_SIZE;
    const identities = block.keyedIdentities;
    if (!this.#isOurs(identities, offset)) return "wrong_lane";
    // A series beyond a limit takes no memory of the head. One that is there already is asked for with its rows.
    if (this.#limits && this.#heads.slotOf(identities, offset) === NO_SLOT) {
      const refusal = this.#limits.admit(identities, offset);
      if (refusal) return refusal;
    }
    return this.#heads.register(identities, offset, keyedKey(block, i));
  }

  /** Marks the rows of series that may not be written to in this hour or day. */
  #applyLimits(limits: SeriesLimits, rowCount: number): void {
    const { generation } = this.#heads;
    const identityOf = (slot: number): Uint8Array => this.#heads.memtable.identityOf(slot);
    for (let row = 0; row < rowCount; row += 1) {
      const slot = this.#slots[row] as number;
      if (slot >= REFUSED_MIN) continue;
      const refusal = limits.admitSlot(slot, generation, identityOf);
      if (refusal) this.#slots[row] = refusalMark(refusal);
    }
  }

  #isOurs(identities: Uint8Array, offset: number): boolean {
    const { index, count } = this.#laneRange;
    return identityRange(identities, count, offset) === index;
  }

  /** Looks again for the refs without a slot, in the generation before. @returns those that are nowhere, each once */
  #resolve(block: RowBlock, refs: StreamRefs): Uint32Array {
    const unknown = new Set<number>();
    for (let row = 0; row < block.rowCount; row += 1) {
      if (this.#slots[row] !== NO_SLOT) continue;
      const ref = block.refs[row] as number;
      let slot = refs.slots[ref] as number;
      if (slot === NO_SLOT && !unknown.has(ref)) slot = refs.resolve(ref, this.#heads);
      if (slot !== NO_SLOT) this.#slots[row] = slot;
      else unknown.add(ref);
    }
    return Uint32Array.from(unknown);
  }

  /** Copies the rows to the group, without those that are refused. */
  #stage(block: RowBlock, group: RowGroup, bounds: TimeBounds): Record<string, number> {
    group.ensure(block.rowCount);
    const words = wordsOf(block.values);
    const { slots, timestampsMs } = group;
    const { oldestMs, newestMs } = bounds;
    const ignoredByReason: Record<string, number> = {};
    let at = group.rowCount;
    for (let row = 0; row < block.rowCount; row += 1) {
      const slot = this.#slots[row] as number;
      const ms = this.#timestampsMs[row] as number;
      if (ms < oldestMs || ms > newestMs || slot >= REFUSED_MIN) {
        countOne(ignoredByReason, reasonOf(slot, ms, bounds));
        continue;
      }
      slots[at] = slot;
      timestampsMs[at] = ms;
      group.words[at * 2] = words[row * 2] as number;
      group.words[at * 2 + 1] = words[row * 2 + 1] as number;
      at += 1;
    }
    group.rowCount = at;
    return ignoredByReason;
  }
}

/** Writes the slot of each row's ref; returns how many refs have none. */
function translate(refs: Uint32Array, slots: Uint32Array, target: Uint32Array): number {
  let missingCount = 0;
  for (let row = 0; row < refs.length; row += 1) {
    const slot = slots[refs[row] as number] as number;
    target[row] = slot;
    if (slot === NO_SLOT) missingCount += 1;
  }
  return missingCount;
}

function reasonOf(slot: number, ms: number, bounds: TimeBounds): string {
  if (slot >= REFUSED_MIN) return refusalOf(slot);
  return ms < bounds.oldestMs ? "small_timestamp" : "big_timestamp";
}

function countOne(counts: Record<string, number>, reason: string): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}
