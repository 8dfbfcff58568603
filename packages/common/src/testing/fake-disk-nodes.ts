/** What FakeDisk is made of: files and folders that know what of them is on the platter. */
import type { Random } from "./random.ts";

/** A sync under way: what was written when it began. */
export interface BegunSync {
  readonly image: Uint8Array;
  readonly number: number;
}

/** A file: what a reader sees now, and what a power cut would leave. */
export class FakeFileNode {
  readonly kind = "file";
  #bytes: Uint8Array<ArrayBuffer>;
  #size: number;
  /** Synced content: a view that nobody writes into any more. */
  #durable: Uint8Array;
  /** Ranges whose sync failed: later syncs report success without them, as kernels do. */
  #lost: { start: number; end: number }[] = [];
  #begunCount = 0;
  #endedNumber = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = new Uint8Array(bytes);
    this.#size = bytes.length;
    this.#durable = this.#bytes;
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  append(bytes: Uint8Array): void {
    const end = this.#size + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2, 256));
      grown.set(this.content);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#size);
    this.#size = end;
  }

  truncate(size: number): void {
    // A new buffer: the old one may be what is on the platter.
    const bytes = new Uint8Array(size);
    bytes.set(this.content.subarray(0, size));
    this.#bytes = bytes;
    this.#size = size;
    this.#lost = this.#lost
      .map(({ start, end }) => ({ start, end: Math.min(end, size) }))
      .filter(({ start, end }) => start < end);
  }

  beginSync(): BegunSync {
    this.#begunCount += 1;
    return { image: this.content, number: this.#begunCount };
  }

  /** Ends a sync: what was written since it began is not part of it. */
  sync({ image, number } = this.beginSync()): void {
    // One that began later has ended before.
    if (number < this.#endedNumber) return;
    this.#endedNumber = number;
    let durable = image;
    if (this.#lost.length > 0) {
      durable = durable.slice();
      for (const { start, end } of this.#lost) durable.fill(0, start, end);
    }
    this.#durable = durable;
  }

  failSync(): void {
    const start = Math.min(this.#durable.length, this.#size);
    if (start < this.#size) this.#lost.push({ start, end: this.#size });
  }

  flipBit(bitIndex: number): void {
    const bytes = this.content.slice();
    const at = bitIndex >>> 3;
    bytes[at] = (bytes[at] as number) ^ (1 << (bitIndex & 7));
    this.#bytes = bytes;
    this.#durable = bytes;
  }

  /** What a power cut leaves: all that was synced, and of the rest some sectors, a prefix, zeros, or nothing. */
  afterPowerCut(random: Random): FakeFileNode {
    const now = this.content;
    const base = this.#durable;
    if (random.chance(0.2)) return new FakeFileNode(base);
    const left = new Uint8Array(Math.max(base.length, now.length));
    left.set(base);
    const isTorn = random.chance(0.5);
    const keptEnd = base.length + random.below(Math.max(0, now.length - base.length) + 1);
    for (let start = base.length; start < now.length; start = start - (start % 512) + 512) {
      const end = Math.min(start - (start % 512) + 512, now.length);
      if (isTorn ? random.chance(0.5) : end <= keptEnd) left.set(now.subarray(start, end), start);
    }
    for (const { start, end } of this.#lost) left.fill(0, start, end);
    return new FakeFileNode(
      left.subarray(0, isTorn ? left.length : Math.max(base.length, keptEnd)),
    );
  }
}

/** A folder: its names now, and the names that a power cut would leave. */
export class FakeFolderNode {
  readonly kind = "folder";
  readonly names: Map<string, FakeNode>;
  readonly durableNames: Map<string, FakeNode>;

  constructor(names = new Map<string, FakeNode>()) {
    this.names = names;
    this.durableNames = new Map(names);
  }
}

export type FakeNode = FakeFileNode | FakeFolderNode;

/** One name that comes or goes; the edits of one operation last together or not at all. */
export interface NameEdit {
  readonly folder: FakeFolderNode;
  readonly name: string;
  /** null: the name goes. */
  readonly node: FakeNode | null;
}

export function applyEdits(
  edits: readonly NameEdit[],
  namesOf: (folder: FakeFolderNode) => Map<string, FakeNode>,
): void {
  for (const { folder, name, node } of edits) {
    if (node === null) namesOf(folder).delete(name);
    else namesOf(folder).set(name, node);
  }
}
