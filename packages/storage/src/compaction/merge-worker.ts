/** Entry of a merge's thread: runs one job, at a low priority, and ends. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { must, NodeDisk } from "@tideline/common";
import { encodeFailure, isKnownError } from "@tideline/wire";
import type { MergeJob, MergeResult } from "./merge-job.ts";
import { runMerge } from "./run-merge.ts";

export type MergeWorkerMessage =
  | { readonly type: "result"; readonly result: MergeResult }
  | { readonly type: "failed"; readonly failure: Uint8Array };

/** Lanes and queries go first where there is less CPU than work. */
const NICENESS = 10;

const port = must(parentPort, "a merge runs in a worker");

function tell(message: MergeWorkerMessage): void {
  port.postMessage(message);
}

// On Linux 0 is the calling thread, not its process (setpriority(2), "C library/kernel differences").
if (process.platform === "linux") setPriority(0, NICENESS);

try {
  tell({
    type: "result",
    result: await runMerge(workerData as MergeJob, { disk: new NodeDisk() }),
  });
} catch (error) {
  if (!isKnownError(error)) throw error;
  tell({ type: "failed", failure: encodeFailure(error) });
}
