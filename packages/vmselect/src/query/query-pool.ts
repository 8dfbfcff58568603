/**
 * The query workers as main sees them: a job goes to the least busy worker, is cancelled by its signal,
 * and fails alone if its worker dies (law 4: a worker that dies is an error of its queries).
 */
import type { Worker } from "node:worker_threads";
import { assert, must, type Clock } from "@tideline/common";
import { ExecutionError } from "@tideline/model";
import { decodeFailure } from "@tideline/wire";
import type { FromWorker, Job, JobAnswer, ToWorker } from "./jobs.ts";

export interface QueryPoolOptions {
  readonly workerCount: number;
  /** Starts a worker that has its port to the data. */
  readonly startWorker: () => Worker;
  /** How long a cancelled job may go on before its worker is ended. */
  readonly cancelGraceMs: number;
  /** Settles when there is something to ask: workers warm up then, and not before, since what they would ask needs the CPU more. */
  readonly warmUpAfter: Promise<void>;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  /** A worker that cannot even start: no query will ever be answered. */
  readonly onFatal: (error: Error) => void;
}

interface Member {
  worker: Worker;
  isReady: boolean;
  readonly jobs: Map<number, PendingJob>;
}

/** `settle` is called once, by the worker's answer or its end. */
interface PendingJob {
  readonly settle: (outcome: { answer: JobAnswer } | { error: Error }) => void;
}

export class QueryPool {
  readonly #options: QueryPoolOptions;
  readonly #members: Member[];
  #nextJobId = 1;
  #isClosed = false;
  #isWarm = false;
  /** Workers that stopped by themselves or had to be ended. */
  workerDeathCount = 0;

  constructor(options: QueryPoolOptions) {
    this.#options = options;
    this.#members = Array.from({ length: options.workerCount }, () => {
      const member: Member = { worker: options.startWorker(), isReady: false, jobs: new Map() };
      this.#listen(member);
      return member;
    });
    void this.#warmUp();
  }

  /**
   * @throws the signal's reason as soon as it is aborted; an ExecutionError when the job's worker dies; or
   * what the job failed with
   */
  run(job: Job, signal: AbortSignal): Promise<JobAnswer> {
    signal.throwIfAborted();
    const member = must(
      this.#members.toSorted((a, b) => a.jobs.size - b.jobs.size)[0],
      "a pool has workers",
    );
    const { worker } = member;
    const jobId = this.#nextJobId;
    this.#nextJobId += 1;
    return new Promise<JobAnswer>((resolve, reject) => {
      let stopGrace: (() => void) | undefined;
      const cancel = (): void => {
        worker.postMessage({ type: "cancel", jobId } satisfies ToWorker);
        // A worker that is lost in a loop cannot hear it: end it, and its other queries with it.
        stopGrace = this.#options.clock.after(this.#options.cancelGraceMs, () => {
          void worker.terminate();
        });
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", cancel, { once: true });
      member.jobs.set(jobId, {
        settle(outcome) {
          signal.removeEventListener("abort", cancel);
          stopGrace?.();
          if ("answer" in outcome) resolve(outcome.answer);
          else reject(outcome.error);
        },
      });
      worker.postMessage({ type: "run", jobId, job } satisfies ToWorker);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#members.map((member) => member.worker.terminate()));
  }

  async #warmUp(): Promise<void> {
    await this.#options.warmUpAfter;
    this.#isWarm = true;
    for (const { worker } of this.#members) warmUp(worker);
  }

  #listen(member: Member): void {
    const { worker } = member;
    let reason = "it was ended";
    worker.on("message", (message: FromWorker) => {
      if (message.type === "ready") {
        member.isReady = true;
        return;
      }
      const pending = member.jobs.get(message.jobId);
      assert(pending, "a worker answers each of its jobs once");
      member.jobs.delete(message.jobId);
      pending.settle(
        message.type === "answer"
          ? { answer: message.answer }
          : { error: decodeFailure(message.failure) },
      );
    });
    worker.on("error", (error: Error) => {
      reason = error.message;
    });
    worker.on("exit", () => {
      this.#replace(member, reason);
    });
  }

  #replace(member: Member, reason: string): void {
    const lost = [...member.jobs.values()];
    member.jobs.clear();
    const error = new ExecutionError(
      "TIDELINE_QUERY_WORKER",
      `Cannot finish the query: its worker stopped (${reason})`,
    );
    for (const pending of lost) pending.settle({ error });
    if (this.#isClosed) return;
    if (!member.isReady) {
      this.#options.onFatal(new Error(`a query worker cannot start: ${reason}`));
      return;
    }
    this.workerDeathCount += 1;
    this.#options.log.error(
      { reason, queryCount: lost.length },
      "a query worker stopped; another one starts",
    );
    member.worker = this.#options.startWorker();
    member.isReady = false;
    if (this.#isWarm) warmUp(member.worker);
    this.#listen(member);
  }
}

function warmUp(worker: Worker): void {
  worker.postMessage({ type: "warmUp" } satisfies ToWorker);
}
