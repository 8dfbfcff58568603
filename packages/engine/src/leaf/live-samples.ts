/** Samples without staleness markers. */
import { hasNaN } from "@tideline/kernels";
import { isStaleAt, wordsOf } from "@tideline/model";
import type { Samples, WindowTimes } from "../functions/card.ts";
import type { DecodedSeries } from "./sample-decoder.ts";
import { ScratchWindows } from "./windows.ts";

/** The series as it is if it has none, else a copy in reused memory. */
export class LiveSamples {
  readonly #windows: ScratchWindows;
  #timestampsMs = new Float64Array(0);
  #values = new Float64Array(0);
  #words: Uint32Array = new Uint32Array(0);

  constructor(times: WindowTimes) {
    this.#windows = new ScratchWindows(times);
  }

  of(series: DecodedSeries): Samples & { readonly windows: DecodedSeries["windows"] } {
    const { words, windows } = series;
    const from = windows.starts[0] as number;
    const to = windows.ends[windows.stepCount - 1] as number;
    if (!hasNaN(series.values, from, to)) return series;
    let stale = from;
    while (stale < to && !isStaleAt(words, stale)) stale += 1;
    return stale === to ? series : this.#copy(series, from, to);
  }

  #copy(series: DecodedSeries, from: number, to: number) {
    const { timestampsMs, words } = series;
    if (this.#values.length < to - from) {
      this.#timestampsMs = new Float64Array((to - from) * 2);
      this.#values = new Float64Array((to - from) * 2);
      this.#words = wordsOf(this.#values);
    }
    let count = 0;
    for (let i = from; i < to; i += 1) {
      if (isStaleAt(words, i)) continue;
      this.#timestampsMs[count] = timestampsMs[i] as number;
      this.#words[count * 2] = words[i * 2] as number;
      this.#words[count * 2 + 1] = words[i * 2 + 1] as number;
      count += 1;
    }
    return {
      timestampsMs: this.#timestampsMs,
      values: this.#values,
      count,
      windows: this.#windows.of(this.#timestampsMs, count),
    };
  }
}
