/**
 * A lane's data in small, made up: parts with long blocks, and a head with the minutes that follow. There is something of each kind
 * in it that code for one block or series decides by: code that meets a kind for the first time is thrown away and compiled anew.
 */
import { CutMarks } from "@tideline/kernels";
import {
  DEFAULT_TENANT,
  identityOf,
  seriesKey,
  wordsOf,
  type LeavesOnBlocks,
  type SearchQuery,
} from "@tideline/model";
import type { FrameSource } from "@tideline/wire";
import { Memtable } from "../../head/memtable.ts";
import { PageCache } from "../../part/page-cache.ts";
import { partOrderKey } from "../../part/part-order.ts";
import { PartReader } from "../../part/part-reader.ts";
import { PartWriter } from "../../part/part-writer.ts";
import {
  type IndexQuery,
  queryLabelNames,
  queryLabelValues,
  querySeriesKeys,
} from "../../search/index-query.ts";
import { EncoderPool } from "../../search/encoder-pool.ts";
import { LaneCounts } from "../../search/lane-counts.ts";
import { LaneSearch } from "../../search/lane-search.ts";
import { MemtableSource } from "../../search/memtable-source.ts";
import { PartSource } from "../../search/part-source.ts";
import { SourceSet } from "../../search/source-set.ts";
import { firstTimestampId, type SearchSource } from "../../search/source.ts";
import { MemoryFile } from "./memory-file.ts";

/** As many as a block of the part has; it must be worth marking where its cuts began. */
const PART_SAMPLE_COUNT = 1056;
const HEAD_SAMPLE_COUNT = 40;
/** So that a part has several leaves of its series table, and blocks that lie in two segments of its file. Each costs 10 ms to make up. */
const HOST_COUNT = 5;
const INTERVAL_MS = 15_000;
const START_MS = 1_700_000_000_000;
export const PART_START_MS = START_MS;
/** Time of the parts' newest sample, and about that of the head's. */
export const PART_END_MS = START_MS + PART_SAMPLE_COUNT * INTERVAL_MS;
export const HEAD_END_MS = PART_END_MS + HEAD_SAMPLE_COUNT * INTERVAL_MS;

const MODES = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"];
const CPU_COUNT = 4;
const GROUPED_COUNT = 24;
const GROUPED_EVERY = 5;
const ANEW_EVERY = 8;
const CACHE_SIZE = 4 * 1024 * 1024;
const ANSWER_SIZE_MAX = 1024 * 1024;

interface MadeUpSeries {
  readonly key: Uint8Array;
  readonly identity: Uint8Array;
  readonly host: number;
  readonly number: number;
}

/** In the order of parts. */
function madeUpSeries(): MadeUpSeries[] {
  const series: MadeUpSeries[] = [];
  for (let host = 0; host < HOST_COUNT; host += 1) {
    for (let cpu = 0; cpu < CPU_COUNT; cpu += 1) {
      for (const mode of MODES) {
        const key = seriesKey(DEFAULT_TENANT, [
          { name: "__name__", value: "node_cpu_seconds_total" },
          { name: "cpu", value: `${cpu}` },
          { name: "environment", value: "warm-up" },
          { name: "instance", value: `host-${host}:9100` },
          { name: "job", value: "node" },
          { name: "mode", value: mode },
        ]);
        series.push({ key, identity: identityOf(key), host, number: series.length });
      }
    }
  }
  return series.toSorted((a, b) => Buffer.compare(partOrderKey(a.key), partOrderKey(b.key)));
}

/** Scrapes of odd hosts waver by a few milliseconds of their own. */
function timesOf(host: number, start: number, count: number): Float64Array {
  const wavers = host % 2;
  const timestampsMs = new Float64Array(count);
  for (let i = 0; i < count; i += 1)
    timestampsMs[i] = START_MS + (start + i) * INTERVAL_MS + wavers * (((i + 1) * (host + 3)) % 7);
  return timestampsMs;
}

/** Counters of seconds in hundredths at their own paces, and among them whole numbers that go up and down, constants, and roots. */
function valuesOf(number: number, start: number, count: number): Float64Array {
  const pace = (number % 11) + 1;
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const at = start + i;
    if (number % 8 === 1) values[i] = (at * 37 * pace + 50) % 101;
    else if (number % 8 === 2) values[i] = pace;
    else if (number % 4 === 3) values[i] = Math.sqrt(at * pace);
    else values[i] = (at * pace * 16 + ((i * (number + 5)) % 13)) / 100;
  }
  return values;
}

/** Writes a part. @returns opens it, each time anew */
async function madeUpPart(
  series: readonly MadeUpSeries[],
  { grouped }: { grouped: boolean },
): Promise<() => PartReader> {
  const disk = new MemoryFile();
  const writer = PartWriter.create({
    disk,
    folder: "warm-up",
    name: "g000001.part",
    laneRange: { index: 0, count: 1 },
    generation: 1,
    deletesDone: 0,
    grouped,
  });
  for (const { key, identity, host, number } of series) {
    const timestampsMs = timesOf(host, 0, PART_SAMPLE_COUNT);
    const values = valuesOf(number, 0, PART_SAMPLE_COUNT);
    writer.addSeries({ key, identity, timestampsMs, values });
  }
  const { path } = await writer.finish();
  return () => PartReader.open(disk, path, new PageCache(CACHE_SIZE));
}

function madeUpHead(series: readonly MadeUpSeries[]): Memtable {
  const memtable = new Memtable();
  for (const { key, identity, host, number } of series) {
    const slot = memtable.register(identity, 0, key) as number;
    const slots = new Uint32Array(HEAD_SAMPLE_COUNT).fill(slot);
    const timestampsMs = timesOf(host, PART_SAMPLE_COUNT, HEAD_SAMPLE_COUNT);
    const values = valuesOf(number, PART_SAMPLE_COUNT, HEAD_SAMPLE_COUNT);
    memtable.append(slots, timestampsMs, wordsOf(values), HEAD_SAMPLE_COUNT);
  }
  return memtable;
}

function indexQuery(query: SearchQuery, limit: number, signal: AbortSignal): IndexQuery {
  return { query, limit, signal, answerSizeMax: ANSWER_SIZE_MAX };
}

/** @param leaves see LanePorts */
export async function madeUpSource(leaves: LeavesOnBlocks | null = null): Promise<FrameSource> {
  const series = madeUpSeries();
  const openPart = await madeUpPart(series, { grouped: false });
  const openGrouped = await madeUpPart(series.slice(0, GROUPED_COUNT), { grouped: true });
  const grouped = openGrouped();
  let fresh = openPart();
  const memtable = madeUpHead(series);
  const marks = new CutMarks(64 * 1024);
  let encoders = new EncoderPool(leaves);
  let searchCount = 0;
  /** Now and then a part and an encoder that nobody has asked before. */
  const nextPart = (): PartReader => {
    searchCount += 1;
    if (searchCount % ANEW_EVERY === 0) {
      fresh = openPart();
      encoders = new EncoderPool(leaves);
    }
    return searchCount % GROUPED_EVERY === 0 ? grouped : fresh;
  };
  const open = ({ startMs, endMs }: SearchQuery): SourceSet => {
    const range = { startMs, endMs, tombstonesOf: null };
    const sources: SearchSource[] = [];
    if (startMs <= PART_END_MS) {
      const part = nextPart();
      sources.push(
        new PartSource({
          ...range,
          part: { part, ordinals: () => null },
          firstTimestampId: firstTimestampId(0),
          marks,
          onDamage: (_, cause) => {
            throw cause;
          },
        }),
      );
    }
    if (endMs > PART_END_MS)
      sources.push(
        new MemtableSource({ ...range, memtable, firstTimestampId: firstTimestampId(1) }),
      );
    return new SourceSet(sources, [], () => undefined);
  };
  return {
    searchFrames: (query, signal) => new LaneSearch(query, () => open(query), encoders, signal),
    labelCounts: (query, signal) => new LaneCounts(query, () => open(query), signal),
    labelNames: (query, limit, signal) =>
      queryLabelNames(open(query), indexQuery(query, limit, signal)),
    labelValues: (name, query, limit, signal) =>
      queryLabelValues(open(query), name, indexQuery(query, limit, signal)),
    seriesKeys: (query, limit, signal) =>
      querySeriesKeys(open(query), indexQuery(query, limit, signal)),
  };
}
