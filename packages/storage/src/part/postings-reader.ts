/** The postings of a part: which series have a label, which names and values there are. */
import { ByteReader } from "@tideline/common";
import type { Tenant } from "@tideline/model";
import type { LabelSeries, Ordinals } from "../index/label-index.ts";
import { firstAtOrAfter, type Leaf, type PageTree } from "./page-tree.ts";
import {
  keyAfterPrefix,
  postingKey,
  postingPrefix,
  splitPostingKey,
  startsWith,
  tenantPrefix,
} from "./posting-key.ts";
import { decodePostings } from "./posting-set.ts";
import { SET_INLINE } from "./postings-builder.ts";
import type { UnitReader } from "./unit-reader.ts";

const NO_ORDINALS: Ordinals = new Uint32Array(0);
const NO_BYTES = new Uint8Array(0);

/** A place in the tree: an entry of a leaf. */
interface Place {
  readonly leaf: Leaf;
  readonly index: number;
}

export class PostingsReader {
  readonly #units: UnitReader;
  readonly #tree: PageTree;
  /** Of the postings section, to name the place of damage. */
  readonly #offset: number;
  readonly #seriesCount: number;

  constructor(units: UnitReader, tree: PageTree, offset: number, seriesCount: number) {
    this.#units = units;
    this.#tree = tree;
    this.#offset = offset;
    this.#seriesCount = seriesCount;
  }

  /** The series of a label; those of the tenant when the name and the value are empty. */
  ordinals(tenant: Tenant, name: string, value: string): Ordinals {
    const key = postingKey(tenant, Buffer.from(name), Buffer.from(value));
    const place = this.#seek(key);
    if (!place) return NO_ORDINALS;
    return this.#units.decode(place.leaf.offset, () => {
      const reader = this.#entry(place);
      return Buffer.compare(reader.sized(), key) === 0 ? this.#set(reader) : NO_ORDINALS;
    });
  }

  tenants(): Tenant[] {
    const tenants: Tenant[] = [];
    let key: Uint8Array | null = NO_BYTES;
    while (key) {
      const found = this.#keyAt(this.#seek(key));
      if (!found) break;
      const { tenant } = splitPostingKey(found);
      tenants.push(tenant);
      key = keyAfterPrefix(tenantPrefix(tenant));
    }
    return tenants;
  }

  *names(tenant: Tenant): Iterable<string> {
    let key = keyAfterPrefix(postingPrefix(tenant, NO_BYTES));
    while (key) {
      const found = this.#keyAt(this.#seek(key));
      if (!found || !startsWith(found, tenantPrefix(tenant))) return;
      const { name } = splitPostingKey(found);
      yield Buffer.from(name).toString();
      key = keyAfterPrefix(postingPrefix(tenant, name));
    }
  }

  *values(tenant: Tenant, name: string): Iterable<string> {
    const prefix = postingPrefix(tenant, Buffer.from(name));
    let place = this.#seek(prefix);
    while (place) {
      const page = this.#units.page(place.leaf);
      for (let index = place.index; index < page.count; index += 1) {
        const found = this.#keyOf({ leaf: place.leaf, index });
        if (!startsWith(found, prefix)) return;
        yield Buffer.from(found.subarray(prefix.length)).toString();
      }
      place = this.#firstAfter(place.leaf);
    }
  }

  /** Values of a label, ascending, with their series. */
  *series(tenant: Tenant, name: string): Iterable<LabelSeries> {
    const prefix = postingPrefix(tenant, Buffer.from(name));
    let place = this.#seek(prefix);
    while (place) {
      const { leaf } = place;
      const page = this.#units.page(leaf);
      for (let index = place.index; index < page.count; index += 1) {
        const found = this.#units.decode(leaf.offset, () => {
          const reader = new ByteReader(page.entry(index));
          const key = reader.sized();
          if (!startsWith(key, prefix)) return null;
          return { value: key.subarray(prefix.length), series: this.#set(reader) };
        });
        if (found === null) return;
        yield found;
      }
      place = this.#firstAfter(leaf);
    }
  }

  /** The first entry at or after `key`. */
  #seek(key: Uint8Array): Place | null {
    const leaf = this.#units.decode(this.#offset, () => this.#tree.leafAt(key));
    const page = this.#units.page(leaf);
    const index = this.#units.decode(leaf.offset, () => firstAtOrAfter(page, key));
    return index < page.count ? { leaf, index } : this.#firstAfter(leaf);
  }

  #firstAfter({ firstKey }: Leaf): Place | null {
    const leaf = this.#units.decode(this.#offset, () => this.#tree.leafAfter(firstKey));
    return leaf && { leaf, index: 0 };
  }

  #entry({ leaf, index }: Place): ByteReader {
    return new ByteReader(this.#units.page(leaf).entry(index));
  }

  #keyOf(place: Place): Uint8Array {
    return this.#units.decode(place.leaf.offset, () => this.#entry(place).sized());
  }

  #keyAt(place: Place | null): Uint8Array | null {
    return place && this.#keyOf(place);
  }

  #set(reader: ByteReader): Ordinals {
    if (reader.u8() === SET_INLINE) return decodePostings(reader, this.#seriesCount);
    const pointer = { offset: reader.varint(), size: reader.varint() };
    const set = new ByteReader(this.#units.payload(pointer));
    return decodePostings(set, this.#seriesCount);
  }
}
