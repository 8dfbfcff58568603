/**
 * Matchers → series, over any LabelIndex.
 *
 * A label that a series does not have is the empty string. So a matcher that accepts "" (`!=`, `=~".*"`, `=""`)
 * cannot be looked up: it is turned round, and the series whose value it refuses are taken away. All others give
 * sets of series, of which the smallest is met with the rest. A pattern is tried once per distinct value.
 */
import {
  compileMatcher,
  type CompiledMatcher,
  type Matcher,
  type SearchQuery,
  type Tenant,
} from "@tideline/model";
import type { LabelIndex, Ordinals } from "./label-index.ts";

/** Filters of a query, compiled once for all the indexes that it visits. */
export type CompiledFilters = readonly (readonly CompiledMatcher[])[];

/** @throws {InputError} on a bad regular expression */
export function compileFilters(filters: readonly (readonly Matcher[])[]): CompiledFilters {
  return filters.map((matchers) => matchers.map(compileMatcher));
}

/**
 * The series that pass one of the alternatives (every series of the tenant when there are none).
 *
 * @returns ascending, unique; owned by the caller
 */
export function selectSeries(
  index: LabelIndex,
  tenant: SearchQuery["tenant"],
  filters: CompiledFilters,
): Ordinals {
  if (filters.length === 0) return index.seriesOf(tenant).slice();
  let selected: Ordinals | null = null;
  for (const matchers of filters) {
    const alternative = selectAll(index, tenant, matchers);
    selected = selected ? unite([selected, alternative]) : alternative;
  }
  return selected as Ordinals;
}

function selectAll(
  index: LabelIndex,
  tenant: Tenant,
  matchers: readonly CompiledMatcher[],
): Ordinals {
  const required: Ordinals[] = [];
  const refused: Ordinals[] = [];
  for (const compiled of matchers) {
    const series = seriesWhere(index, tenant, compiled, !compiled.matchesEmpty);
    if (compiled.matchesEmpty) {
      if (series.length > 0) refused.push(series);
    } else {
      if (series.length === 0) return new Uint32Array(0);
      required.push(series);
    }
  }
  required.sort((a, b) => a.length - b.length);
  let selected = required[0] ?? index.seriesOf(tenant);
  for (const other of required.slice(1)) selected = meet(selected, other, true);
  for (const other of refused) selected = meet(selected, other, false);
  return selected.slice();
}

/** Series that have the label with a value that the matcher accepts (or, if not `accepted`, refuses). */
function seriesWhere(
  index: LabelIndex,
  tenant: Tenant,
  compiled: CompiledMatcher,
  accepted: boolean,
): Ordinals {
  const { matcher, literals, matches } = compiled;
  const { name, value, operator } = matcher;
  if (operator === "!=" && !accepted) return index.postings(tenant, name, value);
  const values = accepted && literals ? literals : index.labelValues(tenant, name);
  const lists: Ordinals[] = [];
  for (const candidate of values) {
    if (candidate === "" || matches(candidate) !== accepted) continue;
    const list = index.postings(tenant, name, candidate);
    if (list.length > 0) lists.push(list);
  }
  return unite(lists);
}

/** All that is in one of the lists. The result may be one of them. */
export function unite(lists: readonly Ordinals[]): Ordinals {
  if (lists.length <= 1) return lists[0] ?? new Uint32Array(0);
  if (lists.length === 2) return uniteTwo(lists[0] as Ordinals, lists[1] as Ordinals);
  let top = 0;
  let total = 0;
  for (const list of lists) {
    top = Math.max(top, list.at(-1) ?? 0);
    total += list.length;
  }
  // Few series in a large index: sorting them costs less than a bit for each that there could be.
  return total * 32 < top ? uniteBySorting(lists, total) : uniteByBits(lists, top + 1);
}

function uniteTwo(a: Ordinals, b: Ordinals): Ordinals {
  const result = new Uint32Array(a.length + b.length);
  let i = 0;
  let j = 0;
  let count = 0;
  while (i < a.length && j < b.length) {
    const x = a[i] as number;
    const y = b[j] as number;
    result[count] = Math.min(x, y);
    count += 1;
    if (x <= y) i += 1;
    if (y <= x) j += 1;
  }
  for (; i < a.length; i += 1, count += 1) result[count] = a[i] as number;
  for (; j < b.length; j += 1, count += 1) result[count] = b[j] as number;
  return result.subarray(0, count);
}

function uniteBySorting(lists: readonly Ordinals[], total: number): Ordinals {
  const all = new Uint32Array(total);
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  let count = 0;
  for (let i = 0; i < total; i += 1) {
    const ordinal = all[i] as number;
    if (count === 0 || ordinal !== all[count - 1]) {
      all[count] = ordinal;
      count += 1;
    }
  }
  return all.subarray(0, count);
}

function uniteByBits(lists: readonly Ordinals[], bound: number): Ordinals {
  const bits = new Uint32Array((bound + 31) >>> 5);
  let count = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i += 1) {
      const ordinal = list[i] as number;
      const word = bits[ordinal >>> 5] as number;
      const bit = 1 << (ordinal & 31);
      if ((word & bit) === 0) count += 1;
      bits[ordinal >>> 5] = word | bit;
    }
  }
  const result = new Uint32Array(count);
  let at = 0;
  for (let w = 0; w < bits.length; w += 1) {
    for (let rest = bits[w] as number; rest !== 0; rest &= rest - 1) {
      result[at] = w * 32 + 31 - Math.clz32(rest & -rest);
      at += 1;
    }
  }
  return result;
}

/** What of `a` is in `b` (`wanted`), or is not. */
export function meet(a: Ordinals, b: Ordinals, wanted: boolean): Ordinals {
  const result = new Uint32Array(a.length);
  let count = 0;
  let j = 0;
  for (let i = 0; i < a.length; i += 1) {
    const ordinal = a[i] as number;
    j = seek(b, j, ordinal);
    if ((j < b.length && b[j] === ordinal) === wanted) {
      result[count] = ordinal;
      count += 1;
    }
  }
  return result.subarray(0, count);
}

/** Whether two lists have an element in common. */
export function haveCommon(a: Ordinals, b: Ordinals): boolean {
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  let j = 0;
  for (let i = 0; i < few.length; i += 1) {
    const ordinal = few[i] as number;
    j = seek(many, j, ordinal);
    if (j === many.length) return false;
    if (many[j] === ordinal) return true;
  }
  return false;
}

/** First place from `from` on whose element is at least `target`: strides that double, then halves. */
function seek(list: Ordinals, from: number, target: number): number {
  let stride = 1;
  let low = from;
  while (low + stride < list.length && (list[low + stride] as number) < target) {
    low += stride;
    stride *= 2;
  }
  let high = Math.min(low + stride, list.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) < target) low = middle + 1;
    else high = middle;
  }
  return low;
}
