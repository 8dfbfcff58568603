/**
 * Counts by the value of one label, for what is counted with every request: a tenth of the cost of a counter
 * of prom-client, which makes a text of the labels each time. Read when the metrics are asked for.
 */
import type { Reading } from "./metrics.ts";

export class Tally {
  readonly #label: string;
  readonly #counts = new Map<string, number>();

  constructor(label: string) {
    this.#label = label;
  }

  /** @param value of the label: of a bounded set */
  add(value: string, count = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }

  readings(): Reading[] {
    return Array.from(this.#counts, ([value, count]) => ({
      labels: { [this.#label]: value },
      value: count,
    }));
  }
}
