/**
 * The plan of a query: leaves, which are asked of a LeafSource, and what is worked out over their columns. Expressions
 * are kept beside the nodes, for places in messages.
 */
import type { Aggregation, Binary, Call, Span } from "@tideline/promql";
import type { AggregateCard, RollupCard, TransformCard } from "../functions/card.ts";
import type { InfoSearch } from "../execute/info.ts";
import type { LeafNode, TimeShift } from "../leaf/leaf-node.ts";
import type { RawSelection } from "../leaf/raw-matrix.ts";

export type Plan =
  | NumberPlan
  | StringPlan
  | LeafPlan
  | RollupPlan
  | TransformPlan
  | AggregatePlan
  | BinaryPlan
  | InfoPlan
  | NegationPlan
  | InvariantPlan;

interface NumberPlan {
  readonly kind: "number";
  readonly value: number;
}

interface StringPlan {
  readonly kind: "string";
  readonly text: string;
}

/** A subtree that a LeafSource evaluates. */
export interface LeafPlan {
  readonly kind: "leaf";
  /** Canonical text. */
  readonly text: string;
  readonly node: LeafNode;
  /** Whether its rows lose their metric names: the source keeps them. */
  readonly names: "kept" | "dropped";
  /** Place of the selector. */
  readonly span: Span;
  /** Place of the first argument of the call, if it is one. */
  readonly parameterSpan: Span;
}

/** A range function that is no leaf: over a subquery, or with parameters that are worked out first. */
export interface RollupPlan {
  readonly kind: "rollup";
  readonly card: RollupCard;
  readonly input: SubqueryPlan | MatrixPlan;
  readonly parameters: readonly Plan[];
  readonly names: "kept" | "dropped";
  readonly call: Call;
}

export interface SubqueryPlan extends TimeShift {
  readonly kind: "subquery";
  readonly plan: Plan;
  readonly rangeMs: number;
  readonly stepMs: number;
}

/** A range selector, read raw. */
interface MatrixPlan {
  readonly kind: "matrix";
  readonly node: LeafNode;
}

export interface TransformPlan {
  readonly kind: "transform";
  readonly card: TransformCard;
  readonly arguments: readonly Plan[];
  readonly call: Call;
}

export interface AggregatePlan {
  readonly kind: "aggregate";
  readonly card: AggregateCard;
  readonly input: Plan;
  readonly parameter: Plan | null;
  readonly expression: Aggregation;
}

export interface BinaryPlan {
  readonly kind: "binary";
  readonly left: Plan;
  readonly right: Plan;
  readonly expression: Binary;
}

/** info(): a vector, and where the labels that are added to it are found. */
export interface InfoPlan {
  readonly kind: "info";
  readonly input: Plan;
  readonly search: InfoSearch;
}

interface NegationPlan {
  readonly kind: "negation";
  readonly operand: Plan;
}

/** Does not depend on the step's time: evaluated at the first step, and repeated. */
interface InvariantPlan {
  readonly kind: "invariant";
  readonly plan: Plan;
}

/** What a whole query is: a vector or scalar, or a range that an instant query wants to see. */
export type QueryPlan =
  | { readonly kind: "value"; readonly plan: Plan }
  | { readonly kind: "samples"; readonly selection: RawSelection }
  | { readonly kind: "subquery"; readonly subquery: SubqueryPlan };
