/**
 * The metrics of one program: prom-client behind a registry of our own, so that tests and vmsingle may
 * hold several side by side. Each has its HELP and TYPE; names are VictoriaMetrics' where the meaning is.
 */
import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";
import { Tally } from "./tally.ts";

export interface MetricName {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** One value of a metric that is read when it is asked for. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a metric reads from: one value, or one for each set of labels. Counters must not fall. */
export type Read = () => number | readonly Reading[] | Promise<number | readonly Reading[]>;

const QUANTILES = [0.5, 0.9, 0.97, 0.99, 1];

export class Metrics {
  readonly #registry = new Registry();
  readonly #onError: (error: unknown) => void;

  /** @param onError gets what a reading throws; that metric is left out of the answer then */
  constructor(onError: (error: unknown) => void = () => {}) {
    this.#onError = onError;
  }

  readonly contentType = this.#registry.contentType;

  counter(metric: MetricName): Counter {
    return new Counter(this.#configuration(metric));
  }

  gauge(metric: MetricName): Gauge {
    return new Gauge(this.#configuration(metric));
  }

  /** @param buckets upper bounds, ascending */
  histogram(metric: MetricName, buckets: readonly number[]): Histogram {
    return new Histogram({ ...this.#configuration(metric), buckets: [...buckets] });
  }

  /**
   * Quantiles over the last two and a half to five minutes. Costs more than a histogram, 6 µs for each of the two
   * windows that overlap: per request, not per row.
   */
  summary(metric: MetricName): Summary {
    return new Summary({
      ...this.#configuration(metric),
      percentiles: QUANTILES,
      maxAgeSeconds: 300,
      ageBuckets: 2,
      pruneAgedBuckets: true,
    });
  }

  /** A counter with one label that costs little to count with. */
  tally(metric: Omit<MetricName, "labels">, label: string): Tally {
    const tally = new Tally(label);
    this.counterFrom({ ...metric, labels: [label] }, () => tally.readings());
    return tally;
  }

  /** A counter whose values someone else counts. */
  counterFrom(metric: MetricName, read: Read): void {
    const counter: Counter = new Counter({
      ...this.#configuration(metric),
      collect: () =>
        this.#fill(counter, read, ({ labels, value }) => {
          counter.inc(labels, value);
        }),
    });
  }

  /** A gauge whose values someone else knows. */
  gaugeFrom(metric: MetricName, read: Read): void {
    const gauge: Gauge = new Gauge({
      ...this.#configuration(metric),
      collect: () =>
        this.#fill(gauge, read, ({ labels, value }) => {
          gauge.set(labels, value);
        }),
    });
  }

  /** The text exposition of all metrics. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #configuration({ name, help, labels = [] }: MetricName): {
    name: string;
    help: string;
    labelNames: string[];
    registers: Registry[];
  } {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  async #fill(
    metric: { reset(): void },
    read: Read,
    take: (reading: Reading) => void,
  ): Promise<void> {
    try {
      const readings = await read();
      metric.reset();
      if (typeof readings === "number") take({ labels: {}, value: readings });
      else for (const reading of readings) take(reading);
    } catch (error) {
      metric.reset();
      this.#onError(error);
    }
  }
}
