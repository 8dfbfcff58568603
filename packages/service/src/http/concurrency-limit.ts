/**
 * At most so many at a time, a bounded wait for a place, then OverloadError: what stands before inserts
 * and queries so that too many of them slow each other down in turn, not all at once.
 */
import { OverloadError } from "@tideline/model";

export interface ConcurrencyLimitOptions {
  /** What waits, for the error's text: "queries". */
  readonly noun: string;
  readonly concurrentMax: number;
  readonly queueTimeoutMs: number;
  /** 429 or 503. */
  readonly status: number;
  /** Waiting ones past which a newcomer is refused at once; 100 per place when not given. */
  readonly waitingMax?: number;
}

interface Waiter {
  readonly enter: () => void;
}

export class ConcurrencyLimit {
  readonly #options: ConcurrencyLimitOptions;
  readonly #waiters = new Set<Waiter>();
  #runningCount = 0;
  #reachedCount = 0;
  #refusedCount = 0;

  constructor(options: ConcurrencyLimitOptions) {
    this.#options = options;
  }

  get concurrentMax(): number {
    return this.#options.concurrentMax;
  }

  /** Of those who came: how many found no place free. */
  get reachedCount(): number {
    return this.#reachedCount;
  }

  /** And how many got none at all: refused at once, or after their wait. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  get runningCount(): number {
    return this.#runningCount;
  }

  /** Whether who comes now must wait. */
  get isFull(): boolean {
    return this.#runningCount >= this.#options.concurrentMax;
  }

  get waitingCount(): number {
    return this.#waiters.size;
  }

  /**
   * Runs `work` when there is a place.
   *
   * @throws {OverloadError} no place in time; or the signal's reason, when it is aborted while waiting
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.isFull) await this.#wait(signal);
    else this.#runningCount += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** The place of one who leaves goes to the one who waits longest. */
  #leave(): void {
    const [next] = this.#waiters;
    if (next) next.enter();
    else this.#runningCount -= 1;
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { concurrentMax, queueTimeoutMs, waitingMax = concurrentMax * 100 } = this.#options;
    this.#reachedCount += 1;
    if (this.#waiters.size >= waitingMax) return Promise.reject(this.#overload());
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener("abort", leave);
      };
      const leave = (): void => {
        stop();
        // The reason is whatever the signal's owner gave.
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        enter() {
          stop();
          resolve();
        },
      };
      const timer = setTimeout(() => {
        stop();
        reject(this.#overload());
      }, queueTimeoutMs);
      this.#waiters.add(waiter);
      if (signal?.aborted) leave();
      else signal?.addEventListener("abort", leave, { once: true });
    });
  }

  #overload(): OverloadError {
    this.#refusedCount += 1;
    const { noun, concurrentMax, queueTimeoutMs, status } = this.#options;
    return new OverloadError(
      "TIDELINE_CONCURRENCY",
      `Cannot start within ${queueTimeoutMs} ms: ${concurrentMax} ${noun} are running and ${this.#waiters.size} waiting`,
      { status, retryAfterMs: 10_000 },
    );
  }
}
