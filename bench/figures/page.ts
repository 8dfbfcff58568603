/** The table of docs/performance.md, between its two marks. Pure: a test of the tree compares page and results. */
import type { Figure, FigureCard, Reading, StoredReading } from "./card.ts";

const START = "<!-- figures: `node bench/figures.ts` writes what follows -->";
const END = "<!-- end of figures -->";

export type Stored = Readonly<Record<string, StoredReading>>;

/** @throws {Error} when the page has no marks */
export function pageWithFigures(
  page: string,
  cards: readonly FigureCard[],
  stored: Stored,
): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start === -1 || end < start) throw new Error("docs/performance.md has lost its marks");
  return `${page.slice(0, start + START.length)}\n\n${figuresText(cards, stored)}\n\n${page.slice(end)}`;
}

function figuresText(cards: readonly FigureCard[], stored: Stored): string {
  return cards
    .map((card) => {
      const found = stored[card.name];
      if (!found) return `\`${card.command}\`: not measured yet.`;
      const { measuredAt, machine, reading } = found;
      const graph = typeof reading["graph"] === "string" ? ["", reading["graph"]] : [];
      return [
        `\`${card.command}\`, ${measuredAt}, ${machine}:`,
        "",
        ...table([
          ["figure", "asked for", "Tideline", "", "VictoriaMetrics single", "Prometheus"],
          ...card.figures.map((figure) => row(figure, reading)),
        ]),
        ...graph,
      ].join("\n");
    })
    .join("\n\n");
}

function row(figure: Figure, reading: Reading): string[] {
  const value = reading[figure.id];
  const verdict =
    figure.holds && typeof value === "number"
      ? figure.holds(value, reading)
        ? "holds"
        : "**falls short**"
      : "";
  const [victoria, prometheus] = figure.peers ?? ["", ""];
  return [
    figure.what,
    figure.asked,
    shown(value),
    verdict,
    shown(reading[victoria]),
    shown(reading[prometheus]),
  ];
}

/** Three digits that count. */
function shown(value: number | string | undefined): string {
  if (value === undefined || value === null) return "–";
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

/** As oxfmt lays out tables: columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((cells) => (cells[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => padded(cells[column] ?? "", width)).join(" | ")} |`;
  const [head = [], ...rest] = rows;
  return [
    line(head),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...rest.map(line),
  ];
}

function padded(text: string, width: number): string {
  return text + " ".repeat(width - text.length);
}
