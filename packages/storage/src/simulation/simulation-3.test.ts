/** The simulated storage: a quarter of the seeds, so that vitest spreads them over the cores. See simulate.ts. */
import { expect, test, vi } from "vitest";
import { SHARD_TIMEOUT_MS, simulateShard } from "./simulate.ts";

vi.mock("../lane/breather.ts", () => import("./seeded-breather.ts"));

test(
  "what was acknowledged is found, whatever happens in between",
  async () => {
    await expect(simulateShard(2)).resolves.toBeGreaterThanOrEqual(0);
  },
  SHARD_TIMEOUT_MS,
);
