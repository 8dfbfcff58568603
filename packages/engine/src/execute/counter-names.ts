/** The info that Prometheus gives when rate or increase works on what is not named as a counter. */
import type { Span } from "@tideline/promql";
import type { Annotations } from "../annotations.ts";
import { leadingNameLabel, metricNameOf } from "../labels/label-key.ts";

const COUNTER_NAME = /_(total|sum|count|bucket)$/;

export function checkCounterNames(
  labels: readonly string[],
  annotations: Annotations,
  span: Span,
): void {
  const names = new Set<string>();
  let lastLabel = "";
  for (const key of labels) {
    if (lastLabel !== "" && key.startsWith(lastLabel)) continue;
    lastLabel = leadingNameLabel(key);
    names.add(metricNameOf(key));
  }
  for (const name of names) {
    if (name === "" || COUNTER_NAME.test(name)) continue;
    annotations.inform(
      `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
      span,
    );
  }
}
