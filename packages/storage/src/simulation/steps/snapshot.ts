/** Snapshots are made, started on, kept while their origin goes on, and deleted. */
import { FakeDisk } from "@tideline/common/testing";
import { copyTree, readSamples, type Samples } from "../../lane/lane-fixtures.ts";
import { compareSamples, everythingOf } from "../checks.ts";
import { DATA_PATH } from "../storage-process.ts";
import { TENANTS } from "../series-pool.ts";
import { Finding, type World } from "../world.ts";
import type { StepCard } from "./step.ts";

/** What was acknowledged before is in it; and a storage starts on a copy of it. */
export const makeSnapshot: StepCard = {
  name: "makeSnapshot",
  weight: () => 3,
  async run(world) {
    const since = world.model.newest;
    const creating = world.running.process.snapshots.create();
    const attempt = await world.attempt(creating);
    world.tell(`snapshot: ${attempt}`);
    world.areSnapshotsCertain &&= attempt === "done";
    if (attempt !== "done") return;
    const name = await creating;
    world.snapshots.set(name, await startOn(world, name, since));
  },
};

/** Whatever has happened since: a snapshot holds what it held. */
export const startOnSnapshot: StepCard = {
  name: "startOnSnapshot",
  weight: () => 2,
  async run(world) {
    const [name, before] = world.random.pick([...world.snapshots]) ?? [];
    if (name === undefined || before === undefined || world.damage === "flipped bits") return;
    if (world.isDead) return;
    world.tell(`a start on snapshot ${name}`);
    const now = await startOn(world, name, null);
    const { expiredBeforeMs } = world;
    if (textOf(now, expiredBeforeMs) !== textOf(before, expiredBeforeMs))
      throw new Finding(`snapshot ${name} has changed`);
  },
};

export const deleteSnapshot: StepCard = {
  name: "deleteSnapshot",
  weight: () => 1,
  async run(world) {
    const [name] = world.random.pick([...world.snapshots]) ?? [];
    if (name === undefined) return;
    world.snapshots.delete(name);
    const deleting = (async () => {
      world.running.process.snapshots.delete(name);
    })();
    const attempt = await world.attempt(deleting);
    world.areSnapshotsCertain &&= attempt === "done";
    world.tell(`snapshot ${name} is deleted: ${attempt}`);
  },
};

/** @param since what was acknowledged by then must be inside; null: nothing is compared */
async function startOn(world: World, name: string, since: number | null): Promise<Samples> {
  const copy = new FakeDisk({ pause: () => world.turns.wait() });
  copyTree(world.disk, `${DATA_PATH}/snapshots/${name}`, copy, DATA_PATH);
  const all: Samples = new Map();
  const process = await world.openOn(copy);
  for (const tenant of TENANTS) {
    const query = everythingOf(tenant);
    const reading = readSamples(process, query);
    await world.finish(reading);
    const answer = await reading;
    if (since !== null)
      compareSamples(world, query, { ...answer, since, fromMs: world.expiredBeforeMs });
    for (const [key, samples] of answer.samples) all.set(key, samples);
  }
  await world.finish(process.close());
  return all;
}

/** All samples that retention cannot have dropped. */
function textOf(samples: Samples, fromMs: number): string {
  return [...samples]
    .flatMap(([key, places]) => [...places].map(([ms, bits]) => ({ key, ms, bits })))
    .filter(({ ms }) => ms >= fromMs)
    .map(({ key, ms, bits }) => `${key} ${ms} ${bits}`)
    .toSorted()
    .join("\n");
}

/** After a start: the snapshots that were made are there, and no others. @throws {Finding} */
export function checkSnapshots(world: World): void {
  const names = world.running.process.snapshots.list();
  const lost = [...world.snapshots.keys()].filter((name) => !names.includes(name));
  if (lost.length > 0) throw new Finding(`snapshots ${lost.join()} are gone`);
  const isMore = names.length > world.snapshots.size;
  if (isMore && world.areSnapshotsCertain) throw new Finding(`there are snapshots ${names.join()}`);
}
