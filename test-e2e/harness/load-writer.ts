/**
 * A sender that writes without a pause and remembers each sample it sent and each that was acknowledged.
 *
 * It behaves like Prometheus: one request at a time, the next samples only after the last ones, a refused
 * request is sent again until it is taken. Now and then it gives one up instead, so that samples of unknown fate
 * are among them. Values are random bits of finite numbers.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "@tideline/common/testing";
import type { Reader } from "./reader.ts";
import { bitsOf, type Sample, type Series, valueOf } from "./samples.ts";
import { compress, encodeWrite, Writer } from "./writer.ts";

const SERIES_COUNT = 25;
const INTERVAL_MS = 1_000;
const RETRY_DELAY_MS = 20;
const GIVE_UP_CHANCE = 0.1;

interface LoadWriterOptions {
  readonly name: string;
  readonly url: string;
  readonly random: Random;
}

interface Comparison {
  /** Acknowledged, but not there. */
  readonly lost: readonly string[];
  /** There with other bits than those sent. */
  readonly changed: readonly string[];
  /** There, though never sent. */
  readonly unknown: readonly string[];
  readonly kept: number;
}

export class LoadWriter {
  readonly #name: string;
  readonly #writer: Writer;
  readonly #random: Random;
  readonly #startMs = Math.floor(Date.now() / 1_000) * 1_000 - 86_400_000;
  /** Per series, bits by time in milliseconds. */
  readonly #sent = Array.from({ length: SERIES_COUNT }, () => new Map<number, bigint>());
  readonly #acknowledgedMs = new Set<number>();
  #requestCount = 0;
  #isStopped = false;
  ackCount = 0;
  attemptCount = 0;

  constructor({ name, url, random }: LoadWriterOptions) {
    this.#name = name;
    this.#writer = new Writer(url);
    this.#random = random;
  }

  /** Writes until `stop`; the last request is finished. */
  async run(): Promise<void> {
    while (!this.#isStopped) await this.#writeOne();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Reads everything back. */
  async compare(reader: Reader): Promise<Comparison> {
    const lost: string[] = [];
    const changed: string[] = [];
    const unknown: string[] = [];
    let kept = 0;
    const endS = this.#startMs / 1_000 + this.#requestCount + 1;
    for (const [index, sent] of this.#sent.entries()) {
      const query = `kill{writer="${this.#name}",index="${index}"}[${this.#requestCount + 2}s]`;
      const matrix = await reader.matrix(query, endS);
      const stored = new Map(
        matrix.flatMap(({ values }) =>
          values.map(([timeS, text]) => [Math.round(timeS * 1_000), bitsOf(Number(text))] as const),
        ),
      );
      const place = (timeMs: number): string => `${this.#name} series ${index} at ${timeMs}`;
      for (const [timeMs, valueBits] of stored) {
        const sentBits = sent.get(timeMs);
        if (sentBits === undefined) unknown.push(place(timeMs));
        else if (sentBits === valueBits) kept += 1;
        else changed.push(place(timeMs));
      }
      for (const timeMs of this.#acknowledgedMs) {
        if (!stored.has(timeMs)) lost.push(place(timeMs));
      }
    }
    return { lost, changed, unknown, kept };
  }

  async #writeOne(): Promise<void> {
    const timeMs = this.#startMs + this.#requestCount * INTERVAL_MS;
    this.#requestCount += 1;
    const body = compress(encodeWrite(this.#nextSeries(timeMs)));
    for (;;) {
      this.attemptCount += 1;
      const status = await this.#writer.send(body).then(
        (answer) => answer.status,
        () => "no answer" as const,
      );
      if (status === 204) {
        this.ackCount += 1;
        this.#acknowledgedMs.add(timeMs);
        return;
      }
      if (status !== "no answer" && status !== 503 && status !== 429) {
        throw new Error(`${this.#name}: a write was answered with ${status}`);
      }
      if (this.#isStopped || this.#random.chance(GIVE_UP_CHANCE)) return;
      await pause(RETRY_DELAY_MS);
    }
  }

  #nextSeries(timeMs: number): Series[] {
    return this.#sent.map((sent, index) => {
      const sample: Sample = { timeMs, valueBits: finiteBits(this.#random) };
      sent.set(timeMs, sample.valueBits);
      return {
        labels: { __name__: "kill", writer: this.#name, index: String(index) },
        samples: [sample],
      };
    });
  }
}

/** Random bits of a number that JSON shows exactly: neither NaN nor infinite. */
function finiteBits(random: Random): bigint {
  for (;;) {
    const bits = (BigInt(random.u32()) << 32n) | BigInt(random.u32());
    if (Number.isFinite(valueOf(bits))) return bits;
  }
}
