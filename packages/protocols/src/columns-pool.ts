/**
 * Columns for rows in flight, used again: a batch's columns are lent to the sink until its promise
 * settles, so they cannot be the kernel's own.
 */

export interface Columns {
  readonly refs: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

const ROW_SIZE = 4 + 8 + 8;
const ROW_COUNT_MIN = 1_024;

export class ColumnsPool {
  readonly #idleSizeMax: number;
  /** Idle columns by capacity, a power of two. */
  readonly #idle = new Map<number, Columns[]>();
  #idleSize = 0;

  /** @param idleSizeMax bytes of columns that may wait for use; those given back beyond it are dropped */
  constructor(idleSizeMax: number) {
    this.#idleSizeMax = idleSizeMax;
  }

  /** Columns for at least `rowCount` rows; their content is whatever was there. */
  lend(rowCount: number): Columns {
    const capacity = Math.max(ROW_COUNT_MIN, 2 ** Math.ceil(Math.log2(Math.max(1, rowCount))));
    const idle = this.#idle.get(capacity)?.pop();
    if (idle) {
      this.#idleSize -= capacity * ROW_SIZE;
      return idle;
    }
    return {
      refs: new Uint32Array(capacity),
      timestampsMs: new Float64Array(capacity),
      values: new Float64Array(capacity),
    };
  }

  /** Takes columns back that `lend` gave out. */
  giveBack(columns: Columns): void {
    const capacity = columns.refs.length;
    const size = capacity * ROW_SIZE;
    if (this.#idleSize + size > this.#idleSizeMax) return;
    this.#idleSize += size;
    const idle = this.#idle.get(capacity);
    if (idle) idle.push(columns);
    else this.#idle.set(capacity, [columns]);
  }
}
