/**
 * Stands in the place of lane/breather.ts in a simulation: when long work lets others go on is drawn from the seed, not from
 * the machine's clock. Each test file that simulates says so: `vi.mock("../lane/breather.ts", () => import("./seeded-breather.ts"))`.
 */
import { currentTurns } from "./turns.ts";

export class Breather {
  get due(): boolean {
    const turns = currentTurns();
    return turns !== null && turns.random.chance(turns.breathChance);
  }

  async breathe(): Promise<void> {
    await currentTurns()?.wait();
  }
}
