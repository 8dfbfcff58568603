/**
 * Lists of series that were seen before. A dashboard or a rule asks for the same series every few seconds, and gets the same
 * keys in the same order: then their label keys, their order, and what was worked out of them are at hand, and a query
 * of a thousand series does nothing per series with labels. Known is known by bytes, never by a hash.
 *
 * One per thread, bounded by the bytes of the keys.
 */
import type { KeySection, SeriesBatch } from "@tideline/model";
import { labelKeyOf } from "./label-key.ts";
import { inLabelOrder } from "./label-order.ts";

/** The label keys of a batch, in its order. */
export interface LabelList {
  readonly labels: readonly string[];
  /** Grows with each list that is kept; 0: this one is not. */
  readonly number: number;
}

/** Lists put together: each label set once, in the order of labels. */
export interface Arrangement {
  /** The same array whenever the same kept lists are put together. */
  readonly labels: readonly string[];
  /** The first piece of each label set, as an index into all pieces of the lists, one list after the other. */
  readonly firstPiece: Int32Array;
  /** For each piece the next one of the same label set, or -1. */
  readonly nextPiece: Int32Array;
}

interface KeptList extends LabelList {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

interface KeptArrangement {
  /** Of the lists, which are never used again. */
  readonly numbers: string;
  readonly pieceCount: number;
  readonly made: Arrangement;
}

/** Bytes of keys that are kept: 20,000 series with eight labels. Their texts take as much again, order and groups a fifth. */
const KEPT_SIZE_MAX = 4 * 1024 * 1024;
/** Arrangements are kept of one piece per so many bytes of keys. */
const PIECE_SIZE = 64;
/** Shorter sections are as quickly read as found. */
const SECTION_SIZE_MIN = 4 * 1024;
/** What is worked out of one array of labels: groupings by that many lists of names. */
const FACTS_MAX = 16;

export class KnownLists {
  readonly #sizeMax: number;
  /** Most recent last, these and those. */
  readonly #lists: KeptList[] = [];
  /** Where a section is the same object, it is the same list. */
  readonly #bySection = new WeakMap<KeySection, KeptList>();
  #size = 0;
  readonly #arrangements: KeptArrangement[] = [];
  #pieceCount = 0;
  #lastNumber = 0;
  readonly #facts = new WeakMap<readonly string[], Map<string, unknown>>();

  /** @param sizeMax bytes of keys that are kept */
  constructor(sizeMax = KEPT_SIZE_MAX) {
    this.#sizeMax = sizeMax;
  }

  /** The label keys of a batch. */
  listOf(batch: SeriesBatch): LabelList {
    const section = batch.keySection;
    const size = section?.bytes.length ?? 0;
    if (!section || size < SECTION_SIZE_MIN || size > this.#sizeMax / 4)
      return { labels: Array.from(batch, ({ key }) => labelKeyOf(key)), number: 0 };
    return this.#find(section) ?? this.#keep(section, batch);
  }

  /** Puts lists together. @returns pieces are numbered over `lists` as they are given */
  arrange(lists: readonly LabelList[]): Arrangement {
    if (lists.length === 0 || lists.some(({ number }) => number === 0)) return arranged(lists);
    const numbers = lists.map(({ number }) => number).join();
    const at = this.#arrangements.findLastIndex((one) => one.numbers === numbers);
    if (at >= 0) return asMostRecent(this.#arrangements, at).made;
    const made = arranged(lists);
    this.#facts.set(made.labels, new Map());
    const pieceCount = made.nextPiece.length;
    this.#arrangements.push({ numbers, pieceCount, made });
    this.#pieceCount += pieceCount;
    while (this.#pieceCount > this.#sizeMax / PIECE_SIZE)
      this.#pieceCount -= (this.#arrangements.shift() as KeptArrangement).pieceCount;
    return made;
  }

  /**
   * What `make` works out of labels; remembered where they are an arrangement's, or were worked out of one.
   *
   * @param what names the fact, and all else that it depends on
   * @returns shared: not to be changed
   */
  fact<T>(labels: readonly string[], what: string, make: () => T): T {
    const facts = this.#facts.get(labels);
    if (!facts) return make();
    if (facts.has(what)) return facts.get(what) as T;
    const made = make();
    if (facts.size >= FACTS_MAX) facts.clear();
    facts.set(what, made);
    return made;
  }

  /** As `fact`, of labels that facts can be worked out of in turn. */
  derived(
    labels: readonly string[],
    what: string,
    make: () => readonly string[] | null,
  ): readonly string[] | null {
    return this.fact(labels, what, () => {
      const made = make();
      if (made && this.#facts.has(labels)) this.#facts.set(made, new Map());
      return made;
    });
  }

  #find(section: KeySection): KeptList | null {
    const { bytes, ends } = section;
    const same = this.#bySection.get(section);
    for (let i = this.#lists.length - 1; i >= 0; i -= 1) {
      const list = this.#lists[i] as KeptList;
      if (list === same) return asMostRecent(this.#lists, i);
      if (same || list.bytes.length !== bytes.length || list.ends.length !== ends.length) continue;
      if (!list.bytes.equals(bytes) || !bytesOf(list.ends).equals(bytesOf(ends))) continue;
      this.#bySection.set(section, list);
      return asMostRecent(this.#lists, i);
    }
    return null;
  }

  #keep({ bytes, ends }: KeySection, batch: SeriesBatch): KeptList {
    const list: KeptList = {
      labels: Array.from(batch, ({ key }) => labelKeyOf(key)),
      number: (this.#lastNumber += 1),
      bytes: Buffer.from(bytes),
      ends,
    };
    this.#lists.push(list);
    this.#size += bytes.length;
    while (this.#size > this.#sizeMax) this.#size -= (this.#lists.shift() as KeptList).bytes.length;
    return list;
  }
}

/** Those of this thread. */
export const knownLists = new KnownLists();

/** Moves an entry to the end. */
function asMostRecent<T>(entries: T[], at: number): T {
  const [entry] = entries.splice(at, 1) as [T];
  entries.push(entry);
  return entry;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function arranged(lists: readonly LabelList[]): Arrangement {
  const pieceCount = lists.reduce((sum, { labels }) => sum + labels.length, 0);
  const firstOf = new Map<string, number>();
  const lastPiece = new Int32Array(pieceCount);
  const nextPiece = new Int32Array(pieceCount).fill(-1);
  let piece = 0;
  for (const { labels } of lists) {
    for (const key of labels) {
      const first = firstOf.get(key);
      if (first === undefined) firstOf.set(key, piece);
      else nextPiece[lastPiece[first] as number] = piece;
      lastPiece[first ?? piece] = piece;
      piece += 1;
    }
  }
  const labels = inLabelOrder([...firstOf.keys()]);
  return {
    labels,
    firstPiece: Int32Array.from(labels, (key) => firstOf.get(key) as number),
    nextPiece,
  };
}
