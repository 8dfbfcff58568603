/**
 * The PromQL expressions of published dashboards run without an error, over data that their selectors find. They lie outside the
 * repository, so this is skipped where they are missing.
 */
import { existsSync, readFileSync } from "node:fs";
import { METRIC_NAME, type Label } from "@tideline/model";
import { fakeSeriesSource, type FakeSeries } from "@tideline/model/testing";
import { parse, selectorsOf } from "@tideline/promql";
import { expect, test } from "vitest";
import { languageFacts } from "./functions/shelf.ts";
import { askFor } from "./testing/ask.ts";

const SHARED = process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests";
const FILE = `${SHARED}/dashboards_queries.json`;

interface DashboardQuery {
  readonly dashboard: string;
  /** With Grafana's variables replaced. */
  readonly resolved: string;
  readonly language: string;
}

const INSTANCES = ["127.0.0.1:9100", "127.0.0.2:9100"];
/** Labels that no query pins, but without which two metrics of one query would be one when their names are dropped. */
const OWN_LABELS: Readonly<Record<string, readonly [string, string]>> = {
  vmagent_rows_inserted_total: ["type", "promremotewrite"],
};
const STEP_MS = 15_000;
const SAMPLE_COUNT = 60;

/** Counters of two instances for each metric that the queries name, with the labels that they pin it to. */
function dataFor(texts: readonly string[]): FakeSeries[] {
  const pinned = new Map<string, Map<string, string>>();
  for (const text of texts) {
    for (const { matchers } of selectorsOf(parse(text, languageFacts))) {
      const equal = matchers.filter(({ operator, value }) => operator === "=" && value !== "");
      const name = equal.find((matcher) => matcher.name === METRIC_NAME)?.value;
      if (name === undefined) continue;
      const own = OWN_LABELS[name];
      const labels = pinned.get(name) ?? new Map<string, string>(own ? [own] : []);
      for (const matcher of equal) labels.set(matcher.name, matcher.value);
      pinned.set(name, labels);
    }
  }
  return [...pinned.values()].flatMap((labels, metric) =>
    INSTANCES.map((instance, index) => {
      const all = new Map([...labels, ["instance", instance], ["le", "+Inf"]]);
      if (!all.has("job")) all.set("job", "node");
      return counter(
        [...all].map(([name, value]): Label => ({ name, value })),
        metric + index + 1,
      );
    }),
  );
}

function counter(labels: readonly Label[], growth: number): FakeSeries {
  return {
    labels: [...labels],
    timestampsMs: Float64Array.from({ length: SAMPLE_COUNT }, (_, i) => i * STEP_MS),
    values: Float64Array.from({ length: SAMPLE_COUNT }, (_, i) => i * growth),
  };
}

test.skipIf(!existsSync(FILE))("PromQL of published dashboards runs without an error", async () => {
  const { queries } = JSON.parse(readFileSync(FILE, "utf8")) as {
    queries: readonly DashboardQuery[];
  };
  const ours = queries.filter(({ language }) => language === "promql");
  expect(ours.length).toBeGreaterThan(700);
  const source = fakeSeriesSource(dataFor(ours.map(({ resolved }) => resolved)));
  const endMs = (SAMPLE_COUNT - 1) * STEP_MS;
  const failures: string[] = [];
  let answeredCount = 0;
  for (const { dashboard, resolved } of ours) {
    try {
      await askFor(resolved, source, { at: endMs });
      const grid = { startMs: 0, endMs, stepMs: 60_000 };
      const { data } = await askFor(resolved, source, { grid });
      if (data.type === "matrix" && data.columns.labels.length > 0) answeredCount += 1;
    } catch (error) {
      failures.push(`${dashboard}: ${resolved}: ${String(error)}`);
    }
  }
  expect(failures).toEqual([]);
  // The data is made for them, so most have something to say.
  expect(answeredCount).toBeGreaterThan(ours.length / 2);
});
