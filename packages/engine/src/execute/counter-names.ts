/** The info that Prometheus gives when rate or increase works on what is not named as a counter. */
import type { Span } from "@tideline/promql";
import type { Annotations } from "../annotations.ts";
import { knownLists } from "../labels/known-lists.ts";
import { leadingNameLabel, metricNameOf } from "../labels/label-key.ts";

const COUNTER_NAME = /_(total|sum|count|bucket)$/;

export function checkCounterNames(
  labels: readonly string[],
  annotations: Annotations,
  span: Span,
): void {
  const names = knownLists.fact(labels, "names of no counters", () => otherNames(labels));
  for (const name of names) {
    annotations.inform(
      `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
      span,
    );
  }
}

/** Names, each once, that do not end as a counter's. */
function otherNames(labels: readonly string[]): string[] {
  const names = new Set<string>();
  let lastLabel = "";
  for (const key of labels) {
    if (lastLabel !== "" && key.startsWith(lastLabel)) continue;
    lastLabel = leadingNameLabel(key);
    names.add(metricNameOf(key));
  }
  return [...names].filter((name) => name !== "" && !COUNTER_NAME.test(name));
}
