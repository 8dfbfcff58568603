/** Rows that were worked out where the data lives, put into the order of labels. */
import { CorruptionError, type BatchRows, type SeriesBatch } from "@tideline/model";
import type { LeafRows } from "./leaf-rows.ts";
import type { FoundSeries } from "./series-reader.ts";

/** Rows between two looks at the clock. */
const ROWS_AT_ONCE = 4096;

/** Whether a series of which there is a row has samples elsewhere, too: then it takes the blocks of all to make the right one. */
export function isSplit({ batches, firstPiece, nextPiece }: FoundSeries): boolean {
  if (firstPiece.length === nextPiece.length || !batches.some(({ rows }) => rows)) return false;
  const hasRow = new Uint8Array(nextPiece.length);
  forEachPlace(batches, (_, place, length) => hasRow.fill(1, place, place + length));
  return firstPiece.some((first) => {
    if ((nextPiece[first] as number) < 0) return false;
    for (let piece = first; piece >= 0; piece = nextPiece[piece] as number)
      if (hasRow[piece] === 1) return true;
    return false;
  });
}

export class GivenRows {
  readonly #firstPiece: Int32Array;
  readonly #rows: LeafRows;
  readonly #stepCount: number;
  /** By piece. */
  readonly #isGiven: Uint8Array;
  readonly #values: Float64Array;
  readonly #presence: Uint8Array;

  /**
   * @returns null where there are none
   * @throws {ExecutionError} they were made of more samples than a limit allows; {CorruptionError} they are of another grid
   */
  static of(found: FoundSeries, stepCount: number, rows: LeafRows): GivenRows | null {
    return found.batches.some((batch) => batch.rows) ? new GivenRows(found, stepCount, rows) : null;
  }

  private constructor(found: FoundSeries, stepCount: number, rows: LeafRows) {
    const pieceCount = found.nextPiece.length;
    this.#firstPiece = found.firstPiece;
    this.#rows = rows;
    this.#stepCount = stepCount;
    this.#isGiven = new Uint8Array(pieceCount);
    this.#values = new Float64Array(pieceCount * stepCount);
    this.#presence = new Uint8Array(pieceCount * stepCount);
    forEachPlace(found.batches, (given, place, length) => {
      if (given.stepCount !== stepCount)
        throw new CorruptionError(
          "TIDELINE_LEAF_ROWS",
          `Cannot read rows of ${given.stepCount} steps where ${stepCount} were asked for`,
        );
      this.#isGiven.fill(1, place, place + length);
      this.#values.set(given.values, place * stepCount);
      this.#presence.set(given.presence, place * stepCount);
      rows.count(given.seriesSampleCountMax, given.sampleCount);
    });
  }

  /** Fills rows from `row` on as long as they are given. @returns the first one that is left */
  fill(row: number): number {
    const end = Math.min(row + ROWS_AT_ONCE, this.#firstPiece.length);
    let next = row;
    while (next < end && this.#isGiven[this.#firstPiece[next] as number] === 1) {
      this.#fillOne(next);
      next += 1;
    }
    return next;
  }

  #fillOne(row: number): void {
    const stepCount = this.#stepCount;
    const from = (this.#firstPiece[row] as number) * stepCount;
    const { values, presence, start } = this.#rows.target;
    for (let step = 0; step < stepCount; step += 1) {
      values[start + step] = this.#values[from + step] as number;
      presence[start + step] = this.#presence[from + step] as number;
    }
    this.#rows.endRow(row);
  }
}

/** Tells of each batch with rows at which piece it begins. */
function forEachPlace(
  batches: readonly SeriesBatch[],
  tell: (rows: BatchRows, place: number, length: number) => void,
): void {
  let place = 0;
  for (const { rows, length } of batches) {
    if (rows) tell(rows, place, length);
    place += length;
  }
}
