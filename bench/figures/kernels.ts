/** Loops over memory: range functions over shared timestamps, and the digits of an answer. */
import type { FigureCard } from "./card.ts";
import { numberIn, runNode } from "./run-command.ts";

export const kernels: FigureCard = {
  name: "kernels",
  command: "node bench/series-range.ts && node bench/engine.ts",
  figures: [
    {
      id: "rateSumMPerS",
      what: "rate + sum by over shared timestamps, M samples/s per core",
      asked: "≥ 500",
      holds: (rate) => rate >= 500,
    },
    {
      id: "rateSumPlainMPerS",
      what: "… the plain twin",
      asked: "–",
    },
    {
      id: "jsonCpuMs",
      what: "JSON of 10,000 series × 60 decimal values, CPU-ms",
      asked: "≤ 100",
      holds: (ms) => ms <= 100,
    },
  ],
  async measure() {
    const ranges = await runNode("bench/series-range.ts");
    const engine = await runNode("bench/engine.ts");
    return {
      rateSumMPerS: numberIn(ranges, /rate \+ sum by, wasm .* (\d+) M samples/),
      rateSumPlainMPerS: numberIn(ranges, /rate \+ sum by, plain .* (\d+) M samples/),
      jsonCpuMs: numberIn(engine, /JSON, 10,000 × 60 decimal values\s+([0-9.]+) CPU-ms/),
    };
  },
};
