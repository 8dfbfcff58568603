/**
 * The query workers as main sees them: a job goes to the least busy worker, is cancelled by its signal,
 * and fails alone if its worker dies (law 4: a worker that dies is an error of its queries).
 */
import type { Worker } from "node:worker_threads";
import { assert, must, type Clock } from "@tideline/common";
import { ExecutionError } from "@tideline/model";
import { decodeFailure } from "@tideline/wire";
import { ChunkQueue } from "./answer-chunks.ts";
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
  /** Called when its warm-up is over. */
  onWarm: () => void;
  readonly jobs: Map<number, PendingJob>;
}

interface PendingJob {
  /** Called once, by the worker's answer or its end. */
  readonly settle: (outcome: { answer: JobAnswer } | { error: Error }) => void;
  /** Once the answer has begun: the rest of it. */
  rest: ChunkQueue | null;
}

type JobMessage = Exclude<FromWorker, { type: "ready" | "warm" }>;

export class QueryPool {
  readonly #options: QueryPoolOptions;
  readonly #members: Member[];
  #nextJobId = 1;
  #isClosed = false;
  #isWarm = false;
  /** Resolves when the first workers have warmed up; never when one of them dies before. */
  readonly warm: Promise<void>;
  /** Workers that stopped by themselves or had to be ended. */
  workerDeathCount = 0;

  constructor(options: QueryPoolOptions) {
    this.#options = options;
    this.#members = Array.from({ length: options.workerCount }, () => {
      const member: Member = {
        worker: options.startWorker(),
        isReady: false,
        onWarm: () => undefined,
        jobs: new Map(),
      };
      this.#listen(member);
      return member;
    });
    this.warm = this.#warmUp();
  }

  /**
   * Resolves when the answer begins: from then on the signal does not count, the rest of the answer is cancelled by itself.
   *
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
        rest: null,
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
    const warm = this.#members.map(
      (member) => new Promise<void>((resolve) => (member.onWarm = resolve)),
    );
    for (const { worker } of this.#members) warmUp(worker);
    await Promise.all(warm);
  }

  #listen(member: Member): void {
    const { worker } = member;
    let reason = "it was ended";
    worker.on("message", (message: FromWorker) => {
      if (message.type === "ready") {
        member.isReady = true;
      } else if (message.type === "warm") {
        member.onWarm();
      } else {
        onJobMessage(member, worker, message);
      }
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
    for (const pending of lost) fail(pending, error);
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

function onJobMessage(member: Member, worker: Worker, message: JobMessage): void {
  const { jobId } = message;
  const job = member.jobs.get(jobId);
  assert(job, "a worker ends each of its jobs once");
  if (message.type === "chunk") {
    job.rest?.push(message.chunk);
    return;
  }
  const goesOn = message.type === "answer" && message.heldSize !== null;
  if (!goesOn) member.jobs.delete(jobId);
  if (message.type === "end") {
    job.rest?.end();
  } else if (message.type === "failure") {
    fail(job, decodeFailure(message.failure));
  } else {
    const { facts, chunks, heldSize } = message;
    if (heldSize !== null) job.rest = restOf(worker, jobId, heldSize);
    job.settle({ answer: { ...facts, chunks, rest: job.rest } });
  }
}

function restOf(worker: Worker, jobId: number, workerSize: number): ChunkQueue {
  return new ChunkQueue({
    workerSize,
    onRead() {
      worker.postMessage({ type: "credit", jobId } satisfies ToWorker);
    },
    onCancel() {
      worker.postMessage({ type: "cancel", jobId } satisfies ToWorker);
    },
  });
}

function fail(job: PendingJob, error: Error): void {
  if (job.rest) job.rest.fail(error);
  else job.settle({ error });
}
