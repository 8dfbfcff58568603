/** Two servers' answers to one question, made comparable: what differs, in words. */
import type { Answer } from "../harness/writer.ts";
import type { Question } from "./random-query.ts";

interface Row {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export interface Reply {
  readonly status: number;
  readonly errorType: string;
  readonly error: string;
  readonly type: string;
  /** By label set as text, in the order of the answer; times to values. */
  readonly series: ReadonlyMap<string, ReadonlyMap<number, string>>;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

interface Envelope {
  readonly status: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

/** @throws {Error} when the answer is none of the query API */
export function replyOf(answer: Answer): Reply {
  const body = JSON.parse(answer.text) as Envelope;
  const { errorType = "", error = "", warnings = [], infos = [], data } = body;
  const series = new Map<string, ReadonlyMap<number, string>>();
  const base = { status: answer.status, errorType, error, warnings, infos };
  if (!data) return { ...base, type: "", series };
  const { resultType, result } = data;
  if (resultType === "scalar" || resultType === "string") {
    series.set("", new Map([result as readonly [number, string]]));
    return { ...base, type: resultType, series };
  }
  for (const row of result as readonly Row[]) {
    const labels = Object.entries(row.metric).toSorted(([a], [b]) => (a < b ? -1 : 1));
    let name = `{${labels.map(([label, value]) => `${label}=${JSON.stringify(plainer(value))}`).join(", ")}}`;
    while (series.has(name)) name += " again";
    series.set(name, new Map(row.values ?? (row.value ? [row.value] : [])));
  }
  return { ...base, type: resultType, series };
}

/** The values of count_values without their last digits, in which computers differ. */
function plainer(value: string): string {
  return /^-?\d+(\.\d+)?$/.test(value) && value.length > 12 ? Number(value).toPrecision(9) : value;
}

/** What of the answers differs, the first thing found; undefined when they agree. */
export function difference(question: Question, theirs: Reply, ours: Reply): string | undefined {
  if (theirs.status !== ours.status || theirs.errorType !== ours.errorType) {
    const say = ({ status, errorType, error }: Reply): string => `${status} ${errorType} ${error}`;
    return `status: theirs ${say(theirs)} / ours ${say(ours)}`;
  }
  if (theirs.type !== ours.type) return `type: theirs ${theirs.type} / ours ${ours.type}`;
  return (
    seriesDifference(question, theirs, ours) ??
    orderDifference(question, theirs, ours) ??
    notesDifference(theirs, ours)
  );
}

function seriesDifference({ text }: Question, theirs: Reply, ours: Reply): string | undefined {
  for (const name of ours.series.keys()) {
    if (!theirs.series.has(name)) return `only ours: ${name}`;
  }
  const tolerance = toleranceOf(text);
  for (const [name, points] of theirs.series) {
    const others = ours.series.get(name);
    if (!others) return `only theirs: ${name}`;
    for (const [time, value] of others) {
      if (!points.has(time)) return `${name}: only ours at ${time}: ${value}`;
    }
    for (const [time, value] of points) {
      const other = others.get(time);
      if (other === undefined) return `${name}: only theirs at ${time}: ${value}`;
      if (!isClose(value, other, tolerance))
        return `${name} at ${time}: theirs ${value} / ours ${other}`;
    }
  }
  return undefined;
}

/** Prometheus differs from itself in these by the order of series. */
function toleranceOf(text: string): number {
  return /std(dev|var)/.test(text) ? 1e-6 : 1e-9;
}

/** Matrices are sorted by labels; of vectors, those that a function has put in order. */
function orderDifference(
  { text, isInstant }: Question,
  theirs: Reply,
  ours: Reply,
): string | undefined {
  const [wanted, got] = [[...theirs.series.keys()], [...ours.series.keys()]];
  if (wanted.join("\n") === got.join("\n")) return undefined;
  if (isInstant && !/^(sort|topk|bottomk)/.test(text)) return undefined;
  // Equal values may stand in any order.
  const values = ({ series }: Reply): string =>
    [...series.values()].map((points) => [...points.values()]).join();
  if (isInstant && !text.startsWith("sort_by") && values(theirs) === values(ours)) return undefined;
  return `order: theirs ${wanted.join(" ")} / ours ${got.join(" ")}`;
}

/** Warnings and infos, without places in the text: these differ between versions. */
function notesDifference(theirs: Reply, ours: Reply): string | undefined {
  // Of more than ten, chance chooses.
  const all = [...theirs.warnings, ...theirs.infos];
  if (all.some((note) => note.includes(" annotations omitted"))) return undefined;
  for (const kind of ["warnings", "infos"] as const) {
    const [wanted, got] = [noteText(theirs[kind]), noteText(ours[kind])];
    if (wanted !== got) return `${kind}: theirs ${wanted} / ours ${got}`;
  }
  return undefined;
}

/** Some infos name the metric in the first step alone, and tell of "" in the others. */
const NAMED = /(?<=#histogram_quantile\)) for metric name ".*"| for metric name ""/;

function noteText(notes: readonly string[]): string {
  const texts = notes.map((note) =>
    note
      .replace(NAMED, "")
      .replace(/ \(\d+:\d+\)$/, "")
      // The last digits of what was computed.
      .replaceAll(/\d\.\d{9,}/g, (digits) => Number(digits).toPrecision(9)),
  );
  return [...new Set(texts)].toSorted().join(" | ");
}

function isClose(a: string, b: string, tolerance: number): boolean {
  if (a === b) return true;
  const [x, y] = [numberOf(a), numberOf(b)];
  const distance = Math.abs(x - y);
  return distance <= tolerance * Math.max(Math.abs(x), Math.abs(y)) || distance < 1e-12;
}

function numberOf(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
}
