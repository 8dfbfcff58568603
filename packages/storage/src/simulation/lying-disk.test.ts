/** That the simulation can fail: a disk that says it did what it did not must be found out. */
import { expect, test, vi } from "vitest";
import type { Lie } from "./process-disk.ts";
import { runScenario } from "./run-scenario.ts";
import { scenarioOf } from "./scenario.ts";

vi.mock("../lane/breather.ts", () => import("./seeded-breather.ts"));

async function seedsUntilFound(lie: Lie, seedMax: number): Promise<number | null> {
  for (let seed = 1; seed <= seedMax; seed += 1) {
    if (await runScenario(scenarioOf(seed), lie)) return seed;
  }
  return null;
}

test.for(["sync", "syncFolder", "append"] as const)(
  "a disk that lies about %s is found out",
  async (lie) => {
    expect(await seedsUntilFound(lie, 100)).not.toBeNull();
  },
);
