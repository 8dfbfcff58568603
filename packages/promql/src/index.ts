/**
 * PromQL: text ↔ tree ↔ text.
 *
 * `parse` turns text into a checked tree (ast.ts), `print` turns a tree into canonical text. Which functions
 * and aggregations there are, the engine tells (facts.ts). walk.ts holds ways through a tree, resolve.ts works out
 * durations that depend on the query's grid.
 *
 * Inside: lexer → cursor → parser (with parse-*.ts for the parts) → check-types.
 */
export type {
  Aggregation,
  AtModifier,
  Binary,
  BinaryOperator,
  Call,
  Duration,
  Expression,
  MatrixSelector,
  Span,
  Subquery,
  ValueType,
  VectorMatching,
  VectorSelector,
} from "./ast.ts";
export { astJson } from "./ast-json.ts";
export { selectsEverything, typeOf } from "./check-types.ts";
export type { AggregationFacts, FunctionFacts, LanguageFacts } from "./facts.ts";
export { DEFAULT_PARSE_OPTIONS, type ParseOptions } from "./options.ts";
export { fixedText, floatText, messageFloatText } from "./float-text.ts";
export { ParseError } from "./parse-error.ts";
export { parse, parseSelector } from "./parser.ts";
export { prettify } from "./prettify.ts";
export { print } from "./print.ts";
export { resolveDurations } from "./resolve.ts";
export { replace, selectorsOf, walk } from "./walk.ts";
export { quote as quoteString, unquote as unquoteString } from "./string-literal.ts";
