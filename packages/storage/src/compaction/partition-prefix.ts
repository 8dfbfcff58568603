/** The prefix of months that VictoriaMetrics' forced merge takes: `2026`, `2026_1`, `2026_11`; empty means all. */
import { DAY_MS, type TimeWindow } from "./plan.ts";

/** Whether a window has a day of a month that begins with the prefix. */
export function meetsPartition({ startMs, endMs }: TimeWindow, prefix: string): boolean {
  if (prefix === "") return true;
  for (let ms = startMs; ms < endMs; ms += DAY_MS) {
    const month = new Date(ms).toISOString().slice(0, 7).replace("-", "_");
    if (month.startsWith(prefix)) return true;
  }
  return false;
}
