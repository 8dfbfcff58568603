/**
 * Lets the event loop turn while a query computes, so that its cancel can arrive, and stops it then.
 */
import { setImmediate } from "node:timers/promises";

/** Longest stretch of computing without a turn, in milliseconds. */
const STRETCH_MS = 20;

export class Pacer {
  readonly signal: AbortSignal;
  #turnedAtMs = performance.now();

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** Whether `turn` is due; asked between batches of series. */
  get isDue(): boolean {
    return performance.now() - this.#turnedAtMs >= STRETCH_MS;
  }

  /** Waits for one turn of the event loop if it is due. @throws the signal's reason once it is aborted */
  async turn(): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.isDue) return;
    await setImmediate();
    this.signal.throwIfAborted();
    this.#turnedAtMs = performance.now();
  }
}
