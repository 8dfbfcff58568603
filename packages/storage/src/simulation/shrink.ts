/** Leaves out what a failure does not need: chunks of steps, then single ones, as long as it still fails. */
import { runScenario, type Failure } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";

export interface Shrunk {
  readonly scenario: Scenario;
  readonly failure: Failure;
}

const RUNS_MAX = 300;

export async function shrink(scenario: Scenario, failure: Failure): Promise<Shrunk> {
  let best: Shrunk = { scenario, failure };
  let runCount = 0;
  for (let size = Math.ceil(scenario.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = best.scenario.steps.length - size; at >= 0 && runCount < RUNS_MAX; at -= size) {
      const steps = best.scenario.steps.toSpliced(at, size);
      const smaller = { ...best.scenario, steps };
      const stillFails = await runScenario(smaller);
      runCount += 1;
      if (stillFails) best = { scenario: smaller, failure: stillFails };
    }
  }
  return best;
}
