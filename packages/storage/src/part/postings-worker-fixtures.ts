/** A thread with little heap, for postings-memory.test.ts: collects postings of series that share no label. */
import { DEFAULT_TENANT, seriesKey } from "@tideline/model";
import { parentPort, workerData } from "node:worker_threads";
import { PostingsBuilder } from "./postings-builder.ts";

const seriesCount = workerData as number;
const builder = new PostingsBuilder();
for (let i = 0; i < seriesCount; i += 1) {
  const value = String(i).padStart(8, "0");
  builder.add(i, seriesKey(DEFAULT_TENANT, [{ name: "id", value }]));
}
parentPort?.postMessage(builder.labelCount);
