/**
 * Where Prometheus 3.5.3, the binary that is asked, differs from the scripts of Prometheus 3.14, which are followed. Published
 * as docs/promql-exclusions.md (`node tools/docs/promql-exclusions.ts`).
 */
import type { Reply } from "./compare-replies.ts";
import type { Question } from "./random-query.ts";

interface Exclusion {
  readonly name: string;
  readonly query: string;
  readonly before: string;
  readonly now: string;
  /** Only where both drop metric names at the end of a query. */
  readonly onlyDelayed?: true;
  /** Tells by the answers that this is what differs; absent where such queries are not asked at random. */
  readonly covers?: (question: Question, theirs: Reply, ours: Reply) => boolean;
}

const CHANGING_PARAMETER =
  /\b(quantile|topk|bottomk|limitk|limit_ratio)\b[^(]*(\([^()]*\))? *\((-|\(|scalar|time|[^,]*time)/;

export const EXCLUSIONS: readonly Exclusion[] = [
  {
    name: "sort-in-range-query",
    query: "sort(x)",
    before: "a range query answers without a word",
    now: "a range query warns that sort is ineffective",
    // The other annotations are still compared, see withoutNewNotes.
  },
  {
    name: "bad-parameter-for-nothing",
    query: "topk(NaN, nothing)",
    before: "an empty answer where the vector is empty, whatever the parameter",
    now: "fails on NaN and on what is no 64-bit integer, also where the vector is empty",
    covers: (_question, theirs, ours) =>
      theirs.status === 200 && /^(Parameter|Ratio) value is NaN|overflows int64$/.test(ours.error),
  },
  {
    name: "histogram-fraction-first-bucket",
    query: "histogram_fraction(0, 0.05, x_bucket)",
    before: "NaN where a bound lies inside the first bucket, which has no lower bound",
    now: "a first bucket with a positive bound is taken to start at zero",
  },
  {
    name: "offset-in-parentheses",
    query: "x offset (1m + 10s) / y",
    before: "fails to parse: what follows the parentheses is taken for a part of the duration",
    now: "the duration ends with its parentheses",
  },
  {
    name: "info-with-gaps",
    query: "info(x)",
    before: "where series are absent at a step, others get the labels of their neighbours",
    now: "each series gets its own",
  },
  {
    name: "parameter-over-invariant-vector",
    query: "quantile(time() / 1e10, x @ 5)",
    before:
      "the parameter of the first step is taken for all steps where the vector is the same at all of them",
    now: "the parameter of each step",
    covers: ({ text, isInstant }, theirs, ours) =>
      (!isInstant || text.includes(":")) &&
      theirs.status === ours.status &&
      /@/.test(text) &&
      CHANGING_PARAMETER.test(text),
  },
  {
    name: "many-to-one-before-filter",
    query: "x == on (a) y",
    before: "answers where several x match one y but at most one of them is equal",
    now: "fails: many-to-one matching must be explicit",
    covers: (_question, theirs, ours) =>
      theirs.status === 200 && ours.error.includes("many-to-one matching must be explicit"),
  },
  {
    name: "sort-by-absent-label",
    query: 'sort_by_label(x, "a")',
    before:
      "of more than 12 series, some without the label, the order is that of no rule: an absent label is both before and after another one",
    now: "series without the label come first (sort_by_label_desc: last); up to 12 series are in Prometheus' order",
    covers: ({ text }, theirs, ours) => isSortedBeforeAbsent(text, theirs, ours),
  },
  {
    name: "delayed-names-lost",
    query: "info(rate(x[5m])), last_over_time(abs(x)[5m:])",
    before:
      "with promql-delayed-name-removal, info and last_over_time (and first_over_time) of a subquery show names that were to be dropped",
    now: "names that were to be dropped are",
    onlyDelayed: true,
    covers: ({ text }, theirs, ours) =>
      /\binfo\(|\b(last|first)_over_time\(/.test(text) &&
      namesOf(theirs).join() === namesOf(ours).join(),
  },
  {
    name: "delayed-names-meet",
    query: "-x or -y",
    before:
      "with promql-delayed-name-removal, series that have equal labels without their names fail the query, although no two have a sample at one time",
    now: "they are one series",
    onlyDelayed: true,
    covers: ({ isInstant }, theirs, ours) =>
      !isInstant && ours.status === 200 && /same labelset/.test(theirs.error),
  },
];

/** Whether more than 12 series, some of which lack a label that they are sorted by, have the same values and another order. */
function isSortedBeforeAbsent(text: string, theirs: Reply, ours: Reply): boolean {
  const [, labels] = /^sort_by_label(?:_desc)?\(.*?((?:, *"\w+")+)\)$/s.exec(text) ?? [];
  if (labels === undefined || theirs.series.size <= 12) return false;
  const names = [...labels.matchAll(/\w+/g)].map(([name]) => name);
  const keys = [...theirs.series.keys()];
  const lacks = keys.some((key) => names.some((name) => !new RegExp(`[{ ]${name}="`).test(key)));
  return (
    lacks &&
    theirs.series.size === ours.series.size &&
    keys.every((key) => pointsOf(theirs, key) === pointsOf(ours, key))
  );
}

function pointsOf({ series }: Reply, key: string): string {
  return [...(series.get(key) ?? [])].join(" ");
}

/** Label sets without their metric names, sorted. */
function namesOf({ series }: Reply): string[] {
  return [...series.keys()].map((key) => key.replace(/__name__="[^"]*"(, )?/, "")).toSorted();
}

const SORT_WARNING = /sort is ineffective for range queries/;

/** Our answer as 3.5.3 would have told it, without the warnings it did not know. */
export function withoutNewNotes(reply: Reply): Reply {
  return { ...reply, warnings: reply.warnings.filter((warning) => !SORT_WARNING.test(warning)) };
}

/** The exclusion that explains a difference. */
export function exclusionOf(
  question: Question,
  theirs: Reply,
  ours: Reply,
  isDelayed: boolean,
): Exclusion | undefined {
  return EXCLUSIONS.find(
    ({ covers, onlyDelayed = false }) =>
      (isDelayed || !onlyDelayed) && covers?.(question, theirs, ours),
  );
}
