/**
 * The figures that issues ask for: measures them and writes the table of docs/performance.md.
 *
 *     node bench/figures.ts [card …]       all cards, or those named (harness, month, sizes, kernels); needs a quiet machine
 *     node bench/figures.ts page           only writes the page anew, from bench/figures/results.json
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { figureCards } from "./figures/cards.ts";
import { pageWithFigures, type Stored } from "./figures/page.ts";
import { REPOSITORY } from "./figures/run-command.ts";

const RESULTS = join(import.meta.dirname, "figures", "results.json");
const PAGE = join(REPOSITORY, "docs", "performance.md");

const machine = `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const names = process.argv.slice(2);
let stored: Stored = existsSync(RESULTS)
  ? (JSON.parse(readFileSync(RESULTS, "utf8")) as Stored)
  : {};
for (const card of figureCards) {
  if (names.length > 0 && !names.includes(card.name)) continue;
  const reading = await card.measure();
  const measuredAt = `${new Date().toISOString().slice(0, 16)}Z`;
  stored = { ...stored, [card.name]: { measuredAt, machine, reading } };
  writeFileSync(RESULTS, `${JSON.stringify(stored, null, 2)}\n`);
}
writeFileSync(PAGE, pageWithFigures(readFileSync(PAGE, "utf8"), figureCards, stored));
