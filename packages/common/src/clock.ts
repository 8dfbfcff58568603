/** The port to time, so that tests own it. */
export interface Clock {
  /** Unix time in integer milliseconds; may jump. */
  nowMs(): number;
  /** Milliseconds since some start; never goes back. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`; the returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, action: () => void): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
