/**
 * The query workers as main sees them: a job goes to the least busy worker, is cancelled by its signal,
 * and fails alone if its worker dies (law 4: a worker that dies is an error of its queries).
 *
 * A bounded number of jobs runs at once; more wait for a while and are then refused with 429.
 */
import { Worker } from "node:worker_threads";
import { assert, must, type Clock } from "@tideline/common";
import { ExecutionError, OverloadError } from "@tideline/model";
import type { FromWorker, Job, JobAnswer, ToWorker } from "./jobs.ts";
import { fromFailure } from "./job-failure.ts";

export interface QueryPoolOptions {
  readonly workerCount: number;
  /** Starts one worker and serves it the port to the data. */
  readonly startWorker: () => Worker;
  /** Jobs that run at once over all workers. */
  readonly concurrencyMax: number;
  readonly queueDurationMs: number;
  /** How long a cancelled job may go on until its worker is ended. */
  readonly cancelGraceMs: number;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
}

interface Member {
  worker: Worker;
  readonly jobs: Map<number, PendingJob>;
}

interface PendingJob {
  readonly resolve: (answer: JobAnswer) => void;
  readonly reject: (error: Error) => void;
  stopListening: () => void;
}

export class QueryPool {
  readonly #options: QueryPoolOptions;
  readonly #members: Member[];
  readonly #waiting: { admit: () => void; cancelTimer: () => void }[] = [];
  #runningCount = 0;
  #nextJobId = 1;
  #closed = false;
  /** Jobs refused because the queue did not move, and those that had to wait; for metrics. */
  readonly counters = { limitReached: 0, limitTimeout: 0, workerDeaths: 0 };

  constructor(options: QueryPoolOptions) {
    this.#options = options;
    this.#members = Array.from({ length: options.workerCount }, () => this.#startMember());
  }

  get runningCount(): number {
    return this.#runningCount;
  }

  get concurrencyMax(): number {
    return this.#options.concurrencyMax;
  }

  /**
   * @throws {OverloadError} 429 when no slot came free in time
   * @throws whatever the job failed with; an ExecutionError when its worker died
   */
  async run(job: Job, signal: AbortSignal): Promise<JobAnswer> {
    await this.#admit(signal);
    try {
      return await this.#runOnLeastBusy(job, signal);
    } finally {
      this.#runningCount -= 1;
      this.#waiting.shift()?.admit();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#members.map((member) => member.worker.terminate()));
  }

  async #admit(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#runningCount < this.#options.concurrencyMax) {
      this.#runningCount += 1;
      return;
    }
    this.counters.limitReached += 1;
    const { queueDurationMs, clock, concurrencyMax } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const leave = (): boolean => {
        const index = this.#waiting.indexOf(entry);
        if (index >= 0) this.#waiting.splice(index, 1);
        signal.removeEventListener("abort", onAbort);
        entry.cancelTimer();
        return index >= 0;
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const entry = {
        admit: () => {
          // The slot is handed over: nobody else can take it in between.
          this.#runningCount += 1;
          leave();
          resolve();
        },
        cancelTimer: clock.after(queueDurationMs, () => {
          leave();
          this.counters.limitTimeout += 1;
          reject(
            new OverloadError(
              "TIDELINE_QUERY_CONCURRENCY",
              `couldn't start executing the request in ${queueDurationMs / 1_000} seconds, since -search.maxConcurrentRequests=${concurrencyMax} concurrent requests are executed`,
              { status: 429, retryAfterMs: 10_000 },
            ),
          );
        }),
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(entry);
    });
  }

  #runOnLeastBusy(job: Job, signal: AbortSignal): Promise<JobAnswer> {
    const member = must(
      this.#members.reduce((best, other) => (other.jobs.size < best.jobs.size ? other : best)),
      "a pool has workers",
    );
    const jobId = this.#nextJobId;
    this.#nextJobId += 1;
    return new Promise<JobAnswer>((resolve, reject) => {
      const { worker } = member;
      const onAbort = (): void => {
        worker.postMessage({ type: "cancel", jobId } satisfies ToWorker);
        // A worker that is lost in a loop cannot hear it: end it, other queries of it fail with it.
        const cancelTimer = this.#options.clock.after(this.#options.cancelGraceMs, () => {
          void worker.terminate();
        });
        pending.stopListening = cancelTimer;
      };
      const pending: PendingJob = {
        resolve,
        reject,
        stopListening: () => {
          signal.removeEventListener("abort", onAbort);
        },
      };
      member.jobs.set(jobId, pending);
      signal.addEventListener("abort", onAbort, { once: true });
      worker.postMessage({ type: "run", jobId, job } satisfies ToWorker);
    });
  }

  #startMember(): Member {
    const member: Member = { worker: this.#options.startWorker(), jobs: new Map() };
    this.#listen(member);
    return member;
  }

  #listen(member: Member): void {
    const { worker } = member;
    worker.on("message", (message: FromWorker) => {
      if (message.type === "ready") return;
      const pending = member.jobs.get(message.jobId);
      assert(pending, "a worker answers each job once");
      member.jobs.delete(message.jobId);
      pending.stopListening();
      if (message.type === "answer") pending.resolve(message.answer);
      else pending.reject(fromFailure(message.failure));
    });
    let reason = "it was ended";
    worker.on("error", (error: Error) => {
      reason = error.message;
    });
    worker.on("exit", () => {
      const lost = [...member.jobs.values()];
      member.jobs.clear();
      for (const pending of lost) {
        pending.stopListening();
        pending.reject(
          new ExecutionError(
            "TIDELINE_QUERY_WORKER",
            `the query's worker stopped while it ran: ${reason}`,
          ),
        );
      }
      if (this.#closed) return;
      this.counters.workerDeaths += 1;
      this.#options.log.error(
        { reason, queryCount: lost.length },
        "a query worker stopped; starting another",
      );
      member.worker = this.#options.startWorker();
      this.#listen(member);
    });
  }
}
