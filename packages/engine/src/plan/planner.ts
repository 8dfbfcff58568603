/**
 * Tree → plan: cuts out the leaves as canonical text, and wraps what does not depend on the step's time so that it is
 * worked out once (Prometheus' step-invariant expressions).
 */
import { BugError, must, unreachable } from "@tideline/common";
import type { StepGrid } from "@tideline/model";
import {
  print,
  replace,
  type AtModifier,
  type Call,
  type Expression,
  type MatrixSelector,
  type Subquery,
} from "@tideline/promql";
import { argumentSpan, type RollupCard } from "../functions/card.ts";
import { aggregateCard, functionCard } from "../functions/shelf.ts";
import {
  extendedLoopOf,
  fixedMs,
  leafNodeOf,
  matrixLeaf,
  shiftOf,
  unwrapped,
} from "../leaf/leaf-node.ts";
import { infoSearch } from "../execute/info.ts";
import type { Plan, QueryPlan, SubqueryPlan } from "./plan.ts";

export interface PlanOptions {
  /** The query's own grid: what @ start() and @ end() mean, also inside subqueries. */
  readonly grid: StepGrid;
  readonly subqueryStepMs: number;
}

/** A plan, and whether its value is the same at every step. */
interface Planned {
  readonly plan: Plan;
  readonly isInvariant: boolean;
}

/** @param expression checked, with fixed durations. @throws {ExecutionError} what cannot be evaluated yet */
export function planQuery(expression: Expression, options: PlanOptions): QueryPlan {
  const settled = replace(expression, (node) => withAtTime(node, options.grid));
  const planner = new Planner(options);
  const root = unwrapped(settled);
  if (root.kind === "matrixSelector") {
    const rangeMs = fixedMs(root.range);
    const selection = { selector: root.selector, rangeMs, ...shiftOf(root.selector) };
    return { kind: "samples", selection };
  }
  if (root.kind === "subquery") return { kind: "subquery", subquery: planner.subquery(root).plan };
  return { kind: "value", plan: settledPlan(planner.plan(settled)) };
}

/** Gives @ start() and @ end() their times. */
function withAtTime(node: Expression, grid: StepGrid): Expression {
  if (node.kind !== "vectorSelector" && node.kind !== "subquery") return node;
  const { at } = node;
  if (at === null || at.kind === "time") return node;
  const time: AtModifier = {
    kind: "time",
    timestampMs: at.kind === "start" ? grid.startMs : grid.endMs,
  };
  return { ...node, at: time };
}

/** A plan for a place where every step is wanted. */
function settledPlan({ plan, isInvariant }: Planned): Plan {
  const isPlain = plan.kind === "number" || plan.kind === "string";
  return isInvariant && !isPlain ? { kind: "invariant", plan } : plan;
}

class Planner {
  readonly #options: PlanOptions;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  plan(expression: Expression): Planned {
    const leaf = this.#leaf(expression);
    if (leaf) return leaf;
    switch (expression.kind) {
      case "number":
        return { plan: { kind: "number", value: expression.value }, isInvariant: true };
      case "string":
        return { plan: { kind: "string", text: expression.value }, isInvariant: true };
      case "parentheses":
        return this.plan(expression.expression);
      case "unary": {
        const operand = this.plan(expression.expression);
        if (expression.operator === "+") return operand;
        if (operand.plan.kind === "number") {
          return { plan: { kind: "number", value: -operand.plan.value }, isInvariant: true };
        }
        return this.#combine([operand], true, ([plan]) => ({
          kind: "negation",
          operand: must(plan, "a sign has an operand"),
        }));
      }
      case "binary": {
        const sides = [this.plan(expression.left), this.plan(expression.right)];
        return this.#combine(sides, true, ([left, right]) => ({
          kind: "binary",
          left: must(left, "an operator has a left side"),
          right: must(right, "an operator has a right side"),
          expression,
        }));
      }
      case "aggregation": {
        const card = must(aggregateCard(expression.name), "the parser knows the shelf");
        const parts = [this.plan(expression.expression)];
        if (expression.parameter) parts.push(this.plan(expression.parameter));
        return this.#combine(parts, true, ([input, parameter]) => ({
          kind: "aggregate",
          card,
          input: must(input, "an aggregation has an input"),
          parameter: parameter ?? null,
          expression,
        }));
      }
      case "call":
        return this.#call(expression);
      case "vectorSelector":
      case "matrixSelector":
      case "subquery":
        throw new BugError(`BUG: a ${expression.kind} stands by itself`);
      default:
        return unreachable(expression);
    }
  }

  /** Puts parts under a parent; the invariant ones are wrapped unless the parent is invariant as a whole. */
  #combine(
    parts: readonly Planned[],
    mayBeInvariant: boolean,
    make: (plans: readonly Plan[]) => Plan,
  ): Planned {
    const isInvariant = mayBeInvariant && parts.every((part) => part.isInvariant);
    return {
      plan: make(isInvariant ? parts.map((part) => part.plan) : parts.map(settledPlan)),
      isInvariant,
    };
  }

  #leaf(expression: Expression, names?: "kept"): Planned | null {
    const node = leafNodeOf(expression);
    if (!node) return null;
    const text = print(expression);
    const isSelector = node.shape === "instant" || node.shape === "smoothed";
    const keeps = isSelector || node.card?.keepsMetricName === true;
    return {
      plan: {
        kind: "leaf",
        text,
        node,
        names: names ?? (keeps ? "kept" : "dropped"),
        span: node.selector.span,
        parameterSpan: expression.kind === "call" ? argumentSpan(expression, 0) : expression.span,
      },
      isInvariant: node.atMs !== null && node.card?.dependsOnTime !== true,
    };
  }

  #call(call: Call): Planned {
    const card = must(functionCard(call.name), "the parser knows the shelf");
    if (card.kind === "rollup") return this.#rollup(call, card);
    if (card.name === "info") return this.#info(call);
    const parts =
      card.name === "absent_over_time"
        ? [this.#presentOverTime(call)]
        : call.arguments.map((argument) => this.plan(argument));
    return this.#combine(parts, card.dependsOnTime !== true, (plans) => ({
      kind: "transform",
      card,
      arguments: plans,
      call,
    }));
  }

  /** The second argument is no vector, but what to look for. */
  #info(call: Call): Planned {
    const [vector, matchers] = call.arguments.map(unwrapped);
    const base = this.plan(must(vector, "info has an argument"));
    const search = infoSearch(matchers?.kind === "vectorSelector" ? matchers.matchers : []);
    return this.#combine([base], true, ([input]) => ({
      kind: "info",
      input: must(input, "info has an argument"),
      search,
    }));
  }

  /** absent_over_time turns presence around. Names are kept, so that no two series become one. */
  #presentOverTime(call: Call): Planned {
    const range = call.arguments.map(unwrapped)[0];
    if (range?.kind === "matrixSelector" && range.selector.extension !== null)
      extendedLoopOf(call, range.selector.extension);
    const present: Call = { ...call, name: "present_over_time" };
    const card = functionCard(present.name) as RollupCard;
    return this.#leaf(present, "kept") ?? this.#rollup(present, card, "kept");
  }

  #rollup(call: Call, card: RollupCard, names?: "kept"): Planned {
    let input: { plan: Extract<Plan, { kind: "rollup" }>["input"]; isInvariant: boolean } | null =
      null;
    const parameters: Planned[] = [];
    for (const argument of call.arguments.map(unwrapped)) {
      if (argument.kind === "subquery") input = this.subquery(argument);
      else if (argument.kind === "matrixSelector") input = matrixInput(argument, card);
      else parameters.push(this.plan(argument));
    }
    const { plan, isInvariant } = must(input, "a range function has a range");
    return this.#combine(parameters, isInvariant && card.dependsOnTime !== true, (plans) => ({
      kind: "rollup",
      card,
      input: plan,
      parameters: plans,
      names: names ?? (card.keepsMetricName ? "kept" : "dropped"),
      call,
    }));
  }

  subquery(expression: Subquery): { plan: SubqueryPlan; isInvariant: boolean } {
    const plan: SubqueryPlan = {
      kind: "subquery",
      plan: settledPlan(this.plan(expression.expression)),
      rangeMs: fixedMs(expression.range),
      stepMs: expression.step ? fixedMs(expression.step) : this.#options.subqueryStepMs,
      ...shiftOf(expression),
    };
    return { plan, isInvariant: plan.atMs !== null };
  }
}

function matrixInput(matrix: MatrixSelector, card: RollupCard) {
  const node = matrixLeaf(matrix, card, []);
  return { plan: { kind: "matrix", node } as const, isInvariant: node.atMs !== null };
}
