/** A million series over 30 days: latencies, and the memory of a query over 104 M samples. */
import type { FigureCard } from "./card.ts";
import { numberIn, runNode } from "./run-command.ts";

export const month: FigureCard = {
  name: "month",
  command: "node bench/month.ts make && node bench/month.ts ask && node bench/month.ts memory",
  figures: [
    {
      id: "hourP50Ms",
      what: "1 M series × 30 days: one series' last hour, p50 ms",
      asked: "≤ 3",
      holds: (ms) => ms <= 3,
    },
    {
      id: "freshHourP50Ms",
      what: "… asked of programs that have just started, with code that V8 has not compiled yet",
      asked: "reported",
    },
    {
      id: "monthP50Ms",
      what: "… one series over all 30 days, p50 ms",
      asked: "≤ 20",
      holds: (ms) => ms <= 20,
    },
    {
      id: "valuesP50Ms",
      what: "… label values over 30 days, p50 ms",
      asked: "≤ 50",
      holds: (ms) => ms <= 50,
    },
    { id: "bytesPerSample", what: "… bytes per sample on disk", asked: "–" },
    {
      id: "memorySampleCount",
      what: "memory while a query reads 100 M samples: samples read",
      asked: "≥ 100 M",
      holds: (count) => count >= 1e8,
    },
    {
      id: "selectPeakMiB",
      what: "… anonymous RSS of vmselect at most, MiB (allowed: 1,024)",
      asked: "within its budget",
      holds: (mib) => mib <= 1_024,
    },
    { id: "storagePeakMiB", what: "… of both vmstorage together, MiB", asked: "reported" },
  ],
  async measure() {
    const made = await runNode("bench/month.ts", "make");
    const asked = await runNode("bench/month.ts", "ask");
    const memory = await runNode("bench/month.ts", "memory");
    const p50 = (name: string): number =>
      numberIn(asked, new RegExp(`"name":"${name}","p50Ms":([0-9.]+)`));
    return {
      hourP50Ms: p50("one series, the last hour"),
      freshHourP50Ms: p50("one series, the last hour, programs just started"),
      monthP50Ms: p50("one series, 30 days"),
      valuesP50Ms: p50("label values over 30 days"),
      bytesPerSample: numberIn(made, /([0-9.]+) a sample/),
      memorySampleCount: numberIn(memory, /"sampleCount":(\d+)/),
      selectPeakMiB: numberIn(memory, /"vmselectPeakMiB":(\d+)/),
      storagePeakMiB: numberIn(memory, /"vmstoragePeakMiB":(\d+)/),
      graph: memory.slice(memory.indexOf("```mermaid")).trim(),
    };
  },
};
