/** Asks the reference and the cluster one question and judges the answers. */
import type { Parameters, Reader } from "../harness/reader.ts";
import { difference, replyOf, type Reply } from "./compare-replies.ts";
import { exclusionOf, withoutNewNotes } from "./exclusions.ts";
import type { Question } from "./random-query.ts";

export type Verdict =
  | { readonly kind: "same"; readonly failed: boolean; readonly isEmpty: boolean }
  /** Explained by an exclusion of this name. */
  | { readonly kind: "excluded"; readonly name: string }
  /** The reference does not agree with itself. */
  | { readonly kind: "unsettled" }
  | { readonly kind: "different"; readonly what: string };

/** How often the reference is asked for one more opinion. */
const OPINIONS_MAX = 20;
/**
 * What depends on an order that Prometheus draws from a hash table, in range queries and in info(): what chooses among samples that may be
 * equal, and deviations, whose last digits a comparison makes visible.
 */
const ORDERED = /topk|bottomk|limitk|std(dev|var)/;

export async function judge(
  question: Question,
  reference: Reader,
  cluster: Reader,
  isDelayed: boolean,
): Promise<Verdict> {
  const [theirs, ours] = await Promise.all([ask(reference, question), ask(cluster, question)]);
  const comparable = withoutNewNotes(ours);
  const what = difference(question, theirs, comparable);
  if (what === undefined) {
    return { kind: "same", failed: theirs.status !== 200, isEmpty: theirs.series.size === 0 };
  }
  const exclusion = exclusionOf(question, theirs, ours, isDelayed);
  if (exclusion) return { kind: "excluded", name: exclusion.name };
  for (let i = 0; i < OPINIONS_MAX && ORDERED.test(question.text); i += 1) {
    const again = await ask(reference, question);
    if (difference(question, theirs, again) !== undefined) return { kind: "unsettled" };
  }
  return { kind: "different", what };
}

async function ask(reader: Reader, question: Question): Promise<Reply> {
  const { text, isInstant, start, end, step, lookback } = question;
  const parameters: Parameters = {
    query: text,
    ...(isInstant ? { time: start } : { start, end, step }),
    ...(lookback === "" ? {} : { lookback_delta: lookback }),
  };
  return replyOf(
    await reader.ask(isInstant ? "query" : "query_range", parameters, { method: "POST" }),
  );
}

/** The question, as a person would ask it again. */
export function inWords({ text, isInstant, start, end, step, lookback }: Question): string {
  const when = isInstant ? `at ${start}` : `${start} to ${end} step ${step}`;
  return `${text}\n    ${when}${lookback === "" ? "" : `, lookback ${lookback}`}`;
}
