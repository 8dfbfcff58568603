/** A series table of arrays, as a decoder would keep it, and batches of rows over it. */
import { IDENTITY_SIZE, identityOf, type RowBatch, type SeriesTable } from "@tideline/model";

export class FakeSeriesTable implements SeriesTable {
  epoch = 0;
  #keys: Uint8Array[] = [];
  #refs = new Map<string, number>();
  #identities = new Uint8Array(16 * IDENTITY_SIZE);

  get refCount(): number {
    return this.#keys.length;
  }

  get identities(): Uint8Array {
    return this.#identities;
  }

  keyOf(ref: number): Uint8Array {
    const key = this.#keys[ref];
    if (!key) throw new Error(`no series ${ref}`);
    return key;
  }

  /** The ref of a canonical key; given out when it is new. */
  refOf(key: Uint8Array): number {
    const name = Buffer.from(key).toString("latin1");
    const known = this.#refs.get(name);
    if (known !== undefined) return known;
    const ref = this.#keys.length;
    this.#refs.set(name, ref);
    this.#keys.push(key);
    if (this.#identities.length < (ref + 1) * IDENTITY_SIZE) {
      const grown = new Uint8Array(this.#identities.length * 2);
      grown.set(this.#identities);
      this.#identities = grown;
    }
    this.#identities.set(identityOf(key), ref * IDENTITY_SIZE);
    return ref;
  }

  /** As a table does that hit its budget: all refs are given out anew. */
  renew(): void {
    this.epoch += 1;
    this.#keys = [];
    this.#refs = new Map();
    this.#identities = new Uint8Array(16 * IDENTITY_SIZE);
  }
}

/** A batch of the given rows, whose values are 0, 1, 2, … */
export function rowBatch(
  series: SeriesTable,
  rows: readonly { readonly ref: number; readonly timeMs: number }[],
): RowBatch {
  return {
    series,
    rowCount: rows.length,
    refs: Uint32Array.from(rows, ({ ref }) => ref),
    timestampsMs: Float64Array.from(rows, ({ timeMs }) => timeMs),
    values: Float64Array.from(rows, (_, i) => i),
  };
}
