/** Questions: everything, some series in some time, what the index knows; at once, or while other things happen. */
import type { IndexAnswer, SearchQuery } from "@tideline/model";
import { seriesSourceOf } from "@tideline/wire";
import { keyText, readSamples } from "../../lane/lane-fixtures.ts";
import { checkCoverage, checkEverything, checkSearch, compareSamples } from "../checks.ts";
import { passes, POOL, randomFilters, TENANTS } from "../series-pool.ts";
import { Finding, type World } from "../world.ts";
import type { StepCard } from "./step.ts";

export const readAll: StepCard = {
  name: "readAll",
  weight: () => 6,
  async run(world) {
    world.tell("everything is read");
    await checkEverything(world);
  },
};

export const search: StepCard = {
  name: "search",
  weight: () => 8,
  async run(world) {
    const query = randomQuery(world);
    if (world.random.chance(0.5)) {
      world.tell(`search of ${JSON.stringify(query)}`);
      await checkSearch(world, query);
      return;
    }
    world.tell(`search of ${JSON.stringify(query)} begins`);
    void searchBeside(world, query);
  },
};

async function searchBeside(world: World, query: SearchQuery): Promise<void> {
  const { model } = world;
  const { process } = world.running;
  const since = model.newest;
  try {
    const answer = await readSamples(process, query);
    if (world.isRunning(process)) compareSamples(world, query, { ...answer, since });
  } catch (error) {
    if (world.isRunning(process)) world.fail(error);
  }
}

/** Label names, label values, series: between what must be there and what was ever written. */
export const index: StepCard = {
  name: "index",
  weight: () => 6,
  async run(world) {
    const query = randomQuery(world);
    const name = world.random.pick(["__name__", "instance", "job", "rare"]);
    const signal = new AbortController().signal;
    world.tell(`index of ${name}, ${JSON.stringify(query)}`);
    const { lanes } = world.running.process;
    const must = seriesOf(world, query, true);
    const may = seriesOf(world, query, false);
    const compare = async (
      ask: (lane: (typeof lanes)[number]) => Promise<IndexAnswer<string>>,
      itemsOf: (key: string) => readonly string[],
    ): Promise<void> => {
      const answering = Promise.all(lanes.map(ask));
      if ((await world.attempt(answering)) !== "done") return;
      const answers = await answering;
      const missing = answers.flatMap(({ coverage }) => coverage.missing);
      checkCoverage(world, missing);
      const found = new Set(answers.flatMap(({ items }) => items));
      const lost = [...must].flatMap(itemsOf).filter((item) => !found.has(item));
      if (lost.length > 0 && (missing.length === 0 || world.damage !== "flipped bits"))
        throw new Finding(`the index does not list ${lost.join()}`);
      const known = new Set([...may].flatMap(itemsOf));
      const others = [...found].filter((item) => !known.has(item));
      if (others.length > 0) throw new Finding(`the index lists ${others.join()}`);
    };
    await compare(
      (lane) => lane.labelNames(query, 0, signal),
      (key) => Object.keys(POOL.get(key)?.labels ?? {}),
    );
    await compare(
      (lane) => lane.labelValues(name, query, 0, signal),
      (key) => {
        const value = POOL.get(key)?.labels[name];
        return value === undefined ? [] : [value];
      },
    );
    await compare(
      async (lane) => {
        const { items, coverage } = await lane.seriesKeys(query, 0, signal);
        return { items: items.map(keyText), coverage };
      },
      (key) => [key],
    );
    let countedCount = 0;
    await compare(
      async (lane) => {
        const counts = seriesSourceOf(lane).labelCounts(query, signal);
        const items: string[] = [];
        for await (const batch of counts) {
          for (const { name: label, value, seriesCount } of batch) {
            if (label === "") countedCount += seriesCount;
            else items.push(`${label}=${value}`);
          }
        }
        return { items, coverage: counts.coverage() };
      },
      (key) =>
        Object.entries(POOL.get(key)?.labels ?? {}).map(([label, value]) => `${label}=${value}`),
    );
    if (countedCount > may.size)
      throw new Finding(`the index counts ${countedCount} series, and there are ${may.size}`);
  },
};

/** Keys of series that pass: those with a sample in the time range for certain, or those that may have one at all. */
function seriesOf({ model, damage }: World, query: SearchQuery, isCertain: boolean): Set<string> {
  const keys = new Set<string>();
  for (const [key, places] of model.series) {
    const series = POOL.get(key);
    if (!series || series.tenant !== query.tenant || !passes(series, query.filters)) continue;
    for (const [ms, place] of places) {
      const isIn = ms >= query.startMs && ms <= query.endMs;
      const possible = model.possible(place);
      const isMeant = isCertain
        ? isIn && !possible.has(undefined)
        : possible.size > 1 || !possible.has(undefined) || damage === "flipped bits";
      if (!isMeant) continue;
      keys.add(key);
      break;
    }
  }
  return keys;
}

function randomQuery({ random, clock }: World): SearchQuery {
  const ends = [
    -8.64e15,
    8.64e15,
    clock.nowMs() - random.below(20) * 1000,
    clock.nowMs() - random.below(5 * 86_400_000),
  ];
  const [startMs, endMs] = [random.pick(ends), random.pick(ends)].toSorted((a, b) => a - b) as [
    number,
    number,
  ];
  const tenant = random.chance(0.8) ? TENANTS[0] : TENANTS[1];
  if (!tenant) throw new Error("there are two tenants");
  return { tenant, filters: randomFilters(random), startMs, endMs, seriesCountMax: 0 };
}
