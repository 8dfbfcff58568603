/**
 * What the language is told about functions and aggregations: promql knows none by heart, the engine hands
 * them in. Names, arities and types are Prometheus'.
 */
import type { ValueType } from "./ast.ts";

export interface FunctionFacts {
  /** One type per argument; of a variadic function the last one stands for all that follow it. */
  readonly argumentTypes: readonly ValueType[];
  /**
   * 0: exactly `argumentTypes.length` arguments. n > 0: the last type may be there 0 to n times.
   * -1: the last type may be there any number of times.
   */
  readonly variadic: number;
  readonly returnType: ValueType;
  /** Behind a feature flag in Prometheus. */
  readonly experimental?: boolean;
  /**
   * Index of an argument that is a bare list of matchers, as the second one of `info`: it has to be a selector
   * without a name, and may select everything.
   */
  readonly matchersArgumentIndex?: number;
}

export interface AggregationFacts {
  /** Type of the argument before the vector (k of topk, label of count_values); null when there is none. */
  readonly parameterType: "scalar" | "string" | null;
  readonly experimental?: boolean;
}

export interface LanguageFacts {
  /** `name` as written: functions are case-sensitive in Prometheus. */
  functionFacts(name: string): FunctionFacts | undefined;
  /** `name` in lower case: aggregations are keywords, which know no case. */
  aggregationFacts(name: string): AggregationFacts | undefined;
}
