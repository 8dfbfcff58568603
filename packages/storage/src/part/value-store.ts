/**
 * Puts value blocks into a part: each distinct one once, alone or, for the last merges, in groups that are compressed
 * together where that pays.
 *
 * Blocks of a group get their place when the group is closed. Memory is bounded: past the budget the oldest blocks are forgotten,
 * and would be stored again.
 */
import { ByteWriter } from "@tideline/common";
import { KnownBlocks } from "./known-blocks.ts";
import type { PartSink } from "./part-sink.ts";
import type { GroupStretch, ValuePlace } from "./series-entry.ts";
import { GROUP_SIZE, packGroup } from "./value-group.ts";

/** Checksum and longer pointer of a block that is a unit of its own. */
const UNIT_COST_SIZE = 4;
/** A group must save this share of its blocks' bytes to be worth a decompression. */
const SAVING_MIN = 0.03;
/** Equal bytes are equal values. */
const NO_TAG = 0;

/** A block that was stored; its place is known once its group is closed. */
export interface StoredValue {
  place: ValuePlace | null;
}

interface GroupMember {
  readonly stored: StoredValue;
  readonly stretch: GroupStretch;
}

export interface ValueStoreOptions {
  readonly grouped: boolean;
  /** Memory for blocks that are remembered, in bytes. */
  readonly memorySizeMax: number;
}

export class ValueStore {
  readonly #sink: PartSink;
  readonly #options: ValueStoreOptions;
  readonly #known: KnownBlocks<StoredValue>;
  readonly #group = new ByteWriter(GROUP_SIZE + 64 * 1024);
  #members: GroupMember[] = [];

  constructor(sink: PartSink, options: ValueStoreOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#known = new KnownBlocks(options.memorySizeMax);
  }

  /** @param bytes a value block; borrowed */
  store(bytes: Uint8Array): StoredValue {
    const known = this.#known.find(bytes, NO_TAG);
    if (known) return known;
    const stored: StoredValue = { place: null };
    if (this.#options.grouped) this.#addToGroup(stored, bytes);
    else stored.place = { ...this.#sink.appendUnit(bytes), inGroup: null };
    this.#known.add(bytes, NO_TAG, stored);
    return stored;
  }

  /** Closes the group: all that was stored has its place. */
  flush(): void {
    const members = this.#members;
    if (members.length === 0) return;
    const raw = this.#group.bytes();
    const packed = packGroup(raw);
    const sizeAlone = raw.length + members.length * UNIT_COST_SIZE;
    if (packed.length < sizeAlone * (1 - SAVING_MIN)) {
      const unit = this.#sink.appendUnit(packed);
      for (const { stored, stretch } of members) stored.place = { ...unit, inGroup: stretch };
    } else {
      for (const { stored, stretch } of members) {
        const bytes = raw.subarray(stretch.start, stretch.start + stretch.size);
        stored.place = { ...this.#sink.appendUnit(bytes), inGroup: null };
      }
    }
    this.#members = [];
    this.#group.clear();
  }

  /** No more blocks come: gives back the memory for those that are remembered. */
  forget(): void {
    this.#known.clear();
  }

  #addToGroup(stored: StoredValue, bytes: Uint8Array): void {
    const stretch = { start: this.#group.size, size: bytes.length };
    this.#group.raw(bytes);
    this.#members.push({ stored, stretch });
    if (this.#group.size >= GROUP_SIZE) this.flush();
  }
}
