/**
 * The tree of an expression. Plain data, immutable; every node knows where it stands in the text.
 * Names are Prometheus' (v3 grammar). Durations are integer milliseconds; a duration that is itself an
 * expression (experimental) stays a node and is worked out against the grid before evaluation (resolve.ts).
 * A sign before a number belongs to the number: `-1` is a literal, `-foo` is unary.
 */
import type { Matcher } from "@tideline/model";

/** Offsets into the text, UTF-16 units: start inclusive, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type ValueType = "scalar" | "vector" | "matrix" | "string";

export interface NumberLiteral {
  readonly kind: "number";
  readonly value: number;
  /** Written as a duration (`5m` = 300). */
  readonly isDuration: boolean;
  readonly span: Span;
}

interface StringLiteral {
  readonly kind: "string";
  readonly value: string;
  readonly span: Span;
}

/** `@ 1700000000.5`, `@ start()`, `@ end()`. */
export type AtModifier =
  | { readonly kind: "time"; readonly timestampMs: number }
  | { readonly kind: "start" }
  | { readonly kind: "end" };

/** A duration: fixed, or an expression over durations and numbers, step(), range() (experimental). */
export type Duration =
  | { readonly kind: "fixed"; readonly durationMs: number }
  | { readonly kind: "expression"; readonly expression: DurationExpression; readonly span: Span };

export type DurationExpression =
  | { readonly kind: "seconds"; readonly value: number; readonly isDuration: boolean }
  | { readonly kind: "step" }
  | { readonly kind: "range" }
  | { readonly kind: "parentheses"; readonly inner: DurationExpression }
  | { readonly kind: "unary"; readonly operator: "+" | "-"; readonly operand: DurationExpression }
  | {
      readonly kind: "binary";
      readonly operator: "+" | "-" | "*" | "/" | "%" | "^";
      readonly left: DurationExpression;
      readonly right: DurationExpression;
    }
  /** min_of(), max_of(). */
  | {
      readonly kind: "call";
      readonly name: "min" | "max";
      readonly left: DurationExpression;
      readonly right: DurationExpression;
    };

export interface VectorSelector {
  readonly kind: "vectorSelector";
  /**
   * The name as written before the braces; it is also the last of `matchers`. "" when there is none: a name that
   * stands in the braces is a matcher like others.
   */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Positive looks back. */
  readonly offset: Duration | null;
  readonly at: AtModifier | null;
  /** Experimental modifiers of extended ranges. */
  readonly extension: "anchored" | "smoothed" | null;
  readonly span: Span;
}

export interface MatrixSelector {
  readonly kind: "matrixSelector";
  readonly selector: VectorSelector;
  readonly range: Duration;
  readonly span: Span;
}

export interface Subquery {
  readonly kind: "subquery";
  readonly expression: Expression;
  readonly range: Duration;
  /** null: the default step (`-search.defaultStep` or the query's evaluation interval rule). */
  readonly step: Duration | null;
  readonly offset: Duration | null;
  readonly at: AtModifier | null;
  readonly span: Span;
}

export interface Call {
  readonly kind: "call";
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly span: Span;
}

export interface Aggregation {
  readonly kind: "aggregation";
  /** sum, avg, …, as written but in lower case. */
  readonly name: string;
  /** k of topk, φ of quantile, label of count_values. */
  readonly parameter: Expression | null;
  readonly expression: Expression;
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly span: Span;
}

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^"
  | "atan2"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "and"
  | "or"
  | "unless"
  | "</"
  | ">/";

export interface VectorMatching {
  readonly cardinality: "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";
  /** True: `on (labels)`; false: `ignoring (labels)`. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels of group_left / group_right. */
  readonly include: readonly string[];
  /** fill, fill_left, fill_right: the value where a side has no match; null = none. */
  readonly fillLeft: number | null;
  readonly fillRight: number | null;
}

export interface Binary {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly returnBool: boolean;
  /** Present when both sides are vectors. */
  readonly matching: VectorMatching | null;
  readonly span: Span;
}

interface Unary {
  readonly kind: "unary";
  readonly operator: "+" | "-";
  readonly expression: Expression;
  readonly span: Span;
}

interface Parentheses {
  readonly kind: "parentheses";
  readonly expression: Expression;
  readonly span: Span;
}

export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregation
  | Binary
  | Unary
  | Parentheses;
