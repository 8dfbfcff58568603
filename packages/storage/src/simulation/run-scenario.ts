/** Runs a scenario and tells what went wrong. */
import { checkEverything } from "./checks.ts";
import type { Lie } from "./process-disk.ts";
import type { Scenario } from "./scenario.ts";
import { die, start } from "./steps/start.ts";
import { World } from "./world.ts";

export interface Failure {
  readonly error: unknown;
  /** What happened, line by line. */
  readonly story: readonly string[];
}

/** @returns null when all was as it must be */
export async function runScenario(
  { seed, settings, steps }: Scenario,
  lie: Lie | null = null,
): Promise<Failure | null> {
  const world = new World(seed, settings, lie);
  try {
    await start(world);
    for (const { card, seed: stepSeed } of steps) {
      world.reseed(stepSeed);
      await card.run(world);
      await afterStep(world);
    }
    await checkEverything(world);
    await afterStep(world);
    // Whatever is under way ends.
    await world.turns.some(10_000);
    await afterStep(world);
    die(world);
    world.disk.heal();
    await start(world);
    await afterStep(world);
    return null;
  } catch (error) {
    return { error, story: world.story };
  }
}

/** Others go on meanwhile; and a process that has died is started again. */
async function afterStep(world: World): Promise<void> {
  await world.turns.some(world.random.below(3));
  world.throwFault();
  while (world.isDead) {
    die(world);
    await start(world);
    world.throwFault();
  }
}
