/** Turns match[] and extra_filters texts into matchers: alternatives of conjunctions. */
import { InputError, type Matcher } from "@tideline/model";
import { parseSelector, selectsEverything } from "@tideline/promql";
import type { ExtraFilters } from "./jobs.ts";

/** Alternatives that one request may come to, after all combinations. */
const FILTERS_MAX = 1_000;

/**
 * Selectors as match[] gives them.
 *
 * @throws {InputError} naming the argument, when a text is no series selector or would select everything
 */
export function matchFilters(texts: readonly string[]): Matcher[][] {
  return ofArgument("match[]", () =>
    texts.map((text) => {
      const matchers = [...parseSelector(text)];
      if (selectsEverything(matchers)) {
        throw new InputError(
          "TIDELINE_MATCH",
          `match[] must contain at least one non-empty matcher: ${text}`,
        );
      }
      return matchers;
    }),
  );
}

/** Runs `read` and, when it refuses its input, says which argument that was, in Prometheus' words. */
export function ofArgument<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refusalOf(name, cause);
  }
}

/** An error of the client as the refusal of an argument; others as they are. */
export function refusalOf(name: string, cause: unknown): unknown {
  if (!(cause instanceof InputError)) return cause;
  const { code, message, status } = cause;
  return new InputError(code, `invalid parameter "${name}": ${message}`, { status, cause });
}

/** What every selector of a request is ANDed with; empty = nothing. */
export function extraFilterMatchers(extra: ExtraFilters): Matcher[][] {
  const labels = extra.labels.map(({ name, value }): Matcher => ({ name, operator: "=", value }));
  const filters = ofArgument("extra_filters", () =>
    extra.selectorTexts.map((text) => [...parseSelector(text)]),
  );
  if (filters.length === 0) return labels.length === 0 ? [] : [labels];
  return filters.map((matchers) => [...matchers, ...labels]);
}

/**
 * Each alternative of `filters` with each of `extra`.
 *
 * @throws {InputError} when that is more than FILTERS_MAX
 */
export function combine(filters: readonly Matcher[][], extra: readonly Matcher[][]): Matcher[][] {
  if (extra.length === 0) return [...filters];
  if (filters.length === 0) return [...extra];
  if (filters.length * extra.length > FILTERS_MAX) {
    throw new InputError(
      "TIDELINE_FILTERS",
      `Cannot combine ${filters.length} selectors with ${extra.length} extra_filters: at most ${FILTERS_MAX} together`,
    );
  }
  return filters.flatMap((matchers) => extra.map((more) => [...matchers, ...more]));
}
