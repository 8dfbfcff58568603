/** For tests of lanes: a lane on a fake disk, a sender in front of it, and a model of what it must hold. */
import { type Disk, assert, makeFolders } from "@tideline/common";
import { DiskCrash, FakeClock, FakeDisk, type Random } from "@tideline/common/testing";
import { decodeTimestamps, decodeValues } from "@tideline/kernels";
import {
  beats,
  seriesKey,
  type Matcher,
  type RowBatch,
  type SearchQuery,
  type SeriesDelete,
  type Tenant,
} from "@tideline/model";
import {
  RowRouter,
  SeriesFrameDecoder,
  type FrameSource,
  type RowBlockAnswer,
} from "@tideline/wire";
import { FakeSeriesTable } from "@tideline/wire/testing";
import { runMerge } from "../compaction/run-merge.ts";
import { Deleter } from "../front/deleter.ts";
import { Snapshots } from "../front/snapshots.ts";
import type { LaneOptions } from "./lane-options.ts";
import { Lane } from "./lane.ts";

export const DAY_MS = 24 * 3_600_000;
export const TENANT: Tenant = { accountId: 1, projectId: 2 };

export const SILENT_LOG = { info: () => undefined, warn: () => undefined, error: () => undefined };

export function laneOptions(rest: Partial<LaneOptions> = {}): LaneOptions {
  return {
    dataPath: "/data",
    lane: 0,
    laneCount: 1,
    folders: [0],
    retentionMs: 30 * DAY_MS,
    futureRetentionMs: 2 * DAY_MS,
    walSync: "interval",
    walSyncIntervalMs: 1000,
    flushWalSize: 2 ** 30,
    flushIntervalMs: 3_600_000,
    headMemorySize: 2 ** 28,
    pageCacheSize: 2 ** 20,
    answerSizeMax: 2 ** 24,
    minFreeDiskSpaceSize: 0,
    seriesLimits: null,
    dedupIntervalMs: 0,
    mergeCacheSize: 2 ** 20,
    mergeKnownBlocksSize: 2 ** 20,
    ...rest,
  };
}

/** Samples by series (key as latin1 text) and time; a value is its 64 bits. */
export type Samples = Map<string, Map<number, bigint>>;

const EVERYTHING = { startMs: -8.64e15, endMs: 8.64e15, seriesCountMax: 0 };

export function everything(filters: readonly (readonly Matcher[])[] = []): SearchQuery {
  return { tenant: TENANT, filters, ...EVERYTHING };
}

/** Bits of odd and ordinary values. */
const BITS = [
  0x7ff0000000000002n,
  0x7ff8000000000000n,
  0x7ff0000000000001n,
  0xfff8000000001234n,
  0x8000000000000000n,
  0n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x3ff0000000000000n,
  0x4059000000000000n,
  0xc059000000000000n,
];

function words(bits: bigint): Uint32Array {
  return new Uint32Array(new BigUint64Array([bits]).buffer);
}

/** The winner of two samples at one time. */
export function winner(a: bigint | undefined, b: bigint): bigint {
  return a !== undefined && !beats(words(b), 0, words(a), 0) ? a : b;
}

export interface Row {
  readonly key: Uint8Array;
  readonly ms: number;
  readonly bits: bigint;
}

export function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString("latin1");
}

/** Adds a sample to a model, by law 3. */
export function addRow(samples: Samples, { key, ms, bits }: Row): void {
  const series = samples.get(keyText(key)) ?? new Map<number, bigint>();
  series.set(ms, winner(series.get(ms), bits));
  samples.set(keyText(key), series);
}

export function keyNumber(i: number): Uint8Array {
  return seriesKey(TENANT, [
    { name: "__name__", value: `metric_${i % 3}` },
    { name: "instance", value: `host-${i}` },
    { name: "job", value: i % 2 === 0 ? "even" : "odd" },
  ]);
}

export function batchOf(table: FakeSeriesTable, rows: readonly Row[]): RowBatch {
  return {
    series: table,
    rowCount: rows.length,
    refs: Uint32Array.from(rows, ({ key }) => table.refOf(key)),
    timestampsMs: Float64Array.from(rows, ({ ms }) => ms),
    values: new Float64Array(BigUint64Array.from(rows, ({ bits }) => bits).buffer),
  };
}

export function randomRows(random: Random, nowMs: number, seriesCount: number): Row[] {
  return Array.from({ length: 1 + random.below(40) }, (_, i) => ({
    key: keyNumber(random.below(seriesCount)),
    ms: random.chance(0.2) ? nowMs - random.below(20) * 1000 : nowMs + i,
    bits: random.pick(BITS),
  }));
}

/** All samples that a source finds for a query. */
export async function readSamples(
  source: Pick<FrameSource, "searchFrames">,
  query: SearchQuery,
): Promise<{ samples: Samples; missing: readonly { where: string; reason: string }[] }> {
  const { samples, missing } = await readCopies(source, query);
  return { samples, missing };
}

/** As readSamples, and how often each sample is in the answer: once for each part or head that has it. */
export async function readCopies(
  source: Pick<FrameSource, "searchFrames">,
  query: SearchQuery,
): Promise<{
  samples: Samples;
  copyCounts: Map<string, Map<number, number>>;
  missing: readonly { where: string; reason: string }[];
}> {
  const samples: Samples = new Map();
  const copyCounts = new Map<string, Map<number, number>>();
  const decoder = new SeriesFrameDecoder();
  const search = source.searchFrames(query, new AbortController().signal);
  for await (const frame of search) {
    for (const { key, blocks } of decoder.decode(frame)) {
      for (const { timestamps, bytes } of blocks) {
        const times = new Float64Array(timestamps.count);
        const values = new Float64Array(timestamps.count);
        decodeTimestamps(timestamps.bytes, times);
        decodeValues(bytes, values);
        assert(times[0] === timestamps.minMs && times.at(-1) === timestamps.maxMs, "bounds hold");
        const bits = new BigUint64Array(values.buffer);
        const counts = copyCounts.get(keyText(key)) ?? new Map<number, number>();
        copyCounts.set(keyText(key), counts);
        for (const [i, ms] of times.entries()) {
          addRow(samples, { key, ms, bits: bits[i] as bigint });
          counts.set(ms, (counts.get(ms) ?? 0) + 1);
        }
      }
    }
  }
  return { samples, copyCounts, missing: search.coverage().missing };
}

/** A lane on a fake disk, its sender, and what happens to them. */
export class LaneRig {
  disk: FakeDisk;
  readonly clock: FakeClock;
  readonly options: LaneOptions;
  readonly table = new FakeSeriesTable();
  /** Faults that the lane told of. */
  readonly faults: unknown[] = [];
  lane!: Lane;
  router!: RowRouter;
  deleter!: Deleter;
  snapshots!: Snapshots;
  #stream = 0;
  /** Lets go of the lane's hold on the disk. */
  #cutOff: () => void = () => undefined;

  private constructor(options: LaneOptions, disk: FakeDisk, clock: FakeClock) {
    this.options = options;
    this.disk = disk;
    this.clock = clock;
  }

  static async start(
    options: Partial<LaneOptions> = {},
    disk = new FakeDisk(),
    clock = new FakeClock(),
  ): Promise<LaneRig> {
    const rig = new LaneRig(laneOptions(options), disk, clock);
    await rig.open();
    return rig;
  }

  async open(): Promise<void> {
    const { disk, cutOff } = cutOffDisk(this.disk);
    this.#cutOff = cutOff;
    this.lane = await Lane.open(this.options, {
      disk,
      clock: this.clock,
      log: SILENT_LOG,
      merger: {
        start: (job) => runMerge(job, { disk }),
        close: () => undefined,
      },
      onFault: (error) => this.faults.push(error),
    });
    const { dataPath } = this.options;
    const lanes = [this.lane];
    const deleter = new Deleter({ disk, dataPath, lanes, clock: this.clock });
    this.deleter = deleter;
    this.snapshots = new Snapshots({
      disk,
      dataPath,
      fileNames: [],
      lanes,
      clock: this.clock,
      alone: (work) => deleter.alone(work),
    });
    this.connect();
  }

  async delete(request: Partial<SeriesDelete>): Promise<void> {
    await this.deleter.deleteSeries({ ...everything([[]]), ...request });
  }

  /** A new stream, as after a broken connection. */
  connect(): void {
    this.#stream += 1;
    const stream = this.#stream;
    const lane = this.lane;
    const send = (block: Uint8Array): Promise<RowBlockAnswer> =>
      new Promise((resolve) => {
        lane.append(stream, block, resolve);
        lane.commit();
      });
    this.router = new RowRouter({
      targets: [{ name: "lane", send: async (block) => send(block) }],
      chooseTarget: () => 0,
    });
  }

  /** A lane on a copy of a snapshot. */
  async restore(name: string): Promise<LaneRig> {
    const disk = new FakeDisk();
    copyTree(this.disk, `${this.options.dataPath}/snapshots/${name}`, disk, "/data");
    return LaneRig.start(this.options, disk, this.clock);
  }

  async write(rows: readonly Row[]): Promise<Readonly<Record<string, number>>> {
    return (await this.router.write(batchOf(this.table, rows))).ignoredByReason;
  }

  /** kill -9: what was written is there, the lane is not. */
  kill(): void {
    this.#cutOff();
    this.disk.restart();
  }
}

/** Copies a folder with all it holds to another disk, synced. */
export function copyTree(from: FakeDisk, path: string, to: FakeDisk, target: string): void {
  makeFolders(to, target);
  for (const name of from.list(path)) {
    const [inner, copy] = [`${path}/${name}`, `${target}/${name}`];
    if (from.kindOf(inner) === "folder") copyTree(from, inner, to, copy);
    else to.writeFile(copy, from.readFile(inner));
  }
}

/** The same disk until it is cut off: whatever a dead lane still tries fails. */
function cutOffDisk(disk: FakeDisk): { disk: Disk; cutOff: () => void } {
  let alive = true;
  const guarded = new Proxy<Disk>(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (!alive) throw new DiskCrash("the lane is gone");
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  return {
    disk: guarded,
    cutOff() {
      alive = false;
    },
  };
}
