/** What a step is: a card on the shelf (steps/shelf.ts). */
import type { Settings } from "../settings.ts";
import type { World } from "../world.ts";

export interface StepCard {
  readonly name: string;
  /** How often it is drawn, against the others; 0 where the settings rule it out. */
  readonly weight: (settings: Settings) => number;
  /** All its choices come from `world.random`. @throws {Finding} what is found is not what must be */
  readonly run: (world: World) => Promise<void>;
}
