/**
 * Entry of a query worker: runs jobs that main sends, over the port to the data that it was given.
 * Answers' bytes are handed over, not copied.
 */
import { parentPort, workerData } from "node:worker_threads";
import { keepCompiledSources, must } from "@tideline/common";
import { CreditGate, encodeFailure, portFrameSource, seriesSourceOf } from "@tideline/wire";
import { sendAnswer } from "./answer-chunks.ts";
import {
  CHUNKS_IN_FLIGHT_MAX,
  type FromWorker,
  type QueryWorkerData,
  type ToWorker,
} from "./jobs.ts";
import { memoryPoolOf } from "./query-memory.ts";
import { runJob } from "./run-job.ts";
import { warmUp } from "../warm-up/worker-warm-up.ts";

const main = must(parentPort, "this file is run as a worker");
const { framePort, memory } = workerData as QueryWorkerData;
const pool = memoryPoolOf(memory);
const source = seriesSourceOf(portFrameSource(framePort));
/** Most of the code that queries use is compiled by then. */
const WARM_UP_CPU_MS = 150;
const running = new Map<number, { readonly cancel: AbortController; readonly gate: CreditGate }>();

main.on("message", (message: ToWorker) => {
  if (message.type === "cancel") running.get(message.jobId)?.cancel.abort();
  else if (message.type === "credit") running.get(message.jobId)?.gate.add(1);
  else if (message.type === "run") void run(message);
  else void becomeWarm();
});

async function becomeWarm(): Promise<void> {
  await warmUp(WARM_UP_CPU_MS, () => running.size > 0);
  main.postMessage({ type: "warm" } satisfies FromWorker);
}

async function run({ jobId, job }: Extract<ToWorker, { type: "run" }>): Promise<void> {
  const cancel = new AbortController();
  const gate = new CreditGate();
  gate.add(CHUNKS_IN_FLIGHT_MAX);
  running.set(jobId, { cancel, gate });
  try {
    const output = await runJob(job, source, cancel.signal, pool);
    await sendAnswer(jobId, output, gate, cancel.signal, (message, buffers) => {
      main.postMessage(message, buffers);
    });
  } catch (error) {
    main.postMessage({
      type: "failure",
      jobId,
      failure: encodeFailure(error),
    } satisfies FromWorker);
  } finally {
    running.delete(jobId);
  }
}

main.postMessage({ type: "ready" } satisfies FromWorker);
keepCompiledSources();
