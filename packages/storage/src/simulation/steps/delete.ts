/** Series are deleted, at all times or within a range: gone at once, for good; what is written afterwards is there. */
import { randomFilters, passes, POOL, TENANTS } from "../series-pool.ts";
import type { StepCard } from "./step.ts";

const DAY_MS = 86_400_000;

export const deleteSeries: StepCard = {
  name: "delete",
  weight: () => 5,
  async run(world) {
    const { random, model, clock } = world;
    const tenant = random.pick(TENANTS);
    const filters = randomFilters(random);
    if (filters.length === 0) filters.push([]);
    const fromMs = clock.nowMs() - random.below(random.pick([20_000, 20 * DAY_MS]));
    const [startMs, endMs] = random.chance(0.5)
      ? [-8.64e15, 8.64e15]
      : [fromMs, fromMs + random.below(random.pick([10_000, 5 * DAY_MS]))];
    const removals = model.remove((key, ms) => {
      const series = POOL.get(key);
      const isMeant = series?.tenant === tenant && passes(series, filters);
      return isMeant && ms >= startMs && ms <= endMs;
    });
    const request = { tenant, filters, startMs, endMs };
    const attempt = await world.attempt(world.running.process.deleter.deleteSeries(request));
    world.tell(`deleted ${removals.length} samples by ${JSON.stringify(request)}: ${attempt}`);
    if (attempt === "done") model.acknowledge(removals, true);
  },
};
