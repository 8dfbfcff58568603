/**
 * Works a plan out over a grid, in columns: children first and side by side, so that all leaves are asked for at once.
 * Its data comes from the leaf reader.
 */
import { assert, must, unreachable } from "@tideline/common";
import type { StepGrid } from "@tideline/model";
import type { Annotations } from "../annotations.ts";
import type { Budget } from "../budget.ts";
import {
  columnsSize,
  emptyColumns,
  repeatedOverSteps,
  withoutNames,
  type Columns,
  type NameRemoval,
} from "../columns/columns.ts";
import { checkGroupCount, groupLabels } from "../functions/aggregate/grouping.ts";
import {
  argumentSpan,
  type CallContext,
  type Groups,
  type RollupCard,
  type Value,
} from "../functions/card.ts";
import { checkQuantiles } from "../functions/rollup/quantiles.ts";
import { checkStepCount, instantGrid, stepCountOf, subqueryGrid } from "../grid.ts";
import { NO_LABELS } from "../labels/label-key.ts";
import { lastEndMs, windowTimes } from "../leaf/leaf-node.ts";
import type { Pacer } from "../pacer.ts";
import type {
  AggregatePlan,
  BinaryPlan,
  InfoPlan,
  LeafPlan,
  Plan,
  RollupPlan,
  SubqueryPlan,
  TransformPlan,
} from "../plan/plan.ts";
import type { QueryOptions } from "../query-types.ts";
import { combineValues } from "./binary.ts";
import { checkCounterNames } from "./counter-names.ts";
import { infoLeafText, withInfoLabels } from "./info.ts";
import type { LeafReader } from "./leaf-reader.ts";
import { rollupColumns } from "./rollup-columns.ts";

export interface ExecutorTools {
  readonly options: QueryOptions;
  readonly reader: LeafReader;
  readonly budget: Budget;
  readonly pacer: Pacer;
  readonly annotations: Annotations;
}

const NOWHERE = { start: 0, end: 0 };

type LabelsToGroup = Parameters<typeof groupLabels>;

export class Executor {
  readonly #tools: ExecutorTools;
  readonly #removal: NameRemoval;

  constructor(tools: ExecutorTools) {
    this.#tools = tools;
    this.#removal = { delayed: tools.options.delayedNameRemoval ?? false };
  }

  /**
   * The memory of the value is held in the budget; whoever combines it with others gives it back (`#release`).
   *
   * @throws {ExecutionError} the query fails; {OverloadError}, {CorruptionError} from the source; the signal's reason
   */
  async evaluate(plan: Plan, grid: StepGrid): Promise<Value> {
    const value = await this.#evaluate(plan, grid);
    this.#tools.budget.hold(sizeOf(value));
    await this.#tools.pacer.turn();
    return value;
  }

  #release(values: readonly Value[]): void {
    for (const value of values) this.#tools.budget.release(sizeOf(value));
  }

  async #evaluate(plan: Plan, grid: StepGrid): Promise<Value> {
    switch (plan.kind) {
      case "number":
        return { type: "scalar", values: new Float64Array(stepCountOf(grid)).fill(plan.value) };
      case "string":
        return { type: "string", text: plan.text };
      case "leaf":
        return vectorValue(await this.#leaf(plan, grid));
      case "rollup":
        return vectorValue(await this.#rollup(plan, grid));
      case "transform":
        return this.#transform(plan, grid);
      case "aggregate":
        return vectorValue(await this.#aggregate(plan, grid));
      case "binary":
        return this.#binary(plan, grid);
      case "info":
        return vectorValue(await this.#info(plan, grid));
      case "negation":
        return this.#over([plan.operand], grid, ([operand]) =>
          this.#negation(must(operand, "a sign has an operand")),
        );
      case "invariant":
        return this.#invariant(plan.plan, grid);
      default:
        return unreachable(plan);
    }
  }

  /** Evaluates children side by side and gives their memory back once the parent is there. */
  async #over<T extends Value | Columns>(
    plans: readonly Plan[],
    grid: StepGrid,
    combine: (values: readonly Value[]) => T,
  ): Promise<T> {
    const values = await Promise.all(plans.map((plan) => this.evaluate(plan, grid)));
    const combined = combine(values);
    this.#release(values);
    return combined;
  }

  #context(grid: StepGrid): CallContext {
    const { options, annotations, budget } = this.#tools;
    const stepCount = stepCountOf(grid);
    return {
      grid,
      stepCount,
      queryGrid: options.grid,
      isInstant: options.isInstant,
      removal: this.#removal,
      annotations,
      checkRows: (rowCount) => {
        budget.check(columnsSize(rowCount, stepCount));
      },
    };
  }

  async #leaf(plan: LeafPlan, grid: StepGrid): Promise<Columns> {
    const columns = await this.#tools.reader.leaf(plan.text, grid);
    const { card, parameters } = plan.node;
    const { annotations } = this.#tools;
    if (card?.warnsOfQuantile === true && columns.labels.length > 0)
      checkQuantiles(Float64Array.from(parameters.slice(0, 1)), annotations, plan.parameterSpan);
    return this.#named(columns, plan.names, card, plan.span, plan.node.shape !== "rollup");
  }

  /** The result of a range function or timestamp with its names dropped, if they are to be. */
  #named(
    columns: Columns,
    names: "kept" | "dropped",
    card: RollupCard | null,
    span: LeafPlan["span"],
    disjointMerge: boolean,
  ): Columns {
    if (card?.wantsCounter === true)
      checkCounterNames(columns.labels, this.#tools.annotations, span);
    return names === "kept" ? columns : withoutNames(columns, this.#removal, disjointMerge);
  }

  async #rollup(plan: RollupPlan, grid: StepGrid): Promise<Columns> {
    const { card, input, call } = plan;
    const values = await Promise.all(plan.parameters.map((part) => this.evaluate(part, grid)));
    this.#release(values);
    const parameters = values.map((value) => {
      assert(value.type === "scalar", "parameters of range functions are scalars");
      return value.values;
    });
    const columns =
      input.kind === "subquery"
        ? await this.#rollupSubquery(card, input, parameters, grid)
        : await this.#tools.reader.rollup(input.node, parameters, grid);
    if (card.warnsOfQuantile === true && parameters[0]) {
      const used = usedSteps(columns, parameters[0]);
      checkQuantiles(used, this.#tools.annotations, argumentSpan(call, 0));
    }
    // Prometheus puts the result of a subquery at the start of the text.
    const span = input.kind === "subquery" ? NOWHERE : input.node.selector.span;
    return this.#named(columns, plan.names, card, span, false);
  }

  async #rollupSubquery(
    card: RollupCard,
    subquery: SubqueryPlan,
    parameters: readonly Float64Array[],
    grid: StepGrid,
  ): Promise<Columns> {
    const times = windowTimes(subquery, subquery.rangeMs, grid);
    const { inner, columns } = await this.subquery(subquery, grid);
    this.#context(grid).checkRows(columns.labels.length);
    const result = rollupColumns(columns, inner, times, card, parameters);
    this.#release([vectorValue(columns)]);
    return result;
  }

  /** The inner columns of a subquery, held in the budget, over the inner grid that all windows of the outer grid need. */
  async subquery(
    subquery: SubqueryPlan,
    grid: StepGrid,
  ): Promise<{ inner: StepGrid; columns: Columns }> {
    const times = windowTimes(subquery, subquery.rangeMs, grid);
    const { rangeMs, stepMs } = subquery;
    const inner = subqueryGrid(times.endStartMs, lastEndMs(times), rangeMs, stepMs);
    checkStepCount(
      stepCountOf(inner),
      this.#tools.options.limits.subqueryPointsPerSeriesMax,
      "subquery",
    );
    if (stepCountOf(inner) === 0) return { inner, columns: emptyColumns(0) };
    const value = await this.evaluate(subquery.plan, inner);
    if (value.type === "vector") return { inner, columns: value.columns };
    this.#release([value]);
    assert(value.type === "scalar", "a subquery is over a vector or a scalar");
    const presence = new Uint8Array(value.values.length).fill(1);
    const columns = {
      stepCount: presence.length,
      labels: [NO_LABELS],
      dropsName: null,
      values: value.values,
      presence,
    };
    this.#tools.budget.hold(sizeOf(vectorValue(columns)));
    return { inner, columns };
  }

  #transform(plan: TransformPlan, grid: StepGrid): Promise<Value> {
    return this.#over(plan.arguments, grid, (values) =>
      plan.card.evaluate(values, { ...this.#context(grid), call: plan.call }),
    );
  }

  #aggregate(plan: AggregatePlan, grid: StepGrid): Promise<Columns> {
    const { card, expression } = plan;
    const { grouping, without } = expression;
    const plans = plan.parameter ? [plan.input, plan.parameter] : [plan.input];
    return this.#over(plans, grid, ([input, parameter]) => {
      assert(input?.type === "vector", "an aggregation is over a vector");
      const { columns } = input;
      const groupCountMax = this.#tools.options.limits.groupCountMax ?? 0;
      const groupBy = (...labels: LabelsToGroup): Groups => {
        const groups = groupLabels(...labels);
        checkGroupCount(groups.labels.length, groupCountMax, card.name);
        return groups;
      };
      const groups = groupBy(columns.labels, columns.dropsName, grouping, without);
      const label = parameter?.type === "string" ? [parameter.text] : [];
      return card.evaluate(columns, groups, parameter ?? null, {
        ...this.#context(grid),
        parameterSpan: expression.parameter?.span ?? expression.span,
        groupBy: (labels, dropsName) =>
          groupBy(labels, dropsName, without ? grouping : [...grouping, ...label], without),
      });
    });
  }

  #binary(plan: BinaryPlan, grid: StepGrid): Promise<Value> {
    return this.#over<Value>([plan.left, plan.right], grid, ([left, right]) => {
      assert(left && right, "an operator has two sides");
      return combineValues(plan.expression, left, right, this.#context(grid));
    });
  }

  async #info({ input, search }: InfoPlan, grid: StepGrid): Promise<Columns> {
    const base = await this.evaluate(input, grid);
    assert(base.type === "vector", "info is over a vector");
    const text = infoLeafText(base.columns, search);
    const info = text === null ? null : await this.#tools.reader.leaf(text, grid);
    const { checkRows } = this.#context(grid);
    const columns = withInfoLabels(base.columns, info, search, checkRows);
    this.#release([base]);
    return columns;
  }

  #negation(operand: Value): Value {
    assert(operand.type !== "string", "the parser checks types");
    if (operand.type === "scalar")
      return { type: "scalar", values: operand.values.map((value) => -value) };
    const { columns } = operand;
    const values = columns.values.map((value) => -value);
    return vectorValue(withoutNames({ ...columns, values }, this.#removal, false));
  }

  async #invariant(plan: Plan, grid: StepGrid): Promise<Value> {
    const stepCount = stepCountOf(grid);
    const value = await this.evaluate(plan, instantGrid(grid.startMs));
    this.#release([value]);
    if (value.type === "string" || stepCount === 1) return value;
    if (value.type === "vector") {
      this.#context(grid).checkRows(value.columns.labels.length);
      return vectorValue(repeatedOverSteps(value.columns, stepCount));
    }
    const values = new Float64Array(stepCount);
    for (let step = 0; step < stepCount; step += 1) values.set(value.values, step);
    return { type: "scalar", values };
  }
}

/** The parameter at the steps where some row has a value. */
function usedSteps({ stepCount, presence }: Columns, parameter: Float64Array): Float64Array {
  return parameter.filter((_, step) => {
    for (let at = step; at < presence.length; at += stepCount) if (presence[at] === 1) return true;
    return false;
  });
}

function vectorValue(columns: Columns): Value {
  return { type: "vector", columns };
}

function sizeOf(value: Value): number {
  if (value.type === "string") return value.text.length;
  if (value.type === "scalar") return value.values.byteLength;
  return columnsSize(value.columns.labels.length, value.columns.stepCount);
}
