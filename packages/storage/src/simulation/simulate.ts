/**
 * Runs seeds and reports the first that fails, with as few steps as it needs.
 *
 * Tour of the simulation: `scenario.ts` makes settings and steps of a seed, `steps/` has what may happen, one card each;
 * `world.ts` is the machine it happens to, with `storage-process.ts` running on it and `turns.ts` deciding who goes on next;
 * `model.ts` knows what may be found, `checks.ts` compares; `shrink.ts` leaves out what a failure does not need.
 */
import { inspect } from "node:util";
import { seedList } from "@tideline/common/testing";
import { runScenario } from "./run-scenario.ts";
import { scenarioOf } from "./scenario.ts";
import { shrink } from "./shrink.ts";

/** All seeds of CI, shared by as many test files as there are shards. */
const SEED_COUNT = 2000;
const SHARD_COUNT = 4;

/** A shard takes some ten seconds of CPU; long runs take as many times as long. */
export const SHARD_TIMEOUT_MS = 300_000 * Number(process.env["TIDELINE_SEED_FACTOR"] ?? 1);

/**
 * Runs the seeds of one shard, counted from 0. With TIDELINE_SEED only one shard has any.
 *
 * @returns how many
 * @throws what went wrong with the first that fails, and how to see it again
 */
export async function simulateShard(shard: number): Promise<number> {
  const seeds = seedList(SEED_COUNT).filter((seed) => seed % SHARD_COUNT === shard);
  for (const seed of seeds) await simulate(seed);
  return seeds.length;
}

async function simulate(seed: number): Promise<void> {
  const scenario = scenarioOf(seed);
  const failure = await runScenario(scenario);
  if (!failure) return;
  const { scenario: small, failure: smallFailure } = await shrink(scenario, failure);
  const error =
    smallFailure.error instanceof Error ? smallFailure.error.stack : String(smallFailure.error);
  throw new Error(
    [
      `seed ${seed} fails (TIDELINE_SEED=${seed} runs it alone)`,
      inspect(scenario.settings, { breakLength: 120 }),
      `${small.steps.length} of ${scenario.steps.length} steps are left: ${small.steps.map(({ card }) => card.name).join(" ")}`,
      ...smallFailure.story.map((line) => `- ${line}`),
      String(error),
    ].join("\n"),
    { cause: smallFailure.error },
  );
}
