/** Turns match[] and extra_filters texts into matchers: alternatives of conjunctions. */
import { InputError, type Matcher } from "@tideline/model";
import { parseSelector } from "@tideline/promql";
import type { ExtraFilters } from "./jobs.ts";

/** Alternatives that one request may come to, after all combinations. */
const FILTERS_MAX = 1_000;

/** @throws {InputError} (a ParseError) when a text is no series selector */
export function selectorFilters(texts: readonly string[]): Matcher[][] {
  return texts.map((text) => [...parseSelector(text)]);
}

/** What every selector of a request is ANDed with; empty = nothing. */
export function extraFilterMatchers(extra: ExtraFilters): Matcher[][] {
  const labels = extra.labels.map(({ name, value }): Matcher => ({ name, operator: "=", value }));
  const filters = selectorFilters(extra.selectorTexts);
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
