/**
 * The types of a tree: what may stand in what, how many arguments a function takes, which matchings make sense.
 * The rules and their words are Prometheus'.
 *
 * While it checks, it settles what the parser could not know: a binary operator has a matching only between
 * vectors, and set operators match many to many.
 */
import { unreachable } from "@tideline/common";
import { compileMatcher, METRIC_NAME, type Matcher } from "@tideline/model";
import type { Binary, Call, Expression, ValueType, VectorMatching, VectorSelector } from "./ast.ts";
import type { FunctionFacts, LanguageFacts } from "./facts.ts";
import { ParseError } from "./parse-error.ts";
import { isComparison, isSetOperator } from "./precedence.ts";

/** What the checker knows besides the tree. */
export interface CheckContext {
  readonly text: string;
  readonly facts: LanguageFacts;
  /** Selectors without a matcher that refuses the empty text are let through. */
  readonly maySelectEverything?: boolean;
}

const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: "scalar",
  vector: "instant vector",
  matrix: "range vector",
  string: "string",
};

/**
 * @param expression fresh from the parser, known to nobody else: matchings are settled in place
 * @returns the type of the whole
 * @throws {ParseError}
 */
export function checkTypes(expression: Expression, context: CheckContext): ValueType {
  const fail = (node: Expression, reason: string): never => {
    throw new ParseError(context.text, node.span.start, reason);
  };
  switch (expression.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "parentheses":
      return checkTypes(expression.expression, context);
    case "vectorSelector":
      checkSelector(expression, context);
      return "vector";
    case "matrixSelector":
      checkSelector(expression.selector, context);
      return "matrix";
    case "unary": {
      const type = checkTypes(expression.expression, context);
      if (type !== "scalar" && type !== "vector") {
        fail(
          expression,
          `unary expression only allowed on expressions of type scalar or instant vector, got "${TYPE_NAMES[type]}"`,
        );
      }
      return type;
    }
    case "subquery": {
      const type = checkTypes(expression.expression, context);
      if (type !== "vector") {
        fail(
          expression,
          `subquery is only allowed on instant vector, got ${TYPE_NAMES[type]} instead`,
        );
      }
      return "matrix";
    }
    case "aggregation": {
      expectType(expression.expression, "vector", "aggregation expression", context);
      const parameterType = context.facts.aggregationFacts(expression.name)?.parameterType ?? null;
      if (expression.parameter !== null && parameterType !== null) {
        expectType(expression.parameter, parameterType, "aggregation parameter", context);
      }
      return "vector";
    }
    case "binary":
      return checkBinary(expression, context);
    case "call":
      return checkCall(expression, context);
    default:
      return unreachable(expression);
  }
}

/** The type of a tree that has been checked. */
export function typeOf(expression: Expression, facts: LanguageFacts): ValueType {
  switch (expression.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "vectorSelector":
    case "aggregation":
      return "vector";
    case "matrixSelector":
    case "subquery":
      return "matrix";
    case "parentheses":
    case "unary":
      return typeOf(expression.expression, facts);
    case "call":
      return facts.functionFacts(expression.name)?.returnType ?? "vector";
    case "binary":
      if (expression.matching !== null) return "vector";
      return typeOf(expression.left, facts) === "scalar" &&
        typeOf(expression.right, facts) === "scalar"
        ? "scalar"
        : "vector";
    default:
      return unreachable(expression);
  }
}

function expectType(
  expression: Expression,
  expected: ValueType,
  where: string,
  context: CheckContext,
): void {
  const type = checkTypes(expression, context);
  if (type === expected) return;
  throw new ParseError(
    context.text,
    expression.span.start,
    `expected type ${TYPE_NAMES[expected]} in ${where}, got ${TYPE_NAMES[type]}`,
  );
}

function checkBinary(binary: Binary, context: CheckContext): ValueType {
  const { operator, left, right, returnBool } = binary;
  const matching = binary.matching as VectorMatching;
  const leftType = checkTypes(left, context);
  const rightType = checkTypes(right, context);
  const fail = (reason: string, offset = binary.span.start): never => {
    throw new ParseError(context.text, offset, reason);
  };
  const operatorOffset = skipSpace(context.text, left.span.end);
  if (returnBool && !isComparison(operator)) {
    fail("bool modifier can only be used on comparison operators", operatorOffset);
  }
  const areScalars = leftType === "scalar" && rightType === "scalar";
  if (isComparison(operator) && !returnBool && areScalars) {
    fail("comparisons between scalars must use BOOL modifier", operatorOffset);
  }
  const included = new Set(matching.on ? matching.include : []);
  const twice = matching.labels.find((label) => included.has(label));
  if (twice !== undefined) {
    fail(
      `label ${JSON.stringify(twice)} must not occur in ON and GROUP clause at once`,
      operatorOffset,
    );
  }
  for (const [side, type] of [
    [left, leftType],
    [right, rightType],
  ] as const) {
    if (type !== "scalar" && type !== "vector") {
      fail("binary expression must contain only scalar and instant vector types", side.span.start);
    }
  }
  const fills = matching.fillLeft !== null || matching.fillRight !== null;
  const areVectors = leftType === "vector" && rightType === "vector";
  if (!areVectors) {
    if (matching.labels.length > 0) fail("vector matching only allowed between instant vectors");
    if (fills) fail("filling in missing series only allowed between instant vectors");
    if (isSetOperator(operator)) {
      fail(`set operator ${JSON.stringify(operator)} not allowed in binary scalar expression`);
    }
    settleMatching(binary, null);
  } else if (isSetOperator(operator)) {
    if (matching.cardinality !== "one-to-one") {
      fail(`no grouping allowed for ${JSON.stringify(operator)} operation`);
    }
    if (fills) fail("filling in missing series not allowed for set operators");
    settleMatching(binary, { ...matching, cardinality: "many-to-many" });
  }
  return areScalars ? "scalar" : "vector";
}

function settleMatching(
  binary: { matching: VectorMatching | null },
  matching: VectorMatching | null,
): void {
  binary.matching = matching;
}

function checkCall(call: Call, context: CheckContext): ValueType {
  const facts = context.facts.functionFacts(call.name) as FunctionFacts;
  checkArgumentCount(call, facts, context);
  const lastIndex = facts.argumentTypes.length - 1;
  for (const [index, argument] of call.arguments.entries()) {
    if (index === facts.matchersArgumentIndex) {
      checkMatchersArgument(call, argument, context);
      continue;
    }
    const expected = facts.argumentTypes[Math.min(index, lastIndex)] as ValueType;
    expectType(argument, expected, `call to function ${JSON.stringify(call.name)}`, context);
  }
  return facts.returnType;
}

function checkArgumentCount(call: Call, facts: FunctionFacts, context: CheckContext): void {
  const count = call.arguments.length;
  const typeCount = facts.argumentTypes.length;
  const countMin = facts.variadic === 0 ? typeCount : typeCount - 1;
  const countMax = facts.variadic < 0 ? Infinity : countMin + facts.variadic;
  if (count >= countMin && count <= countMax) return;
  const bound = facts.variadic === 0 ? "" : count < countMin ? "at least " : "at most ";
  const expected = count < countMin ? countMin : countMax;
  throw new ParseError(
    context.text,
    call.span.start,
    `expected ${bound}${expected} argument(s) in call to ${JSON.stringify(call.name)}, got ${count}`,
  );
}

function checkMatchersArgument(call: Call, argument: Expression, context: CheckContext): void {
  expectType(argument, "vector", `call to function ${JSON.stringify(call.name)}`, {
    ...context,
    maySelectEverything: true,
  });
  if (argument.kind === "vectorSelector" && argument.name === "") return;
  const got = argument.kind === "vectorSelector" ? ", got vector selector instead" : "";
  throw new ParseError(context.text, argument.span.start, `expected label selectors only${got}`);
}

function checkSelector(selector: VectorSelector, context: CheckContext): void {
  const { name, matchers } = selector;
  const other = name === "" ? undefined : matchers.slice(0, -1).find(isNameMatcher);
  if (other) {
    throw new ParseError(
      context.text,
      selector.span.start,
      `metric name must not be set twice: ${JSON.stringify(name)} or ${JSON.stringify(other.value)}`,
    );
  }
  if (context.maySelectEverything === true || !selectsEverything(matchers)) return;
  throw new ParseError(
    context.text,
    selector.span.start,
    "vector selector must contain at least one non-empty matcher",
  );
}

const isNameMatcher = (matcher: Matcher): boolean => matcher.name === METRIC_NAME;

/**
 * True if no matcher refuses the empty text: such a selector would fetch every series, mostly by a typo.
 *
 * @param matchers with patterns that have been checked
 */
export function selectsEverything(matchers: readonly Matcher[]): boolean {
  const compiled = matchers.map(compileMatcher);
  return compiled.every((matcher) => matcher.matchesEmpty);
}

function skipSpace(text: string, offset: number): number {
  let index = offset;
  while (index < text.length && /\s/.test(text.charAt(index))) index += 1;
  return index;
}
