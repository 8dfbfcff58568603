/** Senders write: one batch, or several that share a write to the log. */
import type { WriteOutcome } from "@tideline/model";
import { batchOf, keyText, type Row } from "../../lane/lane-fixtures.ts";
import type { Happening } from "../model.ts";
import { randomRows } from "../series-pool.ts";
import { Finding, type World } from "../world.ts";
import type { StepCard } from "./step.ts";

export const write: StepCard = {
  name: "write",
  weight: () => 40,
  async run(world) {
    const { random } = world;
    const count = random.pick([1, 1, 2, 3]);
    const writes = Array.from({ length: count }, () => startWrite(world));
    for (const one of writes) await endWrite(world, one);
  },
};

/** A sender's connection breaks, or its series table is full: everything is told anew. */
export const connect: StepCard = {
  name: "connect",
  weight: () => 4,
  async run(world) {
    const { running, random } = world;
    if (random.chance(0.5)) running.table.renew();
    else running.routers[random.below(2)] = running.process.connect();
    world.tell("a sender connects anew");
  },
};

/** A write that must be taken, now that nothing is wrong with the disk. */
export async function mustWrite(world: World): Promise<void> {
  const outcome = await endWrite(world, startWrite(world));
  if (outcome === "refused") throw new Finding("a write is refused although the disk is well");
}

interface StartedWrite {
  readonly rows: readonly Row[];
  /** Rows within the bounds of time. */
  readonly takenRows: readonly Row[];
  readonly sent: readonly Happening[];
  readonly writing: Promise<WriteOutcome>;
}

function startWrite(world: World): StartedWrite {
  const { random, running, settings } = world;
  const nowMs = world.clock.nowMs();
  const { retentionMs, futureRetentionMs } = settings;
  const rows = randomRows(random, { nowMs, retentionMs, futureRetentionMs });
  const takenRows = rows.filter(
    ({ ms }) => ms >= nowMs - retentionMs && ms <= nowMs + futureRetentionMs,
  );
  const router = running.routers[random.below(2)];
  if (!router) throw new Error("there are two senders");
  for (const { key } of rows) world.sentSeries.add(keyText(key));
  for (const { ms } of takenRows) world.newestSampleMs = Math.max(world.newestSampleMs, ms);
  const sent = world.model.send(takenRows);
  const writing = running.process.write(router, batchOf(running.table, rows));
  // The process may die first: then nobody waits for it.
  writing.catch(() => undefined);
  return { rows, takenRows, sent, writing };
}

async function endWrite(
  world: World,
  { rows, takenRows, sent, writing }: StartedWrite,
): Promise<"done" | "refused" | "died"> {
  const { model, settings } = world;
  const attempt = await world.attempt(writing);
  world.tell(`wrote ${rows.length} rows, ${takenRows.length} of them in time: ${attempt}`);
  if (attempt !== "done") return attempt;
  const { ignoredByReason } = await writing;
  const limitedCount = checkLimits(world, ignoredByReason);
  const ignored = Object.values(ignoredByReason).reduce((sum, count) => sum + count, 0);
  // Rows out of time that a limit refuses are counted there.
  const isRight = limitedCount > 0 || ignored === rows.length - takenRows.length;
  if (!isRight) throw new Finding(`rows were left out: ${JSON.stringify(ignoredByReason)}`);
  // Nobody knows which of the rows were refused.
  if (limitedCount === 0) model.acknowledge(sent, settings.walSync === "always");
  return attempt;
}

/** No series is refused as long as all fit in. @returns rows refused by limits. @throws {Finding} */
function checkLimits(world: World, ignoredByReason: Readonly<Record<string, number>>): number {
  const { hourlySeriesMax, dailySeriesMax } = world.settings;
  const limits = [
    { reason: "hourly_series_limit", max: hourlySeriesMax },
    { reason: "daily_series_limit", max: dailySeriesMax },
  ];
  return limits.reduce((sum, { reason, max }) => {
    const count = ignoredByReason[reason] ?? 0;
    if (count > 0 && (max === 0 || world.sentSeries.size <= max))
      throw new Finding(`${count} rows are beyond a limit of ${max}: ${reason}`);
    return sum + count;
  }, 0);
}
