/**
 * A sorted tree of pages: leaves of any content, and directories that tell the first key of each page below.
 * Only the way to a leaf is read, so that opening a part costs nothing, however large it is.
 * Format: docs/formats/part.md#page-trees.
 */
import { assert, ByteReader, ByteWriter } from "@tideline/common";
import { PageBuilder, type Page } from "./page.ts";
import type { PartSink, UnitPointer } from "./part-sink.ts";

/** Directory pages have about this size before compression. */
const DIRECTORY_SIZE = 16 * 1024;
/** A tree of any size has fewer levels; past it a height is a lie. */
const HEIGHT_MAX = 16;

/** The root of a tree, kept in the meta bytes of its section. `height` counts directory levels, at least 1. */
export interface TreeRoot extends UnitPointer {
  readonly height: number;
}

export function encodeTreeRoot(root: TreeRoot): Uint8Array {
  const writer = new ByteWriter(24);
  writer.u64(root.offset);
  writer.u32(root.size);
  writer.u8(root.height);
  return writer.copy();
}

/** @throws {RangeError} */
export function decodeTreeRoot(meta: Uint8Array): TreeRoot {
  const reader = new ByteReader(meta);
  const root = { offset: reader.u64(), size: reader.u32(), height: reader.u8() };
  if (root.height < 1 || root.height > HEIGHT_MAX)
    throw new RangeError(`a tree of height ${root.height}`);
  return root;
}

interface Child extends UnitPointer {
  readonly key: Uint8Array;
}

export class PageTreeWriter {
  readonly #sink: PartSink;
  #children: Child[] = [];

  constructor(sink: PartSink) {
    this.#sink = sink;
  }

  /** Adds a leaf; keys ascend. @param firstKey owned by the tree from now on */
  addLeaf(firstKey: Uint8Array, payload: Uint8Array): void {
    this.#children.push({ key: firstKey, ...this.#sink.appendUnit(payload) });
  }

  /** Writes the directories, leaves' parents first. At least one leaf was added. */
  finish(): TreeRoot {
    assert(this.#children.length > 0, "a tree has leaves");
    for (let height = 1; ; height += 1) {
      this.#children = this.#writeLevel(this.#children);
      const [root] = this.#children;
      if (root && this.#children.length === 1)
        return { offset: root.offset, size: root.size, height };
    }
  }

  #writeLevel(children: readonly Child[]): Child[] {
    const parents: Child[] = [];
    const page = new PageBuilder();
    const entry = new ByteWriter(64);
    let firstKey: Uint8Array | null = null;
    const flush = (): void => {
      if (firstKey) parents.push({ key: firstKey, ...this.#sink.appendUnit(page.finish()) });
      firstKey = null;
    };
    for (const child of children) {
      firstKey ??= child.key;
      entry.clear();
      entry.sized(child.key);
      entry.varint(child.offset);
      entry.varint(child.size);
      page.add(entry.bytes());
      // Two children at least, so that levels shrink whatever the size of keys.
      if (page.size >= DIRECTORY_SIZE && page.count > 1) flush();
    }
    flush();
    return parents;
  }
}

/** A leaf as its directory tells it. */
export interface Leaf extends UnitPointer {
  readonly firstKey: Uint8Array;
}

/** Reads pages by their pointers; checks and caches. */
export type ReadPage = (pointer: UnitPointer) => Page;

export class PageTree {
  readonly #root: TreeRoot;
  readonly #readPage: ReadPage;

  constructor(root: TreeRoot, readPage: ReadPage) {
    this.#root = root;
    this.#readPage = readPage;
  }

  /** The leaf that holds `key` if any does: the last one that begins at or before it, else the first one. */
  leafAt(key: Uint8Array): Leaf {
    let pointer: UnitPointer = this.#root;
    for (let level = this.#root.height; ; level -= 1) {
      const page = this.#readPage(pointer);
      const child = childOf(page, lastAtOrBefore(page, key));
      if (level === 1) return child;
      pointer = child;
    }
  }

  /** The first leaf that begins after `key`; null when there is none. */
  leafAfter(key: Uint8Array): Leaf | null {
    return this.#leafAfter(this.#root, this.#root.height, key);
  }

  #leafAfter(pointer: UnitPointer, level: number, key: Uint8Array): Leaf | null {
    const page = this.#readPage(pointer);
    for (let index = lastAtOrBefore(page, key); index < page.count; index += 1) {
      const child = childOf(page, index);
      if (level > 1) {
        const leaf = this.#leafAfter(child, level - 1, key);
        if (leaf) return leaf;
      } else if (Buffer.compare(child.firstKey, key) > 0) {
        return child;
      }
    }
    return null;
  }
}

function childOf(directory: Page, index: number): Leaf {
  if (index >= directory.count) throw new RangeError("an empty directory page");
  const reader = new ByteReader(directory.entry(index));
  return { firstKey: reader.sized(), offset: reader.varint(), size: reader.varint() };
}

/** Index of the last child that begins at or before `key`; 0 when all begin after it. */
function lastAtOrBefore(directory: Page, key: Uint8Array): number {
  return Math.max(0, firstAfter(directory, key) - 1);
}

/** Index of the first entry whose key is greater than `key`; entries start with a sized key. */
function firstAfter(page: Page, key: Uint8Array): number {
  let low = 0;
  let high = page.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (page.compareKey(middle, key) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the first entry whose key is at or after `key`. */
export function firstAtOrAfter(page: Page, key: Uint8Array): number {
  let low = 0;
  let high = page.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (page.compareKey(middle, key) >= 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
