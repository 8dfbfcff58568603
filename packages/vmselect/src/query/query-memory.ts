/**
 * Memory that all running queries share, counted over the threads that evaluate them: each worker has a cell in shared memory, which it
 * alone writes, and looks at the sum before it takes more. Two that look at once may pass the limit by what both take.
 */
import type { MemoryPool } from "@tideline/engine";
import { ExecutionError } from "@tideline/model";

/** Cells count in this unit, bytes: so 32 bits reach to 2 TiB. */
const UNIT_SIZE = 1024;

/** The cells of all workers, as the main thread sees them. */
export class QueryMemory {
  /** To be given to workers, with a cell's number. */
  readonly cells: SharedArrayBuffer;
  readonly sizeMax: number;
  readonly #words: Int32Array;
  readonly #freeCells: number[];

  /** @param sizeMax in bytes */
  constructor(workerCount: number, sizeMax: number) {
    this.cells = new SharedArrayBuffer(workerCount * Int32Array.BYTES_PER_ELEMENT);
    this.#words = new Int32Array(this.cells);
    this.#freeCells = [...this.#words.keys()];
    this.sizeMax = sizeMax;
  }

  /** Bytes. */
  get usedSize(): number {
    return sumOf(this.#words) * UNIT_SIZE;
  }

  /** A cell for a worker that starts. */
  takeCell(): number {
    const cell = this.#freeCells.pop();
    if (cell === undefined) throw new RangeError("there is a cell for each worker");
    return cell;
  }

  /** The worker is gone, and what it held with it. */
  freeCell(cell: number): void {
    Atomics.store(this.#words, cell, 0);
    this.#freeCells.push(cell);
  }
}

/** What a worker is started with. */
export interface QueryMemoryShare {
  readonly cells: SharedArrayBuffer;
  readonly cell: number;
  /** Of all workers together, in bytes. */
  readonly sizeMax: number;
}

/** @returns what the queries of one worker take their memory from */
export function memoryPoolOf({ cells, cell, sizeMax }: QueryMemoryShare): MemoryPool {
  const words = new Int32Array(cells);
  let heldSize = 0;
  const hold = (size: number): void => {
    heldSize += size;
    Atomics.store(words, cell, Math.ceil(heldSize / UNIT_SIZE));
  };
  return {
    hold(size) {
      hold(size);
      const usedSize = sumOf(words) * UNIT_SIZE;
      if (usedSize <= sizeMax) return;
      hold(-size);
      throw new ExecutionError(
        "TIDELINE_QUERIES_MEMORY",
        `not enough memory for processing the query, which wants ${size} bytes more; total available memory for concurrent requests: ${sizeMax} bytes, of which ${usedSize - size} are in use; possible solutions: reduce the number of series that the query selects; reduce its time range; increase its step; run fewer queries at a time (-search.maxConcurrentRequests); give more memory (-memory.allowedBytes)`,
      );
    },
    release(size) {
      hold(-size);
    },
  };
}

function sumOf(words: Int32Array): number {
  let sum = 0;
  for (let cell = 0; cell < words.length; cell += 1) sum += Atomics.load(words, cell);
  return sum;
}
