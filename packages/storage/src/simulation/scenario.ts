/** A seed → what will happen: settings, and steps that each have a seed of their own, so that some can be left out. */
import { seededRandom } from "@tideline/common/testing";
import { randomSettings, type Settings } from "./settings.ts";
import { STEPS } from "./steps/shelf.ts";
import type { StepCard } from "./steps/step.ts";

interface PlannedStep {
  readonly card: StepCard;
  readonly seed: number;
}

/** Seeds from here on are those of settings that came later. */
const LATER_SEEDS = 2 ** 31;

export interface Scenario {
  readonly seed: number;
  readonly settings: Settings;
  readonly steps: readonly PlannedStep[];
}

export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed);
  const settings = randomSettings(random, seededRandom(seed + LATER_SEEDS));
  const weights = STEPS.map((card) => card.weight(settings));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const steps = Array.from({ length: settings.stepCount }, () => {
    let dice = random.below(sum);
    const at = weights.findIndex((weight) => (dice -= weight) < 0);
    return { card: STEPS[at] as StepCard, seed: random.u32() };
  });
  return { seed, settings, steps };
}
