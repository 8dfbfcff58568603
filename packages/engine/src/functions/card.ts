/**
 * The cards of the function shelf. A card is everything there is to know about one function: its name and types
 * (which the parser is told), its help, how it treats metric names, and its loop.
 *
 * Three kinds: a *rollup* turns the window of a series before each step into a value; a *transform* works on whole
 * vectors, scalars and strings; an *aggregate* turns the rows of a group into one or a few.
 */
import type { StepGrid } from "@tideline/model";
import type { Call, Span, ValueType } from "@tideline/promql";
import type { Annotations } from "../annotations.ts";
import type { Columns, NameRemoval } from "../columns/columns.ts";

interface Signature {
  readonly name: string;
  /** One sentence for the generated page. */
  readonly help: string;
  /** What else there is to know, for the page. */
  readonly notes?: string;
  /** One type per argument; see promql's FunctionFacts. */
  readonly argumentTypes: readonly ValueType[];
  /** 0: exact; n > 0: the last argument 0 to n times; -1: any number of times. Default 0. */
  readonly variadic?: number;
  readonly returnType: ValueType;
  readonly experimental?: boolean;
  /** See promql's FunctionFacts. */
  readonly matchersArgumentIndex?: number;
  /** Its value depends on the step's time even if its arguments do not. */
  readonly dependsOnTime?: boolean;
}

/** Samples of one series, ascending in time, without staleness markers. The arrays are scratch: borrowed, longer than `count`. */
export interface Samples {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
}

/** Times of the windows of a leaf or subquery: step k ends at endStartMs + k × endStepMs and reaches rangeMs back. */
export interface WindowTimes {
  readonly stepCount: number;
  readonly rangeMs: number;
  readonly endStartMs: number;
  /** 0 under an @ modifier. */
  readonly endStepMs: number;
  /** The instants of evaluation, which offset and @ do not move. */
  readonly evaluationStartMs: number;
  readonly evaluationStepMs: number;
}

/** Which samples lie in which window: [starts[k], ends[k]) at step k. */
export interface Windows extends WindowTimes {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Whether they are kept as they are for all series with these timestamps: what is worked out of them may be, too. */
  readonly isShared: boolean;
}

/** A row to fill: value k goes to values[start + k], with presence 1. Absent at first. */
export interface TargetRow {
  readonly values: Float64Array;
  readonly presence: Uint8Array;
  start: number;
}

/** Fills one row. `parameters`: the scalar arguments, one value per step each. */
export type RollupLoop = (
  samples: Samples,
  windows: Windows,
  parameters: readonly Float64Array[],
  target: TargetRow,
) => void;

/** How far the windows of a range under `anchored` or `smoothed` reach beyond it, in milliseconds. */
export interface WindowMargins {
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** Makes the loop for windows that reach beyond their range by the margins. */
export type ExtendedLoop = (margins: WindowMargins) => RollupLoop;

/** What of a counter or gauge is wanted of its growth over a window, extrapolated. */
export interface GrowthKind {
  readonly isCounter: boolean;
  readonly isRate: boolean;
}

export interface RollupCard extends Signature {
  readonly kind: "rollup";
  readonly returnType: "vector";
  readonly keepsMetricName?: boolean;
  /** Works on counters: a name that is not a counter's earns an info. */
  readonly wantsCounter?: boolean;
  /** Its first argument is a quantile: one outside [0, 1] earns a warning. */
  readonly warnsOfQuantile?: boolean;
  readonly evaluate: RollupLoop;
  /** Set where that is what `evaluate` works out. */
  readonly growth?: GrowthKind;
  /** The loops for ranges under these modifiers. A card without one refuses the modifier. */
  readonly anchored?: ExtendedLoop;
  readonly smoothed?: ExtendedLoop;
}

export type Value =
  | { readonly type: "scalar"; readonly values: Float64Array }
  | { readonly type: "string"; readonly text: string }
  | { readonly type: "vector"; readonly columns: Columns };

/** What a loop may know of the query around it. */
export interface CallContext {
  /** The grid it is evaluated on; under a subquery not the query's. */
  readonly grid: StepGrid;
  readonly stepCount: number;
  /** The query's own grid. */
  readonly queryGrid: StepGrid;
  readonly isInstant: boolean;
  readonly removal: NameRemoval;
  readonly annotations: Annotations;
  /** Asked before a result is allocated that may be larger than the input. @throws {ExecutionError} */
  readonly checkRows: (rowCount: number) => void;
}

export interface TransformContext extends CallContext {
  readonly call: Call;
}

/** The place of an argument, as messages name it: inside its parentheses. A missing one: the call's. */
export function argumentSpan(call: Call, index: number): Span {
  let argument = call.arguments.at(index);
  while (argument?.kind === "parentheses") argument = argument.expression;
  return argument?.span ?? call.span;
}

export interface TransformCard extends Signature {
  readonly kind: "transform";
  /** `values` has one value per argument given. */
  readonly evaluate: (values: readonly Value[], context: TransformContext) => Value;
}

/** Rows by group. */
export interface Groups {
  /** Label keys of the groups, in order of their first row. */
  readonly labels: readonly string[];
  readonly dropsName: Uint8Array | null;
  /** The group of each row. */
  readonly groupOf: Int32Array;
}

export interface AggregateContext extends CallContext {
  /** The place of the parameter. */
  readonly parameterSpan: Span;
  /** Groups rows by other labels than the input's own: what count_values needs. */
  readonly groupBy: (labels: readonly string[], dropsName: Uint8Array | null) => Groups;
}

export interface AggregateCard {
  readonly kind: "aggregate";
  readonly name: string;
  readonly help: string;
  readonly notes?: string;
  readonly parameterType: "scalar" | "string" | null;
  readonly experimental?: boolean;
  readonly evaluate: (
    columns: Columns,
    groups: Groups,
    parameter: Value | null,
    context: AggregateContext,
  ) => Columns;
}

export type FunctionCard = RollupCard | TransformCard;
