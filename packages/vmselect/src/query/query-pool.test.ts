import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "@tideline/common";
import { DEFAULT_TENANT } from "@tideline/model";
import type { IndexJob, JobAnswer } from "./jobs.ts";
import { QueryPool } from "./query-pool.ts";

/** Does what the job's label name says: answers, dies, or runs until it is ended. */
const WORKER = `
  const { parentPort } = require("node:worker_threads");
  let warmUps = 0;
  parentPort.on("message", ({ type, jobId, job }) => {
    if (type === "warmUp") {
      warmUps += 1;
      parentPort.postMessage({ type: "warm" });
    }
    if (type === "cancel") parentPort.postMessage({ type: "failure", jobId, failure: new Uint8Array([0]) });
    if (type !== "run") return;
    if (job.labelName.startsWith("begin")) {
      parentPort.postMessage({ type: "answer", jobId, facts: {}, chunks: [Buffer.from("a")], heldSize: 5 });
      parentPort.postMessage({ type: "chunk", jobId, chunk: Buffer.from("b") });
      if (job.labelName === "begin, end") parentPort.postMessage({ type: "end", jobId });
      if (job.labelName === "begin, die") setTimeout(() => { throw new Error("out of luck"); }, 20);
      return;
    }
    if (job.labelName === "die") throw new Error("out of luck");
    if (job.labelName === "spin") for (;;);
    if (job.labelName === "wait") return;
    const facts = { coverage: { missing: [] }, warnings: [job.labelName === "warm-ups" ? String(warmUps) : job.labelName], infos: [], seriesFetchedCount: 0, samplesReadCount: 0 };
    parentPort.postMessage({ type: "answer", jobId, facts, chunks: [], heldSize: null });
  });
  parentPort.postMessage({ type: "ready" });
`;

const job = (labelName: string): IndexJob => ({
  kind: "labelValues",
  tenant: DEFAULT_TENANT,
  selectorTexts: [],
  extraFilters: { selectorTexts: [], labels: [] },
  startMs: 0,
  endMs: 0,
  labelName,
  limit: 0,
  limitName: "limit",
  seriesCountMax: 0,
  seriesCountFlag: "",
});

let pool: QueryPool;
let workers: Worker[];
let fatal: Error[];

async function openPool(
  workerCount: number,
  source = WORKER,
  warmUpAfter: Promise<void> = new Promise(() => undefined),
): Promise<void> {
  workers = [];
  fatal = [];
  pool = new QueryPool({
    workerCount,
    startWorker() {
      const worker = new Worker(source, { eval: true });
      workers.push(worker);
      return worker;
    },
    cancelGraceMs: 20,
    warmUpAfter,
    clock: systemClock,
    log: { error() {} },
    onFatal: (error) => fatal.push(error),
  });
  await Promise.all(workers.map((worker) => once(worker, "message")));
}

afterEach(() => pool.close());

const never = new AbortController().signal;

test("a job is answered by a worker that is free", async () => {
  await openPool(2);
  const waits = pool.run(job("wait"), never).catch(() => "ended");
  expect((await pool.run(job("one"), never)).warnings).toEqual(["one"]);
  expect((await pool.run(job("two"), never)).warnings).toEqual(["two"]);
  await pool.close();
  expect(await waits).toBe("ended");
});

test("a worker that dies fails its own job, and another one takes its place", async () => {
  await openPool(1);
  await expect(pool.run(job("die"), never)).rejects.toThrow(/its worker stopped \(out of luck\)/);
  expect((await pool.run(job("after"), never)).warnings).toEqual(["after"]);
  expect(pool.workerDeathCount).toBe(1);
});

test("workers warm up once there is something to ask, and so do those that take a dead one's place", async () => {
  const source = Promise.withResolvers<void>();
  await openPool(1, WORKER, source.promise);
  const warmUps = async () => (await pool.run(job("warm-ups"), never)).warnings;
  expect(await warmUps()).toEqual(["0"]);
  source.resolve();
  await source.promise;
  await pool.warm;
  expect(await warmUps()).toEqual(["1"]);
  await expect(pool.run(job("die"), never)).rejects.toThrow("out of luck");
  expect(await warmUps()).toEqual(["1"]);
});

test("a worker that does not hear of a cancel is ended", async () => {
  await openPool(1);
  const cancel = new AbortController();
  const spins = pool.run(job("spin"), cancel.signal);
  cancel.abort(new Error("enough"));
  await expect(spins).rejects.toThrow("enough");
  await once(workers[0] as Worker, "exit");
  expect((await pool.run(job("after"), never)).warnings).toEqual(["after"]);
});

async function textOf({ chunks, rest }: JobAnswer): Promise<string> {
  const read = [...chunks];
  if (rest) for await (const chunk of rest) read.push(chunk);
  return Buffer.concat(read).toString();
}

test("an answer may come in pieces", async () => {
  await openPool(1);
  expect(await textOf(await pool.run(job("begin, end"), never))).toBe("ab");
});

test("a worker that dies within an answer breaks it off", async () => {
  await openPool(1);
  const answer = await pool.run(job("begin, die"), never);
  await expect(textOf(answer)).rejects.toThrow(/its worker stopped \(out of luck\)/);
});

test("an answer that has begun is stopped by its reader, no longer by its signal", async () => {
  await openPool(1);
  const cancel = new AbortController();
  const { rest } = await pool.run(job("begin"), cancel.signal);
  cancel.abort(new Error("too late"));
  const reading = rest?.[Symbol.asyncIterator]();
  expect(await reading?.next()).toMatchObject({ done: false });
  const cancelled = new Promise((resolve) => workers[0]?.on("message", resolve));
  await reading?.return?.();
  expect(await cancelled).toMatchObject({ type: "failure" });
  expect((await pool.run(job("after"), never)).warnings).toEqual(["after"]);
});

test("a worker that cannot start is fatal: nothing would ever be answered", async () => {
  const broken = 'throw new Error("no wasm");';
  workers = [];
  const failed = new Promise<Error>((resolve) => {
    pool = new QueryPool({
      workerCount: 1,
      startWorker: () => new Worker(broken, { eval: true }),
      cancelGraceMs: 20,
      warmUpAfter: Promise.resolve(),
      clock: systemClock,
      log: { error() {} },
      onFatal: resolve,
    });
  });
  expect((await failed).message).toContain("no wasm");
});
