/**
 * Bytes per sample of real data: 462 series of a node_exporter, 2,870 scrapes one second apart, four copies under four instances on one
 * node. Written through a storage, flushed, merged by force; then its parts are written once more without what makes them small, one by one.
 *
 *     node bench/node-exporter-size.ts [FILE [COPIES]]      FILE: node_exporter_1s.f64.zst
 *
 * Four copies share their blocks, so one copy tells what is left without that.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { NodeDisk } from "@tideline/common";
import { decodeValues } from "@tideline/kernels";
import { identityOf, seriesKey, type RowBatch } from "@tideline/model";
import { PageCache, PartReader, runMerge } from "@tideline/storage/testing";
import { defaultStorageOptions, Storage } from "@tideline/storage";

const FILE = process.argv[2] ?? "/work/shared/tests/data/node_exporter_1s.f64.zst";
const COPIES = Number(process.argv[3] ?? 4);

interface Data {
  readonly names: readonly string[];
  readonly timestampsMs: Float64Array;
  readonly columns: readonly Float64Array[];
}

function benchFolder(): string {
  return mkdtempSync(join(tmpdir(), "tideline-size-"));
}

/** A line of JSON; then columns of float64: the times, and one per series. */
function readData(): Data {
  const bytes = zstdDecompressSync(readFileSync(FILE));
  const lineEnd = bytes.indexOf(10);
  const { rows, series } = JSON.parse(bytes.subarray(0, lineEnd).toString("utf8")) as {
    rows: number;
    series: string[];
  };
  const body = new Uint8Array(bytes.subarray(lineEnd + 1)).buffer;
  const column = (i: number): Float64Array => new Float64Array(body, i * rows * 8, rows);
  return { names: series, timestampsMs: column(0), columns: series.map((_, i) => column(i + 1)) };
}

/** `name{label="value",…}` of one instance. */
function keyOf(name: string, instance: string): Uint8Array {
  const at = name.indexOf("{");
  const labels = [
    { name: "__name__", value: at < 0 ? name : name.slice(0, at) },
    { name: "instance", value: instance },
    { name: "job", value: "node" },
  ];
  for (const [, label = "", text = ""] of name.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
    labels.push({ name: label, value: JSON.parse(`"${text}"`) as string });
  return seriesKey({ accountId: 0, projectId: 0 }, labels);
}

function sizeOf(folder: string, isWanted: (path: string) => boolean): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => isWanted(path) && statSync(path).isFile())
    .reduce((size, path) => size + statSync(path).size, 0);
}

const { names, timestampsMs, columns } = readData();
const keys = Array.from({ length: COPIES }, (_, copy) =>
  names.map((name) => keyOf(name, `host-${copy}:9100`)),
).flat();
const identities = keys.map(identityOf);
const sampleCount = keys.length * timestampsMs.length;
const dataPath = benchFolder();
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ageMs = Date.now() - (timestampsMs[0] as number);
const storage = await Storage.open(
  { ...defaultStorageOptions(dataPath), laneCount: 1, retentionMs: ageMs + 40 * 86_400_000 },
  {
    log,
    onFatal: (error) => {
      throw error;
    },
  },
);
const series: RowBatch["series"] = {
  epoch: 1,
  refCount: keys.length,
  identities: Buffer.concat(identities),
  keyOf: (ref) => keys[ref] as Uint8Array,
};
const refs = Uint32Array.from(keys.keys());
for (const [row, ms] of timestampsMs.entries()) {
  const values = new Float64Array(keys.length);
  for (const [i, column] of columns.entries())
    for (let copy = 0; copy < COPIES; copy += 1)
      values.set(column.subarray(row, row + 1), copy * columns.length + i);
  const rowTimes = new Float64Array(refs.length).fill(ms);
  await storage.write({ series, rowCount: refs.length, refs, timestampsMs: rowTimes, values });
}
const report = (what: string, size: number): void => {
  process.stdout.write(`${what.padEnd(52)} ${(size / sampleCount).toFixed(4)} bytes a sample\n`);
};
const isKept = (path: string): boolean => !path.includes("/wal/");
const logSize = (await storage.stats()).reduce((size, lane) => size + lane.walSize, 0);
report("the log, before it is flushed", logSize);
await storage.forceFlush();
report("flushed, everything but the log", sizeOf(dataPath, isKept));
await storage.forceMerge();
report("merged by force, everything but the log", sizeOf(dataPath, isKept));
const stats = await storage.stats();
await storage.close();
const [lane] = stats;
if (lane) {
  const written = lane.flushedSize + lane.mergeWrittenSize;
  process.stdout.write(
    `parts ${lane.partCount}, samples ${lane.partSamples} of ${sampleCount}, written ${(written / lane.partSize).toFixed(2)} times\n`,
  );
}

const disk = new NodeDisk();
const folder = join(dataPath, "lane-00", "parts");
const inputs = readdirSync(folder);
for (const [what, grouped, knownBlocksSize] of [
  ["merged, equal blocks once, zstd", true, 8 * 2 ** 20],
  ["merged, equal blocks once, no zstd", false, 8 * 2 ** 20],
  ["merged, every block stored, zstd", true, 0],
  ["merged, every block stored, no zstd", false, 0],
] as const) {
  const copy = benchFolder();
  cpSync(folder, copy, { recursive: true });
  const result = await runMerge(
    {
      dataPath: copy,
      folder: copy,
      inputs,
      replaces: inputs,
      outputs: [
        {
          name: "g000009-000001.part",
          window: { startMs: -Infinity, endMs: Infinity },
          laneRange: { index: 0, count: 1 },
        },
      ],
      generation: 9,
      deletesDone: 0,
      retainedFromMs: -Infinity,
      dedupIntervalMs: 0,
      grouped,
      copyCountMin: Infinity,
      cacheSize: 2 ** 24,
      knownBlocksSize,
    },
    { disk },
  );
  if (result.status !== "done") throw new Error(result.reason);
  report(`  ${what}`, result.counts.writtenSize);
  measureDecode(join(copy, result.names[0] as string));
  rmSync(copy, { recursive: true });
}

rmSync(dataPath, { recursive: true });

/** All values of a part, as a query unpacks them: with the groups, from the page cache of the process. */
function measureDecode(path: string): void {
  const values = new Float64Array(8192);
  let best = Infinity;
  let count = 0;
  for (let round = 0; round < 15; round += 1) {
    const part = PartReader.open(disk, path, new PageCache(2 ** 26));
    const blocks = Array.from({ length: part.facts.seriesCount }, (_, i) => part.series(i).blocks);
    const start = process.cpuUsage();
    count = 0;
    for (const list of blocks) {
      for (const block of list) {
        decodeValues(part.valueBlock(block).bytes, values.subarray(0, block.count));
        count += block.count;
      }
    }
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, user + system);
    part.close();
  }
  process.stdout.write(
    `    ${basename(path)}: read, unpacked and decoded ${(count / best).toFixed(0)} M samples/s per core\n`,
  );
}
