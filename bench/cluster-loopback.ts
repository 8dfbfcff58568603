/**
 * CPU of writing over gRPC on loopback: InsertClient here, two InsertServers in a process each, lanes that
 * answer at once.
 *
 *   node bench/cluster-loopback.ts [seconds] [rows per batch]
 *
 * Prints CPU-µs per 1k rows of both sides, and rows a second of wall time.
 */
import { InsertClient, InsertServer } from "@tideline/cluster";
import { IDENTITY_SIZE, type RowBatch } from "@tideline/model";
import { rowBlockAnswer } from "@tideline/wire";
import { fork, type ChildProcess } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { fileURLToPath } from "node:url";

const SERIES_COUNT = 100_000;
const BATCHES_IN_FLIGHT = 8;
const LANE_COUNT = 4;
const NODE_COUNT = 2;

const log = {
  info: (): void => undefined,
  warn: (): void => undefined,
  error: (fields: unknown, message: string): void => {
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
};

interface NodeReport {
  readonly address?: string;
  readonly cpuMicros?: number;
}

async function serve(nodeId: string): Promise<void> {
  const kept = Promise.resolve(rowBlockAnswer("kept"));
  const sink = {
    laneCount: LANE_COUNT,
    nodeId,
    bootId: "bench",
    openStream: () => 1,
    closeStream: () => undefined,
    appendBlock: () => kept,
  };
  const server = new InsertServer({ sink, log });
  const address = await server.listen("127.0.0.1:0");
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system } satisfies NodeReport);
  });
  process.send?.({ address } satisfies NodeReport);
}

function ask(child: ChildProcess, message: string | null): Promise<NodeReport> {
  return new Promise((resolve) => {
    child.once("message", (report) => {
      resolve(report as NodeReport);
    });
    if (message !== null) child.send(message);
  });
}

function batches(rowsPerBatch: number): RowBatch[] {
  const identities = new Uint8Array(SERIES_COUNT * IDENTITY_SIZE);
  randomFillSync(identities);
  const series = { epoch: 0, refCount: SERIES_COUNT, identities, keyOf: () => new Uint8Array(200) };
  return Array.from({ length: SERIES_COUNT / rowsPerBatch }, (_, b) => ({
    series,
    rowCount: rowsPerBatch,
    refs: Uint32Array.from({ length: rowsPerBatch }, (__, i) => b * rowsPerBatch + i),
    timestampsMs: new Float64Array(rowsPerBatch).fill(1_700_000_000_000),
    values: Float64Array.from({ length: rowsPerBatch }, (__, i) => i * 1.5),
  }));
}

async function writeFor(
  client: InsertClient,
  all: readonly RowBatch[],
  untilMs: number,
): Promise<number> {
  let rowCount = 0;
  const writer = async (start: number): Promise<void> => {
    for (let i = start; performance.now() < untilMs; i += 1) {
      const batch = all[i % all.length] as RowBatch;
      await client.write(batch);
      rowCount += batch.rowCount;
    }
  };
  await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, (_, i) => writer(i)));
  return rowCount;
}

async function main(seconds: number, rowsPerBatch: number): Promise<void> {
  const all = batches(rowsPerBatch);
  const self = fileURLToPath(import.meta.url);
  const children = Array.from({ length: NODE_COUNT }, (_, i) => fork(self, ["serve", `node-${i}`]));
  const reports = await Promise.all(children.map((child) => ask(child, null)));
  const nodes = reports.map(({ address }, i) => ({ name: `node-${i}`, address: address ?? "" }));
  const client = await InsertClient.open({ nodes, bootId: "bench", log });
  await client.firstTries();
  await writeFor(client, all, performance.now() + 2_000);

  const nodesBefore = await Promise.all(children.map((child) => ask(child, "cpu")));
  const before = process.cpuUsage();
  const startMs = performance.now();
  const rowCount = await writeFor(client, all, startMs + seconds * 1000);
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  const nodesAfter = await Promise.all(children.map((child) => ask(child, "cpu")));
  const nodeMicros = nodesAfter.reduce(
    (sum, { cpuMicros }, i) => sum + (cpuMicros ?? 0) - (nodesBefore[i]?.cpuMicros ?? 0),
    0,
  );
  const perThousand = (micros: number): string => ((micros / rowCount) * 1000).toFixed(1);
  process.stdout.write(
    `client ${perThousand(user + system)}, nodes together ${perThousand(nodeMicros)} CPU-µs per 1k rows; ` +
      `${((rowCount / wallMs) * 1000).toFixed(0)} rows a second\n`,
  );
  client.close();
  for (const child of children) child.kill();
}

const [mode, name] = process.argv.slice(2);
if (mode === "serve") await serve(name ?? "");
else await main(Number(mode ?? 5), Number(name ?? 10_000));
