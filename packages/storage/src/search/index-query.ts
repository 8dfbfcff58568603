/**
 * Questions to the indexes of a lane: label names, label values, series keys. Where no filter is given the index
 * answers by itself; else what it lists is kept if a selected series has it.
 */
import { ExecutionError, type IndexAnswer, type SearchQuery, tooManySeries } from "@tideline/model";
import type { Ordinals } from "../index/label-index.ts";
import { compileFilters, haveCommon } from "../index/select.ts";
import { Breather } from "../lane/breather.ts";
import { sortTexts } from "./sort-texts.ts";
import type { SearchSource } from "./source.ts";
import type { SourceSet } from "./source-set.ts";

export interface IndexQuery {
  readonly query: SearchQuery;
  /** 0 = no limit. */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Bytes of memory that the items may take while they are collected. */
  readonly answerSizeMax: number;
}

/** Keeps an answer within its memory. */
class AnswerBudget {
  #restSize: number;

  constructor(sizeMax: number) {
    this.#restSize = sizeMax;
  }

  /** @param length of the item, in bytes or UTF-16 units. @throws {ExecutionError} past the budget */
  take(length: number): void {
    this.#restSize -= ITEM_OVERHEAD_SIZE + 2 * length;
    if (this.#restSize >= 0) return;
    throw new ExecutionError(
      "TIDELINE_ANSWER_SIZE",
      "Cannot list so many labels or series at a time: narrow the selectors",
    );
  }
}

/** What an item costs in a set or map, beside its bytes. */
const ITEM_OVERHEAD_SIZE = 200;

export async function queryLabelNames(
  sources: SourceSet,
  options: IndexQuery,
): Promise<IndexAnswer<string>> {
  const { tenant } = options.query;
  return collect(sources, options, async (source, selected, found, budget) => {
    for (const name of listed(source.index.labelNames(tenant), selected)) {
      if (found.has(name)) continue;
      if (selected && !(await hasName(source, selected, name, options))) continue;
      budget.take(name.length);
      found.add(name);
    }
  });
}

export async function queryLabelValues(
  sources: SourceSet,
  name: string,
  options: IndexQuery,
): Promise<IndexAnswer<string>> {
  const { tenant } = options.query;
  const breather = new Breather();
  return collect(sources, options, async (source, selected, found, budget) => {
    for (const value of listed(source.index.labelValues(tenant, name), selected)) {
      if (found.has(value)) continue;
      if (!selected || haveCommon(source.index.postings(tenant, name, value), selected)) {
        budget.take(value.length);
        found.add(value);
      }
      if (breather.due) await breathe(breather, options.signal);
    }
  });
}

/** @throws {ExecutionError} more series than query.seriesCountMax */
export async function querySeriesKeys(
  sources: SourceSet,
  options: IndexQuery,
): Promise<IndexAnswer<Uint8Array>> {
  const { query, limit, signal } = options;
  const budget = new AnswerBudget(options.answerSizeMax);
  const filters = compileFilters(query.filters);
  const breather = new Breather();
  /** Keys by their identities, as text: two sources may have one series. */
  const keys = new Map<string, Uint8Array>();
  try {
    for (let number = 0; number < sources.count; number += 1) {
      const ordinals = sources.using(number, (source) => source.select(query.tenant, filters));
      for (const ordinal of ordinals ?? []) {
        sources.using(number, (source) => {
          const identity = Buffer.from(source.identityOf(ordinal)).toString("latin1");
          if (keys.has(identity)) return;
          const key = new Uint8Array(source.keyOf(ordinal));
          budget.take(key.length);
          keys.set(identity, key);
        });
        if (query.seriesCountMax > 0 && keys.size > query.seriesCountMax)
          throw tooManySeries(query.seriesCountMax);
        if (breather.due) await breathe(breather, signal);
      }
    }
    const items = [...keys.values()].toSorted((a, b) => Buffer.compare(a, b));
    return answer(sources, items, limit);
  } finally {
    sources.release();
  }
}

/** Runs `visit` over the sources; `selected` is null where the index may answer for all its series. */
async function collect(
  sources: SourceSet,
  { query, limit, signal, answerSizeMax }: IndexQuery,
  visit: (
    source: SearchSource,
    selected: Ordinals | null,
    found: Set<string>,
    budget: AnswerBudget,
  ) => Promise<void>,
): Promise<IndexAnswer<string>> {
  const budget = new AnswerBudget(answerSizeMax);
  const filters = compileFilters(query.filters);
  const found = new Set<string>();
  try {
    for (let number = 0; number < sources.count; number += 1) {
      const visited = sources.using(number, async (source) => {
        const whole = filters.length === 0 && source.isWhole;
        const selected = whole ? null : source.select(query.tenant, filters);
        // Series of several sources may be the same ones: what is certain is the most that one has.
        if (query.seriesCountMax > 0 && (selected?.length ?? 0) > query.seriesCountMax)
          throw tooManySeries(query.seriesCountMax);
        if (selected?.length !== 0) await visit(source, selected, found, budget);
      });
      // What fails after the first wait rejects: it is judged by the same rule.
      const error = await failureOf(visited);
      if (error !== null) {
        sources.using(number, () => {
          throw error;
        });
      }
      signal.throwIfAborted();
    }
    return answer(sources, sortTexts(found), limit);
  } finally {
    sources.release();
  }
}

async function failureOf(promise: Promise<void> | null): Promise<unknown> {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}

function answer<T>(sources: SourceSet, items: T[], limit: number): IndexAnswer<T> {
  return {
    items: limit > 0 ? items.slice(0, limit) : items,
    coverage: { missing: sources.missing },
  };
}

async function hasName(
  { index }: SearchSource,
  selected: Ordinals,
  name: string,
  { query, signal }: IndexQuery,
): Promise<boolean> {
  const breather = new Breather();
  for (const value of index.labelValues(query.tenant, name)) {
    if (haveCommon(index.postings(query.tenant, name, value), selected)) return true;
    if (breather.due) await breathe(breather, signal);
  }
  return false;
}

/** What an index lists, copied where the loop over it waits: a head's index may grow meanwhile. */
function listed(items: Iterable<string>, selected: Ordinals | null): Iterable<string> {
  return selected ? [...items] : items;
}

async function breathe(breather: Breather, signal: AbortSignal): Promise<void> {
  await breather.breathe();
  signal.throwIfAborted();
}
