/**
 * Random queries over random data, asked of a real Prometheus and of the cluster: no answer may differ but by an exclusion
 * that is published (docs/promql-exclusions.md).
 *
 * TIDELINE_ORACLE_QUERIES sets how many are asked for each seed (300), TIDELINE_ORACLE_SEEDS the seeds (1); `pnpm
 * test:oracle-long` asks 5,000 for each of three. A failure names its number: TIDELINE_ORACLE_ONLY asks that one alone.
 * TIDELINE_ORACLE_DELAYED=1 has both sides drop metric names at the end of a query.
 */
import { seededRandom } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { peersFolder } from "./harness/peers.ts";
import { inWords, judge, type Verdict } from "./oracle/judge.ts";
import { Oracle } from "./oracle/oracle.ts";
import { randomData } from "./oracle/random-data.ts";
import { randomQuestion } from "./oracle/random-query.ts";

const QUERY_COUNT = Number(process.env["TIDELINE_ORACLE_QUERIES"] ?? 300);
const SEEDS = (process.env["TIDELINE_ORACLE_SEEDS"] ?? "1").split(",").map(Number);
const ONLY = process.env["TIDELINE_ORACLE_ONLY"];
const IS_DELAYED = process.env["TIDELINE_ORACLE_DELAYED"] === "1";
const PARALLEL_COUNT = 4;

const programs = peersFolder();

describe.skipIf(programs === undefined)("random queries", () => {
  test.for(SEEDS)("seed %i", { timeout: 0 }, async (seed) => {
    await using oracle = await Oracle.start({
      programs: programs ?? "",
      features: IS_DELAYED ? ["promql-delayed-name-removal"] : [],
      selectFlags: IS_DELAYED ? ["-search.delayedNameRemoval=true"] : [],
    });
    await oracle.write(randomData(seededRandom(seed)));
    const tally = new Map<string, number>();
    const different: string[] = [];
    const numbers = ONLY === undefined ? Array(QUERY_COUNT).keys() : [Number(ONLY)].values();
    const ask = async (): Promise<void> => {
      for (const number of numbers) {
        const question = randomQuestion(seededRandom(seed * 1_000_003 + number));
        const verdict = await judge(question, ...oracle.readers, IS_DELAYED);
        const name = nameOf(verdict);
        tally.set(name, (tally.get(name) ?? 0) + 1);
        if (verdict.kind === "different")
          different.push(
            `seed ${seed}, number ${number}: ${inWords(question)}\n    ${verdict.what}`,
          );
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_COUNT }, ask));
    process.stdout.write(`seed ${seed}: ${JSON.stringify(Object.fromEntries(tally))}\n`);
    expect(different.slice(0, 20)).toEqual([]);
  });
});

function nameOf(verdict: Verdict): string {
  if (verdict.kind === "excluded") return verdict.name;
  if (verdict.kind !== "same") return verdict.kind;
  if (verdict.failed) return "both fail";
  return verdict.isEmpty ? "both are empty" : "same";
}
