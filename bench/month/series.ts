/**
 * The data of the month benchmark: targets × metrics with ten labels each, one sample per five minutes, of the kinds
 * that node_exporter's metrics have (28% constant, 55% counters, 16% gauges, 1% noise).
 */
import { partOrderKey } from "@tideline/storage/testing";
import { identityOf, seriesKey } from "@tideline/model";

export const METRIC_COUNT = 500;
export const STEP_MS = 5 * 60_000;
export const DAY_MS = 24 * 3_600_000;
export const DAY_COUNT = 30;
/** Value patterns per metric; a series is one of them, moved by a whole number. */
const PATTERN_COUNT = 4;

export interface MonthSeries {
  readonly key: Uint8Array;
  readonly identity: Uint8Array;
  readonly target: number;
}

export function metricName(metric: number): string {
  return `metric_name_number_${String(metric).padStart(3, "0")}_total`;
}

export function instanceOf(target: number): string {
  return `10.${target >> 8}.${target & 255}.17:9100`;
}

/** The series of a metric for the targets given, in part order. */
export function seriesOfMetric(metric: number, targets: readonly number[]): MonthSeries[] {
  return targets
    .map((target) => {
      const key = seriesKey({ accountId: 0, projectId: 0 }, [
        { name: "__name__", value: metricName(metric) },
        { name: "cluster", value: `cluster-${target % 3}` },
        { name: "code", value: `${200 + (metric % 5)}` },
        { name: "container", value: `container-of-app-${target % 40}` },
        { name: "instance", value: instanceOf(target) },
        { name: "job", value: `kubernetes-job-${target % 20}` },
        { name: "namespace", value: `namespace-${target % 50}` },
        {
          name: "node",
          value: `ip-10-0-${target >> 8}-${target & 255}.eu-west-1.compute.internal`,
        },
        { name: "pod", value: `deployment-${target % 40}-7d9f8c6b5d-${target.toString(36)}` },
        { name: "service", value: `service-${target % 40}` },
      ]);
      return { key, identity: identityOf(key), target, order: partOrderKey(key) };
    })
    .toSorted((a, b) => Buffer.compare(a.order, b.order));
}

/** A small generator of random numbers in [0, 1): the same data at each run. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32;
  };
}

/** Whole numbers of one pattern of a metric, over all of the month. */
function pattern(metric: number, index: number, sampleCount: number): Float64Array {
  const random = generator(metric * 8191 + index * 131 + 7);
  const kind = metric % 100;
  let value = Math.floor(random() * 1_000);
  return new Float64Array(sampleCount).map(() => {
    if (kind < 28) return value;
    if (kind < 50) value += random() < 0.2 ? Math.floor(random() * 16) : 0;
    else if (kind < 83) value += 90 + Math.floor(random() * 16);
    else if (kind < 99) value = Math.max(0, value + Math.floor(random() * 13) - 6);
    else value = Math.floor(random() * 2 ** 50);
    return value;
  });
}

export class MetricValues {
  readonly #patterns: readonly Float64Array[];
  readonly #divisor: number;

  constructor(metric: number, sampleCount: number) {
    this.#patterns = Array.from({ length: PATTERN_COUNT }, (_, index) =>
      pattern(metric, index, sampleCount),
    );
    this.#divisor = metric % 4 === 1 ? 100 : 1;
  }

  /** Values of a target's series, from sample `start` on, into `values`. */
  fill(target: number, start: number, values: Float64Array): void {
    const source = this.#patterns[target % PATTERN_COUNT] as Float64Array;
    const moved = target * 17;
    const divisor = this.#divisor;
    for (let i = 0; i < values.length; i += 1)
      values[i] = ((source[start + i] as number) + moved) / divisor;
  }
}
