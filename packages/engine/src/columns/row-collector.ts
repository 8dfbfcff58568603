/** Collects the rows of a result by their labels, when it is not known beforehand how many there will be. */
import { sameLabelsError, withoutBlankRows, type Columns } from "./columns.ts";

export class RowCollector {
  readonly #stepCount: number;
  readonly #rowOf = new Map<string, number>();
  readonly #dropsName: number[] = [];
  values: Float64Array;
  presence: Uint8Array;

  readonly #checkRows: (rowCount: number) => void;

  /** @param checkRows asked before so many rows are allocated; throws when they are too many */
  constructor(stepCount: number, rowCountExpected: number, checkRows: (rowCount: number) => void) {
    checkRows(rowCountExpected);
    this.#checkRows = checkRows;
    this.#stepCount = stepCount;
    this.values = new Float64Array(rowCountExpected * stepCount);
    this.presence = new Uint8Array(rowCountExpected * stepCount);
  }

  /** Start of the row with these labels, in `values` and `presence`, which may be new arrays after it. */
  row(labels: string, dropsName = false): number {
    const known = this.#rowOf.get(labels);
    if (known !== undefined) {
      if (dropsName) this.#dropsName[known] = 1;
      return known * this.#stepCount;
    }
    const row = this.#rowOf.size;
    this.#rowOf.set(labels, row);
    this.#dropsName.push(dropsName ? 1 : 0);
    const size = (row + 1) * this.#stepCount;
    if (size > this.values.length) {
      this.#checkRows((row + 1) * 2);
      this.#grow(size * 2);
    }
    return row * this.#stepCount;
  }

  #grow(size: number): void {
    const values = new Float64Array(size);
    values.set(this.values);
    this.values = values;
    const presence = new Uint8Array(size);
    presence.set(this.presence);
    this.presence = presence;
  }

  /** Takes a sample. @throws {ExecutionError} when the row has one at that step already */
  put(at: number, value: number): void {
    if (this.presence[at] === 1) throw sameLabelsError();
    this.presence[at] = 1;
    this.values[at] = value;
  }

  /** Copies the samples of a row that `mask` lets through. @throws {ExecutionError} as put */
  copy(start: number, from: Columns, fromRow: number, mask: Uint8Array | null): void {
    const source = fromRow * from.stepCount;
    for (let step = 0; step < from.stepCount; step += 1) {
      if (from.presence[source + step] === 0 || mask?.[step] === 0) continue;
      const at = start + step;
      if (this.presence[at] === 1) throw sameLabelsError();
      this.presence[at] = 1;
      this.values[at] = from.values[source + step] as number;
    }
  }

  /**
   * Copies a row that `mask` lets through to the row with its labels. Of rows with equal labels the one with the first sample says
   * whether the name is dropped, as in Prometheus. @throws {ExecutionError} as put
   */
  add(from: Columns, fromRow: number, mask: Uint8Array | null): void {
    const labels = from.labels[fromRow] as string;
    const drops = from.dropsName?.[fromRow] === 1;
    const known = this.#rowOf.get(labels);
    if (known === undefined) {
      this.copy(this.row(labels, drops), from, fromRow, mask);
      return;
    }
    const start = known * this.#stepCount;
    const ours = this.presence.subarray(start, start + this.#stepCount);
    const source = fromRow * from.stepCount;
    const theirs = from.presence.subarray(source, source + from.stepCount);
    if (firstStep(theirs, mask) < firstStep(ours, null)) this.#dropsName[known] = drops ? 1 : 0;
    this.copy(start, from, fromRow, mask);
  }

  finish(): Columns {
    const size = this.#rowOf.size * this.#stepCount;
    return withoutBlankRows({
      stepCount: this.#stepCount,
      labels: [...this.#rowOf.keys()],
      dropsName: this.#dropsName.includes(1) ? Uint8Array.from(this.#dropsName) : null,
      values: this.values.subarray(0, size),
      presence: this.presence.subarray(0, size),
    });
  }
}

/** Of the steps that `mask` lets through the first with a sample; past the last step where there is none. */
function firstStep(presence: Uint8Array, mask: Uint8Array | null): number {
  let step = 0;
  while (step < presence.length && (presence[step] === 0 || mask?.[step] === 0)) step += 1;
  return step;
}
