/** What the storage does beside writes and reads: flushes, ticks (syncs, retention); waited for, or going on meanwhile. */
import { CorruptionError, OverloadError } from "@tideline/model";
import type { World } from "../world.ts";
import type { StepCard } from "./step.ts";
import { mustWrite } from "./write.ts";

export const flush: StepCard = {
  name: "flush",
  weight: () => 8,
  async run(world) {
    const { newest } = world.model;
    const struckCount = world.disk.struckCount;
    const flushing = world.running.process.flush();
    const mayGoOn = world.random.chance(0.4);
    const note = (): void => {
      world.model.settle(newest);
      world.settled(struckCount);
    };
    await runWork(world, "flush", { work: flushing, mayGoOn, note });
  },
};

export const tick: StepCard = {
  name: "tick",
  weight: () => 10,
  async run(world) {
    const { running, clock, random } = world;
    clock.advance(random.pick([100, 1000, 11_000, 60_000, 3_600_000]));
    world.expire();
    const { newest } = world.model;
    const note = (hasTicked: boolean): void => {
      if (hasTicked && !world.isUnsettled) world.model.settle(newest);
    };
    const mayGoOn = random.chance(0.4);
    await runWork(world, "tick", { work: running.process.tick(), mayGoOn, note });
  },
};

/** Parts are merged towards one per window; on its own a lane merges what is due at a tick. */
export const forceMerge: StepCard = {
  name: "forceMerge",
  weight: () => 4,
  async run(world) {
    const work = world.running.process.forceMerge();
    // Where there is no room it waits for it: so nobody waits for it here. It fails where a part leaves meanwhile.
    world.tell("forced merge begins");
    work.catch((error: unknown) => {
      if (!(error instanceof OverloadError || error instanceof CorruptionError)) world.fail(error);
    });
    await world.turns.some(world.random.pick([0, 5, 1000]));
    world.throwFault();
  },
};

/** Whatever was wrong with the disk is mended: then the storage takes writes again, by itself. */
export const recover: StepCard = {
  name: "recover",
  weight: ({ mayFail }) => (mayFail ? 4 : 0),
  async run(world) {
    world.disk.heal();
    world.tell("the disk is well again");
    const { newest } = world.model;
    // A flush that failed is tried again after ten seconds.
    for (let i = 0; i < 3; i += 1) {
      world.clock.advance(11_000);
      await tick.run(world);
      await world.turns.some(1000);
      world.throwFault();
      if (world.isDead) return;
    }
    world.recovered();
    world.model.settle(newest);
    await mustWrite(world);
  },
};

/** Lets what is under way go on a little. */
export const pass: StepCard = {
  name: "pass",
  weight: () => 8,
  async run(world) {
    const count = world.random.pick([1, 3, 10, 1000]);
    await world.turns.some(count);
    world.throwFault();
    world.tell(`${count} turns pass`);
  },
};

interface Work<T> {
  readonly work: Promise<T>;
  /** It is not waited for: it goes on while other things happen. */
  readonly mayGoOn: boolean;
  /** Called when it has ended well. */
  readonly note: (result: T) => void;
}

async function runWork<T>(
  world: World,
  name: string,
  { work, mayGoOn, note }: Work<T>,
): Promise<void> {
  const { disk } = world;
  const struckCount = disk.struckCount;
  const { process } = world.running;
  const isCurrent = (): boolean => world.isRunning(process);
  const noted = (async () => {
    const result = await work;
    if (isCurrent()) note(result);
  })();
  if (!mayGoOn) {
    world.tell(`${name}: ${await world.attempt(noted)}`);
    return;
  }
  world.tell(`${name} begins`);
  noted.catch((error: unknown) => {
    // What was just written may be damaged before it is taken in: it is written again.
    const isDamage = error instanceof CorruptionError && world.damage === "flipped bits";
    if (isCurrent() && !isDamage && !world.hasTrouble(struckCount)) world.fail(error);
  });
}
