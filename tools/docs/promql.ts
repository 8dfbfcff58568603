/**
 * Writes docs/promql.md from the cards of the function shelf.
 *
 *   node tools/docs/promql.ts
 */
import { writeFileSync } from "node:fs";
import { aggregateCards, functionCards } from "@tideline/engine";

export const PROMQL_PAGE = new URL("../../docs/promql.md", import.meta.url);

type FunctionCard = (typeof functionCards)[number];
type AggregateCard = (typeof aggregateCards)[number];

const INTRODUCTION = `# PromQL

Made by \`node tools/docs/promql.ts\` from the cards in \`packages/engine/src/functions\`; do not edit.

The language is that of **Prometheus 3.14**: its test scripts are the reference, and every evaluation of float samples in them passes. Where the
Prometheus 3.5.3 that random queries are compared with differs from them, the case is listed in [exclusions](promql-exclusions.md). Native
histograms and start timestamps are not stored yet; what works on them alone gives nothing.

What Prometheus keeps behind feature flags is switched on: experimental functions (marked below), arithmetic in durations (\`x[5m + step()]\`),
\`anchored\` and \`smoothed\`, \`fill\`, \`fill_left\`, \`fill_right\`. \`-search.disableExperimentalPromQL\` refuses it in Prometheus' words.
\`-search.delayedNameRemoval\` drops metric names at the end of a query, as \`--enable-feature=promql-delayed-name-removal\` does. Whatever
drops the name drops the labels \`__type__\` and \`__unit__\`, too.

The one deliberate difference is the limit of points of a range query: VictoriaMetrics' 30,000 (\`-search.maxPointsPerTimeseries\`), not 11,000.

**Pushed down** says whether a call over a selector, with constants as its other arguments, is a leaf of the plan: a leaf of
one step is worked out on the storage nodes, which send a row a series, and one of a range where its raw samples are decoded; nothing but its columns
goes further.
`;

const TYPES: Readonly<Record<string, string>> = {
  scalar: "scalar",
  vector: "vector",
  matrix: "range vector",
  string: "string",
};

/** The whole page. */
export function promqlPage(): string {
  const rollups = functionCards.filter(({ kind }) => kind === "rollup");
  const transforms = functionCards.filter(({ kind }) => kind === "transform");
  const sections = [
    `## Functions of range vectors\n\n${functionTable(rollups)}`,
    `## Functions of vectors, scalars and strings\n\n${functionTable(transforms)}`,
    `## Aggregations\n\nEach takes \`by (…)\` or \`without (…)\`.\n\n${aggregateTable()}`,
  ];
  return [INTRODUCTION, ...sections].join("\n");
}

function functionTable(cards: readonly FunctionCard[]): string {
  return table(
    cards.map((card) => {
      const isPushed = card.kind === "rollup" || card.name === "timestamp";
      const pushed = isPushed ? "yes" : "no";
      return [
        `\`${signature(card)}\``,
        card.help,
        card.name === "absent_over_time" ? "yes" : pushed,
        functionNotes(card),
      ];
    }),
  );
}

function signature({ name, argumentTypes, variadic = 0, returnType }: FunctionCard): string {
  const types = argumentTypes.map((type) => TYPES[type] ?? type);
  const last = types.at(-1) ?? "";
  if (variadic === 0) return `${name}(${types.join(", ")}) ${TYPES[returnType] ?? returnType}`;
  const fixed = types.slice(0, -1);
  const rest = variadic === 1 ? `[${last}]` : `[${last}, …]`;
  return `${name}(${[...fixed, rest].join(", ")}) ${TYPES[returnType] ?? returnType}`;
}

function functionNotes(card: FunctionCard): string {
  const notes: string[] = [];
  if (card.experimental === true) notes.push("Experimental in Prometheus");
  if (card.notes !== undefined) notes.push(card.notes);
  if (card.kind === "rollup") {
    if (card.keepsMetricName === true) notes.push("Keeps the metric name");
    if (card.wantsCounter === true)
      notes.push("An info where the name is not that of a counter (_total, _sum, _count, _bucket)");
    if (card.warnsOfQuantile === true) notes.push("A warning outside [0, 1]");
    const modifiers = (["anchored", "smoothed"] as const).filter((word) => card[word]);
    if (modifiers.length > 0) notes.push(`Takes ${modifiers.join(" and ")} ranges`);
  }
  return notes.join(". ");
}

function aggregateTable(): string {
  return table(
    [...aggregateCards].map((card) => [
      `\`${card.name}(${aggregateArguments(card)})\``,
      card.help,
      "its input",
      [card.experimental === true ? "Experimental in Prometheus" : "", card.notes ?? ""]
        .filter((text) => text !== "")
        .join(". "),
    ]),
  );
}

function aggregateArguments({ parameterType }: AggregateCard): string {
  return parameterType === null ? "vector" : `${TYPES[parameterType] ?? parameterType}, vector`;
}

function table(rows: readonly (readonly string[])[]): string {
  const lines = rows
    .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return ["| call | meaning | pushed down | notes |", "|---|---|---|---|", ...lines, ""].join("\n");
}

if (import.meta.main) writeFileSync(PROMQL_PAGE, promqlPage());
