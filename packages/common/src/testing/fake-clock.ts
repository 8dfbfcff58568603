/** A clock that stands still until a test moves it. */
import type { Clock } from "../clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly action: () => void;
}

export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer: Timer = { dueMs: this.#monotonicMs + delayMs, action };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets time pass; timers that come due run, in order. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter(({ dueMs }) => dueMs <= endMs)
        .toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#pass(Math.max(0, due.dueMs - this.#monotonicMs));
      due.action();
    }
    this.#pass(endMs - this.#monotonicMs);
  }

  /** The wall clock is set, as by an administrator; timers do not notice. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #pass(ms: number): void {
    this.#monotonicMs += ms;
    this.#nowMs += ms;
  }
}
