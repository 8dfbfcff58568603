/** Clocks: time passes, and the wall clock is set, far ahead or back. Monotonic time does not notice. */
import type { StepCard } from "./step.ts";

const HOUR_MS = 3_600_000;

export const jump: StepCard = {
  name: "jump",
  weight: ({ mayJump }) => (mayJump ? 5 : 0),
  async run(world) {
    const { random, clock } = world;
    const hours = random.pick([-400, -30, -1, 1, 30, 300, 2000]);
    clock.jumpTo(clock.nowMs() + hours * HOUR_MS + random.below(1000));
    // Where the disk fails, the storage may not know the time from before.
    if (Math.abs(hours) > 25 && !world.settings.mayFail) world.hasClockJumped = true;
    world.tell(`the clock jumps by ${hours} hours`);
  },
};

export const wait: StepCard = {
  name: "wait",
  weight: () => 3,
  async run(world) {
    const hours = world.random.pick([1, 24, 100]);
    world.clock.advance(hours * HOUR_MS);
    world.tell(`${hours} hours pass`);
  },
};
