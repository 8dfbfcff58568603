/**
 * Made-up answers of two nodes, in the shapes that real ones have: what lanes cut out of a day's blocks for an instant query, a raw
 * value after the other, and whole blocks for a range. Some series share their timestamps, as targets of one scrape do.
 */
import { leavesOnBlocks } from "@tideline/engine";
import { encodeTimestamps, encodeValues, wrapValues } from "@tideline/kernels";
import {
  DEFAULT_TENANT,
  seriesKey,
  type SearchLeaf,
  type SeriesBlocks,
  type TimestampBlock,
} from "@tideline/model";
import {
  SeriesFrameDecoder,
  SeriesFrameEncoder,
  type FrameQuery,
  type KeyListOffer,
} from "@tideline/wire";

const INTERVAL_MS = 15_000;
const START_MS = 1_700_000_000_000;
const SAMPLE_COUNT = 720;
/** Five minutes, and what the edges need. */
const CUT_COUNT = 21;
/** Where made-up time begins and ends. */
export const MADE_UP_START_MS = START_MS;
export const MADE_UP_END_MS = START_MS + SAMPLE_COUNT * INTERVAL_MS;

const NODE_COUNT = 2;
const HOST_COUNT = 8;
const MODES = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"];
const CPU_COUNT = 8;
const PATH_COUNT = 10;
/** What series say; encoding each of them would cost more than all queries. */
const VALUES_COUNT = 16;

/** The answers, to searches for the one metric. Each is made when it is asked for first; leaves are worked out as lanes do. */
export class MadeUpFrames {
  readonly #cut: readonly (readonly SeriesBlocks[])[];
  readonly #whole: readonly (readonly SeriesBlocks[])[];
  readonly #leaves = leavesOnBlocks();
  /** Of each node one frame. */
  readonly #made = new Map<string, readonly Uint8Array[]>();

  /** @param name of the metric */
  constructor(name: string) {
    const hosts = Array.from({ length: HOST_COUNT }, (_, host) => timestampsOf(host));
    const values = Array.from({ length: VALUES_COUNT }, (_, number) => valuesOf(number));
    const nodes = Array.from({ length: NODE_COUNT }, (_, node) =>
      nodeSeries(name, node, hosts, values),
    );
    this.#cut = nodes.map(({ cut }) => cut);
    this.#whole = nodes.map(({ whole }) => whole);
  }

  /** What the nodes answer to a search: whole blocks over hours, rows of a leaf, else what is cut out of blocks. */
  of({ startMs, endMs, offers = [], leaf }: FrameQuery): readonly Uint8Array[] {
    if (endMs - startMs >= MADE_UP_END_MS - MADE_UP_START_MS)
      return this.#once("whole", () => this.#whole.map((series) => frameOf(series)));
    const isNamed = offers.length > 0;
    return this.#once(`${leaf?.text} ${isNamed}`, () =>
      this.#cut.map((series) => this.#cutFrame(series, leaf, isNamed)),
    );
  }

  /** @param isNamed for somebody who holds the keys */
  #cutFrame(
    series: readonly SeriesBlocks[],
    leaf: SearchLeaf | undefined,
    isNamed: boolean,
  ): Uint8Array {
    const encoder = new SeriesFrameEncoder();
    encoder.begin(isNamed ? listsOf(series) : [], leaf && this.#leaves.open(leaf));
    return frameOf(series, encoder);
  }

  #once(what: string, make: () => readonly Uint8Array[]): readonly Uint8Array[] {
    let frames = this.#made.get(what);
    if (!frames) this.#made.set(what, (frames = make()));
    return frames;
  }
}

/** The key lists of a frame of these series. */
function listsOf(series: readonly SeriesBlocks[]): readonly KeyListOffer[] {
  const decoder = new SeriesFrameDecoder();
  decoder.decode(frameOf(series));
  return decoder.keys.lists;
}

interface CutAndWhole<T> {
  readonly cut: T;
  readonly whole: T;
}

function nodeSeries(
  name: string,
  node: number,
  hosts: readonly CutAndWhole<TimestampBlock>[],
  values: readonly CutAndWhole<Uint8Array>[],
): CutAndWhole<readonly SeriesBlocks[]> {
  const cut: SeriesBlocks[] = [];
  const whole: SeriesBlocks[] = [];
  hosts.forEach((timestamps, host) => {
    const instance = `host-${String(node * HOST_COUNT + host).padStart(5, "0")}:9100`;
    for (let number = 0; number < CPU_COUNT * MODES.length; number += 1) {
      const mode = MODES[number % MODES.length] as string;
      const cpu = String(Math.floor(number / MODES.length));
      const bytes = values[number % VALUES_COUNT] as CutAndWhole<Uint8Array>;
      cut.push({
        key: keyOf(name, { cpu, instance, job: "node", mode }),
        blocks: [{ timestamps: timestamps.cut, bytes: bytes.cut }],
      });
      if (number >= PATH_COUNT) continue;
      const path = `/path/${number}`;
      whole.push({
        key: keyOf(name, { instance, job: "api", le: String(number % 4), path }),
        blocks: [{ timestamps: timestamps.whole, bytes: bytes.whole }],
      });
    }
  });
  return { cut, whole };
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): Uint8Array {
  const all = Object.entries({ __name__: name, ...labels });
  return seriesKey(
    DEFAULT_TENANT,
    all.map(([label, value]) => ({ name: label, value })),
  );
}

/** Of one target. */
function timestampsOf(host: number): CutAndWhole<TimestampBlock> {
  const times = Float64Array.from(
    { length: SAMPLE_COUNT },
    (_, i) => START_MS + i * INTERVAL_MS + host * 1_700 + 1,
  );
  return {
    cut: timestampBlock(host, times.subarray(-CUT_COUNT)),
    whole: timestampBlock(host, times),
  };
}

function timestampBlock(id: number, times: Float64Array): TimestampBlock {
  const count = times.length;
  const [minMs, maxMs] = [times[0] as number, times[count - 1] as number];
  return { id, count, minMs, maxMs, bytes: encodeTimestamps(times) };
}

/** A counter of some noise, so that it packs no better than real ones; the first one stands still. */
function valuesOf(number: number): CutAndWhole<Uint8Array> {
  let noise = number;
  let hundredths = 0;
  const values = Float64Array.from({ length: SAMPLE_COUNT }, () => {
    noise = (Math.imul(noise, 1_664_525) + (number > 0 ? 1_013_904_223 : 0)) >>> 0;
    hundredths += (noise >>> 16) % 1_500;
    return hundredths / 100;
  });
  return { cut: wrapValues(values.subarray(-CUT_COUNT)), whole: encodeValues(values) };
}

function frameOf(series: readonly SeriesBlocks[], encoder = new SeriesFrameEncoder()): Uint8Array {
  for (const one of series) encoder.append(one);
  return encoder.takeFull() ?? encoder.takeRest() ?? new Uint8Array(0);
}
