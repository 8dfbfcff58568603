/**
 * Collects the series table of a part that is being written. An entry tells where the series' blocks lie, so it waits until the
 * groups of all of them are closed; entries go into pages in order.
 */
import { assert, ByteWriter } from "@tideline/common";
import { PageBuilder } from "./page.ts";
import { PageTreeWriter, type TreeRoot } from "./page-tree.ts";
import type { PartSink, UnitPointer } from "./part-sink.ts";
import { encodeBlock, ordinalKey, type BlockFacts } from "./series-entry.ts";
import type { StoredValue } from "./value-store.ts";

const PAGE_SIZE = 32 * 1024;

interface TableBlock {
  readonly facts: BlockFacts;
  readonly stored: StoredValue;
  readonly timestamps: UnitPointer;
}

interface WaitingSeries {
  readonly key: Uint8Array;
  readonly blocks: TableBlock[];
}

export class SeriesTableWriter {
  readonly #tree: PageTreeWriter;
  readonly #page = new PageBuilder();
  readonly #entry = new ByteWriter(4096);
  /** Series from the first one on whose blocks lie in a group that is open. */
  #waiting: WaitingSeries[] = [];
  #waitingBlockCount = 0;
  /** The series whose blocks come in. */
  #current: WaitingSeries | null = null;
  /** Entries in pages. */
  #entryCount = 0;

  constructor(sink: PartSink) {
    this.#tree = new PageTreeWriter(sink);
  }

  /** @param key borrowed */
  start(key: Uint8Array): void {
    assert(this.#current === null, "a series ends before the next one starts");
    this.#current = { key: key.slice(), blocks: [] };
  }

  add(block: TableBlock): void {
    assert(this.#current, "a block belongs to a series");
    this.#current.blocks.push(block);
  }

  end(): void {
    const series = this.#current;
    assert(series && series.blocks.length > 0, "a series has blocks");
    this.#current = null;
    this.#waiting.push(series);
    this.#waitingBlockCount += series.blocks.length;
    this.settle();
  }

  /** Blocks of series that wait for a group to be closed. */
  get waitingBlockCount(): number {
    return this.#waitingBlockCount;
  }

  /** Writes what is left. All groups are closed. */
  flush(): void {
    this.settle();
    assert(this.#waiting.length === 0, "all blocks have their places");
    this.#flushPage();
  }

  finish(): TreeRoot {
    return this.#tree.finish();
  }

  /** Puts the series into pages that wait no more. */
  settle(): void {
    let settledCount = 0;
    for (const series of this.#waiting) {
      if (!isSettled(series)) break;
      settledCount += 1;
      this.#waitingBlockCount -= series.blocks.length;
      this.#addEntry(series);
    }
    this.#waiting = settledCount === this.#waiting.length ? [] : this.#waiting.slice(settledCount);
  }

  #addEntry({ key, blocks }: WaitingSeries): void {
    const entry = this.#entry;
    entry.clear();
    entry.sized(key);
    entry.varint(blocks.length);
    for (const { facts, stored, timestamps } of blocks) {
      assert(stored.place, "a block that is told has its place");
      encodeBlock(entry, facts, stored.place, timestamps);
    }
    this.#page.add(entry.bytes());
    this.#entryCount += 1;
    if (this.#page.size >= PAGE_SIZE) this.#flushPage();
  }

  #flushPage(): void {
    const { count } = this.#page;
    if (count === 0) return;
    this.#tree.addLeaf(ordinalKey(this.#entryCount - count), this.#page.finish());
  }
}

function isSettled({ blocks }: WaitingSeries): boolean {
  return blocks.every(({ stored }) => stored.place !== null);
}
