/**
 * What a lane costs: row blocks in, over a real disk, in this thread; then the same through ring and worker.
 *
 *     node --expose-gc bench/lane.ts [series] [rowsPerBlock] [rounds]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeDisk, systemClock } from "@tideline/common";
import { seriesKey } from "@tideline/model";
import { encodeRowBlock, KeyedDefinitions } from "@tideline/wire";
import { FakeSeriesTable } from "@tideline/wire/testing";
import { defaultStorageOptions, Storage } from "@tideline/storage";
import { Lane } from "@tideline/storage/testing";

const seriesCount = Number(process.argv[2] ?? 100_000);
const rowsPerBlock = Number(process.argv[3] ?? 1000);
const rounds = Number(process.argv[4] ?? 40);
const log = {
  info: (fields: object, message: string) =>
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  warn: () => undefined,
  error: (fields: object, message: string) =>
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
};

const table = new FakeSeriesTable();
const keys: { streamRef: number; ref: number; key: Uint8Array }[] = [];
for (let i = 0; i < seriesCount; i += 1) {
  const target = Math.floor(i / 500);
  const key = seriesKey({ accountId: 0, projectId: 0 }, [
    { name: "__name__", value: `metric_name_number_${i % 500}_total` },
    { name: "cluster", value: `cluster-${target % 3}` },
    { name: "container", value: `container-of-app-${target % 40}` },
    { name: "instance", value: `10.${target >> 8}.${target & 255}.17:9100` },
    { name: "job", value: `kubernetes-job-${target % 20}` },
    { name: "namespace", value: `namespace-${target % 50}` },
    { name: "node", value: `ip-10-0-${target >> 8}-${target & 255}.eu-west-1.compute.internal` },
    { name: "pod", value: `deployment-${target % 40}-7d9f8c6b5d-${target.toString(36)}` },
    { name: "service", value: `service-${target % 40}` },
    { name: "code", value: `${200 + (i % 5)}` },
  ]);
  keys.push({ streamRef: i, ref: table.refOf(key), key });
}

const streamRefs = new Uint32Array(seriesCount).map((_, i) => i);
const rows = new Uint32Array(seriesCount).map((_, i) => i);
function* blocksOf(round: number, keyed: boolean): Generator<Uint8Array> {
  const ms = Date.now() - 3_600_000 + round * 15_000;
  const batch = {
    series: table,
    rowCount: seriesCount,
    refs: streamRefs,
    timestampsMs: new Float64Array(seriesCount).fill(ms),
    values: new Float64Array(seriesCount).map((_, i) => i + round * (i % 7)),
  };
  for (let from = 0; from < seriesCount; from += rowsPerBlock) {
    const to = Math.min(seriesCount, from + rowsPerBlock);
    yield encodeRowBlock({
      dictionary: 1,
      batch,
      rows,
      rowsFrom: from,
      rowsTo: to,
      streamRefs,
      definitions: new Uint32Array(0),
      definitionCount: 0,
      keyed: KeyedDefinitions.of(keyed ? keys.slice(from, to) : []),
    });
  }
}

const cpuUs = (): number => {
  const usage = process.cpuUsage();
  return usage.user + usage.system;
};
const report = (name: string, fields: Record<string, number>): void => {
  const rounded = Object.entries(fields).map(([k, v]) => [k, Math.round(v * 100) / 100]);
  process.stdout.write(`${name} ${JSON.stringify(Object.fromEntries(rounded))}\n`);
};
const rss = (): number => {
  globalThis.gc?.();
  return process.memoryUsage.rss();
};

async function benchLane(dataPath: string): Promise<void> {
  const lane = await Lane.open(
    {
      ...defaultStorageOptions(dataPath),
      lane: 0,
      laneCount: 1,
      folders: [0],
      flushWalSize: 2 ** 40,
      headMemorySize: 2 ** 40,
      pageCacheSize: 2 ** 24,
      answerSizeMax: 2 ** 28,
      minFreeDiskSpaceSize: 0,
      seriesLimits: null,
      mergeCacheSize: 0,
      mergeKnownBlocksSize: 0,
    },
    {
      disk: new NodeDisk(),
      clock: systemClock,
      log,
      merger: null,
      onFault: (error) => {
        throw error;
      },
    },
  );
  const feed = (blocks: readonly Uint8Array[]): number => {
    const start = cpuUs();
    for (const block of blocks) {
      lane.append(1, block, (answer) => {
        if (answer.status !== "kept") throw new Error(answer.status);
      });
      lane.commit();
    }
    return cpuUs() - start;
  };
  const first = [...blocksOf(0, true)];
  const rssBefore = rss();
  const firstUs = feed(first);
  const rssSeries = rss();
  report("new series", {
    seriesCount,
    usPerSeries: firstUs / seriesCount,
    rssPerSeries: (rssSeries - rssBefore) / seriesCount,
    walPerSeries: lane.stats().walSize / seriesCount,
  });
  const seriesWalSize = lane.stats().walSize;
  let us = 0;
  for (let round = 1; round <= rounds; round += 1) us += feed([...blocksOf(round, false)]);
  const samples = seriesCount * rounds;
  report("known series", {
    rowsPerBlock,
    cpuUsPer1k: (us / samples) * 1000,
    rssPerSample: (rss() - rssSeries) / samples,
    walPerSample: (lane.stats().walSize - seriesWalSize) / samples,
  });
  const search = async (name: string, startMs: number): Promise<void> => {
    const start = cpuUs();
    let size = 0;
    const query = {
      tenant: { accountId: 0, projectId: 0 },
      filters: [],
      startMs,
      endMs: 4e12,
      seriesCountMax: 0,
    };
    const { signal } = new AbortController();
    for await (const frame of lane.searchFrames(query, signal)) size += frame.length;
    report(name, { usPerSeries: (cpuUs() - start) / seriesCount, sizePerSample: size / samples });
  };
  await search("search all of the head", 0);
  const lastMs = Date.now() - 3_600_000 + rounds * 15_000;
  await search("search 5 minutes of the head", lastMs - 300_000);
  const start = cpuUs();
  await lane.flush();
  report("flush", {
    usPer1k: ((cpuUs() - start) / samples) * 1000,
    size: lane.stats().partSize / samples,
  });
  await search("search all of the part", 0);
  await lane.close();
}

async function benchStorage(dataPath: string): Promise<void> {
  const storage = await Storage.open(
    { ...defaultStorageOptions(dataPath), laneCount: 1, memoryBudgetSize: 2 ** 32 },
    { log, onFatal: (error) => log.error({}, String(error)) },
  );
  const stream = storage.openStream();
  for (const block of blocksOf(0, true)) await storage.appendBlock(0, stream, block);
  let us = 0;
  let waitMs = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const blocks = [...blocksOf(round, false)];
    const start = cpuUs();
    const startMs = performance.now();
    const window = 32;
    for (let i = 0; i < blocks.length; i += window) {
      await Promise.all(blocks.slice(i, i + window).map((b) => storage.appendBlock(0, stream, b)));
    }
    us += cpuUs() - start;
    waitMs += performance.now() - startMs;
  }
  const samples = seriesCount * rounds;
  const [stats] = await storage.stats();
  report("through the ring, 32 in flight", {
    cpuUsPer1k: (us / samples) * 1000,
    rowsPerSecond: (samples / waitMs) * 1000,
    blocksPerCommit:
      (samples / rowsPerBlock + seriesCount / rowsPerBlock) / (stats?.walCommits ?? 1),
  });
  await storage.close();
}

const folder = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "tideline-bench-"));
try {
  await benchLane(join(folder, "a"));
  await benchStorage(join(folder, "b"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
