/**
 * Arithmetic and comparison between two vectors, with on/ignoring, group_left/group_right and fill modifiers.
 *
 * One side is the "one": at each step a match group may have at most one of its samples. The other is the "many"
 * (in one-to-one, also at most one). All rules hold per step, as in Prometheus; the work goes row by row.
 */
import { must } from "@tideline/common";
import { ExecutionError, METRIC_NAME } from "@tideline/model";
import type { VectorMatching } from "@tideline/promql";
import type { Columns, NameRemoval } from "../columns/columns.ts";
import {
  bytesText,
  dropLabels,
  keepLabels,
  labelSetText,
  labelValue,
  withLabel,
  withoutMetadata,
} from "../labels/label-key.ts";
import { matchGroups, presenceOfAny, type MatchGroup } from "./match-groups.ts";
import { RowCollector } from "../columns/row-collector.ts";
import type { NumberOperator } from "./scalar-operators.ts";

export interface VectorOperation {
  readonly operator: NumberOperator;
  readonly matching: VectorMatching;
  readonly returnBool: boolean;
  readonly removal: NameRemoval;
  /** Asked before the result grows. @throws {ExecutionError} */
  readonly checkRows: (rowCount: number) => void;
}

/** @throws {ExecutionError} where the sides do not match as the modifiers promise */
export function combineVectors(left: Columns, right: Columns, operation: VectorOperation): Columns {
  return new VectorMatcher(left, right, operation).combine();
}

class VectorMatcher {
  readonly #operation: VectorOperation;
  readonly #many: Columns;
  readonly #one: Columns;
  readonly #isSwapped: boolean;
  /** Steps at which nothing can match, so that nothing can be wrong either. */
  readonly #activeSteps: Uint8Array;
  readonly #rows: RowCollector;
  readonly #fillMany: number | null;
  readonly #fillOne: number | null;
  readonly #matchNames: ReadonlySet<string>;

  constructor(left: Columns, right: Columns, operation: VectorOperation) {
    const { matching } = operation;
    this.#operation = operation;
    this.#isSwapped = matching.cardinality === "one-to-many";
    this.#many = this.#isSwapped ? right : left;
    this.#one = this.#isSwapped ? left : right;
    // As Prometheus has it (fill-modifier.test): under group_right, fill_left stands for the "many" side as well.
    this.#fillMany = matching.fillLeft;
    this.#fillOne = matching.fillRight;
    this.#activeSteps = activeSteps(left, right, matching);
    this.#rows = new RowCollector(left.stepCount, this.#many.labels.length, operation.checkRows);
    this.#matchNames = new Set(matching.labels.map(bytesText));
  }

  combine(): Columns {
    for (const group of matchGroups(this.#many, this.#one, this.#operation.matching)) {
      const canFill = this.#fillMany !== null || this.#fillOne !== null;
      if (!canFill && (group.left.length === 0 || group.right.length === 0)) {
        // The "one" side is checked even where nothing matches it.
        if (group.right.length > 1) this.#oneRows(group);
        continue;
      }
      this.#combineGroup(group);
    }
    return this.#rows.finish();
  }

  #combineGroup(group: MatchGroup): void {
    const oneRows = this.#oneRows(group);
    this.#checkMany(group, oneRows);
    // With a fill, a result may come to the same labels by a match and by a fill: one row takes both.
    for (const row of group.left) this.#combineRow(group, row, oneRows);
    if (this.#fillMany === null) return;
    const matched = presenceOfAny(this.#many, group.left);
    for (const one of group.right) this.#fillFor(group, one, matched);
  }

  /** The row of the "one" side at each step, -1 for none. @throws {ExecutionError} where there are two */
  #oneRows(group: MatchGroup): Int32Array {
    const one = this.#one;
    const rows = new Int32Array(one.stepCount).fill(-1);
    for (const row of group.right) {
      const start = row * one.stepCount;
      for (let step = 0; step < one.stepCount; step += 1) {
        if (one.presence[start + step] === 0 || this.#activeSteps[step] === 0) continue;
        if (rows[step] !== -1) throw this.#duplicateError(group, row, rows[step] as number);
        rows[step] = row;
      }
    }
    return rows;
  }

  /** One-to-one allows one sample of the other side, too, where there is a match. */
  #checkMany(group: MatchGroup, oneRows: Int32Array): void {
    const isOneToOne = this.#operation.matching.cardinality === "one-to-one";
    if (!isOneToOne || group.left.length < 2) return;
    const { stepCount, presence } = this.#many;
    for (let step = 0; step < stepCount; step += 1) {
      if (oneRows[step] === -1 && this.#fillOne === null) continue;
      let count = 0;
      for (const row of group.left) count += presence[row * stepCount + step] as number;
      if (count > 1 && this.#activeSteps[step] === 1) {
        throw matchError(
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        );
      }
    }
  }

  #combineRow(group: MatchGroup, row: number, oneRows: Int32Array): void {
    const many = this.#many;
    const one = this.#one;
    const start = row * many.stepCount;
    const key = many.labels[row] as string;
    // Result rows by the row of the "one" side, which seldom changes; -1 is the fill.
    let targetOf = -2;
    let target = 0;
    for (let step = 0; step < many.stepCount; step += 1) {
      if (many.presence[start + step] === 0 || this.#activeSteps[step] === 0) continue;
      const oneRow = oneRows[step] as number;
      if (oneRow === -1 && this.#fillOne === null) continue;
      if (targetOf !== oneRow) {
        const oneKey = oneRow === -1 ? group.labels : must(one.labels[oneRow], "a row has labels");
        target = this.#resultRow(key, oneKey);
        targetOf = oneRow;
      }
      const other =
        oneRow === -1
          ? (this.#fillOne as number)
          : (one.values[oneRow * one.stepCount + step] as number);
      this.#put(target + step, many.values[start + step] as number, other);
    }
  }

  /** Samples of the "one" side that nothing matched, against the fill value of the other. */
  #fillFor(group: MatchGroup, oneRow: number, matched: Uint8Array): void {
    const one = this.#one;
    const start = oneRow * one.stepCount;
    let target = -1;
    for (let step = 0; step < one.stepCount; step += 1) {
      if (one.presence[start + step] === 0 || matched[step] === 1) continue;
      if (target < 0) target = this.#resultRow(group.labels, one.labels[oneRow] as string);
      this.#put(target + step, this.#fillMany as number, one.values[start + step] as number);
    }
  }

  #put(at: number, many: number, one: number): void {
    const { operator, returnBool } = this.#operation;
    const left = this.#isSwapped ? one : many;
    const right = this.#isSwapped ? many : one;
    if (this.#rows.presence[at] !== 0) {
      const isGrouped = this.#operation.matching.cardinality !== "one-to-one";
      throw matchError(
        isGrouped
          ? "multiple matches for labels: grouping labels must ensure unique matches"
          : "vector cannot contain metrics with the same labelset",
      );
    }
    if (operator.kind === "arithmetic") {
      this.#rows.put(at, operator.apply(left, right));
    } else if (operator.kind === "comparison") {
      const holds = operator.test(left, right);
      if (returnBool) this.#rows.put(at, holds ? 1 : 0);
      else if (holds) this.#rows.put(at, left);
    }
  }

  #resultRow(manyKey: string, oneKey: string): number {
    const { operator, matching, returnBool, removal } = this.#operation;
    let labels = manyKey;
    const dropsNow = operator.kind === "arithmetic" || (returnBool && !removal.delayed);
    if (dropsNow) labels = withoutMetadata(labels);
    if (matching.cardinality === "one-to-one") {
      labels = matching.on
        ? keepLabels(labels, this.#matchNames)
        : dropLabels(labels, this.#matchNames);
    }
    for (const name of matching.include) {
      const bytes = bytesText(name);
      labels = withLabel(labels, bytes, labelValue(oneKey, bytes));
    }
    // A comparison that filters keeps the name for good, as in Prometheus: also one that was to go at the end.
    const drops = removal.delayed && returnBool && labelValue(labels, METRIC_NAME) !== "";
    return this.#rows.row(labels, drops);
  }

  #duplicateError(group: MatchGroup, row: number, other: number): ExecutionError {
    const side = this.#isSwapped ? "left" : "right";
    const keys = [row, other].map((index) => labelSetText(this.#one.labels[index] as string));
    return matchError(
      `found duplicate series for the match group ${labelSetText(group.labels)} on the ${side} hand-side of the operation: [${keys.join(", ")}]` +
        ";many-to-many matching not allowed: matching labels must be unique on one side",
    );
  }
}

function matchError(message: string): ExecutionError {
  return new ExecutionError("TIDELINE_QUERY_MATCHING", message);
}

/** Where a side is empty and nothing fills it, Prometheus does not even look. */
function activeSteps(left: Columns, right: Columns, matching: VectorMatching): Uint8Array {
  const hasLeft = presenceOfAny(left, left.labels.keys());
  const hasRight = presenceOfAny(right, right.labels.keys());
  const canFill = matching.fillLeft !== null || matching.fillRight !== null;
  return hasLeft.map((bit, step) =>
    canFill ? bit | (hasRight[step] as number) : bit & (hasRight[step] as number),
  );
}
