/** Ends and starts of the process: killed, without power, or closed in peace; with another number of lanes; and crashes on the way. */
import { checkEverything } from "../checks.ts";
import { Finding, type World } from "../world.ts";
import { failSomething, planRandomCrash } from "./harm.ts";
import { checkSnapshots } from "./snapshot.ts";
import type { StepCard } from "./step.ts";

export const kill: StepCard = {
  name: "kill",
  weight: () => 4,
  async run(world) {
    die(world);
    await start(world);
  },
};

/** Closed in peace: nothing is lost, whatever happens then. */
export const close: StepCard = {
  name: "close",
  weight: () => 4,
  async run(world) {
    const { newest } = world.model;
    const closing = world.running.process.close();
    const attempt = await world.attempt(closing);
    world.tell(`the storage is closed: ${attempt}`);
    if (attempt === "done" && !world.isUnsettled) world.model.settle(newest);
    die(world);
    await start(world);
  },
};

/** The process is gone: by itself, or with the power. */
export function die(world: World): void {
  const { random, settings } = world;
  const isCut = settings.mayCutPower && random.chance(0.6);
  world.tell(isCut ? "the power goes" : "the process dies");
  if (isCut) world.cutPower();
  else world.kill();
}

/** Starts the storage, perhaps not at the first try, and looks at what is there. */
export async function start(world: World): Promise<void> {
  const { random, settings } = world;
  if (settings.mayChangeLanes && random.chance(0.5)) world.laneCount = 1 + random.below(4);
  for (let tries = 0; ; tries += 1) {
    if (tries < 3) planTrouble(world);
    const attempt = await world.open();
    world.tell(`start with ${world.laneCount} lanes: ${attempt}`);
    if (attempt === "died") {
      die(world);
      continue;
    }
    if (attempt === "done") break;
    if (tries > 4) throw new Finding("the storage does not start although the disk is well");
    if (tries >= 2) world.disk.heal();
  }
  checkSnapshots(world);
  const found = await checkEverything(world);
  if (!found) return;
  world.model.collapse(found, !world.isUnsettled);
  world.expire();
}

function planTrouble(world: World): void {
  const { random, settings } = world;
  if (settings.mayCrash && random.chance(0.25)) planRandomCrash(world, 20);
  if (settings.mayFail && random.chance(0.2)) failSomething(world);
}
