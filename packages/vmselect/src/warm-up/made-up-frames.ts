/**
 * Made-up answers of two nodes, in the shapes that real ones have: what lanes cut out of a day's blocks for an instant query, a raw
 * value after the other, and whole blocks for a range. Some series share their timestamps, as targets of one scrape do.
 */
import { encodeTimestamps, encodeValues, wrapValues } from "@tideline/kernels";
import { DEFAULT_TENANT, seriesKey, type TimestampBlock } from "@tideline/model";
import { SeriesFrameDecoder, SeriesFrameEncoder, type FrameQuery } from "@tideline/wire";

/** One frame of each node: `cut` of the last minutes, `whole` of some hours. */
export interface MadeUpFrames extends CutAndWhole<readonly Uint8Array[]> {
  /** As `cut`, for somebody who holds the keys. */
  readonly named: readonly Uint8Array[];
}

/** Which of them answer a search. */
export function framesFor(
  { startMs, endMs, offers = [] }: FrameQuery,
  { cut, named, whole }: MadeUpFrames,
): readonly Uint8Array[] {
  if (endMs - startMs >= MADE_UP_END_MS - MADE_UP_START_MS) return whole;
  return offers.length > 0 ? named : cut;
}

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

/** @param name of the metric */
export function madeUpFrames(name: string): MadeUpFrames {
  const hosts = Array.from({ length: HOST_COUNT }, (_, host) => timestampsOf(host));
  const values = Array.from({ length: VALUES_COUNT }, (_, number) => valuesOf(number));
  const nodes = Array.from({ length: NODE_COUNT }, (_, node) =>
    nodeFrames(name, node, hosts, values),
  );
  const cut = nodes.map((node) => node.cut);
  return { cut, whole: nodes.map(({ whole }) => whole), named: cut.map(withNamedKeys) };
}

function withNamedKeys(frame: Uint8Array): Uint8Array {
  const decoder = new SeriesFrameDecoder();
  const series = decoder.decode(frame);
  const encoder = new SeriesFrameEncoder();
  encoder.begin(decoder.keys.lists);
  for (const one of series) encoder.append(one);
  return frameOf(encoder);
}

interface CutAndWhole<T> {
  readonly cut: T;
  readonly whole: T;
}

function nodeFrames(
  name: string,
  node: number,
  hosts: readonly CutAndWhole<TimestampBlock>[],
  values: readonly CutAndWhole<Uint8Array>[],
): CutAndWhole<Uint8Array> {
  const cut = new SeriesFrameEncoder();
  const whole = new SeriesFrameEncoder();
  hosts.forEach((timestamps, host) => {
    const instance = `host-${String(node * HOST_COUNT + host).padStart(5, "0")}:9100`;
    for (let number = 0; number < CPU_COUNT * MODES.length; number += 1) {
      const mode = MODES[number % MODES.length] as string;
      const cpu = String(Math.floor(number / MODES.length));
      const bytes = values[number % VALUES_COUNT] as CutAndWhole<Uint8Array>;
      cut.append({
        key: keyOf(name, { cpu, instance, job: "node", mode }),
        blocks: [{ timestamps: timestamps.cut, bytes: bytes.cut }],
      });
      if (number >= PATH_COUNT) continue;
      const path = `/path/${number}`;
      whole.append({
        key: keyOf(name, { instance, job: "api", le: String(number % 4), path }),
        blocks: [{ timestamps: timestamps.whole, bytes: bytes.whole }],
      });
    }
  });
  return { cut: frameOf(cut), whole: frameOf(whole) };
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

function frameOf(encoder: SeriesFrameEncoder): Uint8Array {
  return encoder.takeFull() ?? encoder.takeRest() ?? new Uint8Array(0);
}
