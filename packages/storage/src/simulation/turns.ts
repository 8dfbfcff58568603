/**
 * Who goes on next: whatever waits in a simulated process waits here, and goes on one by one, in an order that the seed
 * chooses. So a seed always gives the same run, and any interleaving of flushes, syncs, searches and writes can be met.
 */
import type { Random } from "@tideline/common/testing";

/** How a wait ended: `stuck` = nobody is left that could go on. */
export type Waited = "settled" | "dead" | "stuck";

export class Turns {
  random: Random;
  /** Chance that long work takes a breath when it may. */
  readonly breathChance: number;
  #waiting: (() => void)[] = [];

  constructor(random: Random, breathChance: number) {
    this.random = random;
    this.breathChance = breathChance;
  }

  /** Waits for its turn. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Lets one go on until it waits again. @returns false when nobody waits */
  async one(): Promise<boolean> {
    await settled();
    const [go] = this.#waiting.splice(this.random.below(this.#waiting.length), 1);
    if (!go) return false;
    go();
    await settled();
    return true;
  }

  async some(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) if (!(await this.one())) return;
  }

  /** Lets others go on until the promise has settled, or the process is dead. */
  async until(promise: Promise<unknown>, isDead: () => boolean): Promise<Waited> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    for (;;) {
      await settled();
      if (isDead()) return "dead";
      if (isSettled) return "settled";
      if (!(await this.one())) return "stuck";
    }
  }

  /** The process is dead: nothing of it goes on. */
  drop(): void {
    this.#waiting = [];
  }
}

/** All promises that can go on by themselves have done so. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

let current: Turns | null = null;

/** The turns of the run under way: one at a time in a thread. */
export function currentTurns(): Turns | null {
  return current;
}

export function setCurrentTurns(turns: Turns): void {
  current = turns;
}
