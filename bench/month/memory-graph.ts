/** Resident memory of programs while something runs, as a graph that Markdown pages draw (Mermaid's xychart). */
import { readFileSync } from "node:fs";

const INTERVAL_MS = 50;
const POINT_COUNT_MAX = 40;

export interface MemorySeries {
  /** MiB, by name: at the start, and at most. */
  readonly peaks: Readonly<Record<string, number>>;
  readonly mermaid: string;
}

/** Resident bytes that belong to no file, in MiB. */
function anonymousMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
}

export class MemoryGraph {
  readonly #pids: Readonly<Record<string, readonly number[]>>;
  readonly #lines: Record<string, number[]> = {};
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = performance.now();

  /** @param pids by the name of the line in which they are added up */
  constructor(pids: Readonly<Record<string, readonly number[]>>) {
    this.#pids = pids;
    this.#look();
    this.#timer = setInterval(() => {
      this.#look();
    }, INTERVAL_MS);
  }

  finish(): MemorySeries {
    clearInterval(this.#timer);
    this.#look();
    const seconds = (performance.now() - this.#startMs) / 1_000;
    const names = Object.keys(this.#lines);
    const lines = names.map((name) => thinned(this.#lines[name] ?? []));
    const top = Math.ceil(Math.max(...lines.flat()) / 100) * 100;
    const peaks = names.flatMap((name): [string, number][] => {
      const all = this.#lines[name] ?? [];
      return [
        [`${name}StartMiB`, Math.round(all[0] ?? 0)],
        [`${name}PeakMiB`, Math.round(Math.max(...all))],
      ];
    });
    const mermaid = [
      "```mermaid",
      "xychart-beta",
      `  title "anonymous RSS, MiB: ${names.join(", ")}"`,
      `  x-axis "seconds" 0 --> ${seconds.toFixed(1)}`,
      `  y-axis "MiB" 0 --> ${top}`,
      ...lines.map((line) => `  line [${line.map((value) => Math.round(value)).join(", ")}]`),
      "```",
    ].join("\n");
    return { peaks: Object.fromEntries(peaks), mermaid };
  }

  #look(): void {
    for (const [name, pids] of Object.entries(this.#pids)) {
      const line = (this.#lines[name] ??= []);
      line.push(pids.reduce((sum, pid) => sum + anonymousMiB(pid), 0));
    }
  }
}

/** At most POINT_COUNT_MAX points: the greatest of each stretch. */
function thinned(values: readonly number[]): number[] {
  const size = Math.ceil(values.length / POINT_COUNT_MAX);
  const points: number[] = [];
  for (let at = 0; at < values.length; at += size)
    points.push(Math.max(...values.slice(at, at + size)));
  return points;
}
