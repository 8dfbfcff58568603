/** label_replace and label_join: new labels out of old ones. */
import { BugError } from "@tideline/common";
import { ExecutionError, METRIC_NAME } from "@tideline/model";
import { RE2JS } from "re2js";
import { relabelled, type Columns } from "../../columns/columns.ts";
import { bytesText, labelValue, plainText, withLabel } from "../../labels/label-key.ts";
import type { TransformCard, TransformContext } from "../card.ts";
import { textOf, vectorOf } from "../transform/elementwise.ts";
import { parseTemplate, type TemplatePart } from "./template.ts";

/** Sets one label of each row to what `valueOf` says; undefined leaves the row as it is. Texts are ordinary. */
function withLabelSet(
  columns: Columns,
  context: TransformContext,
  name: string,
  valueOf: (key: string) => string | undefined,
): Columns {
  const nameBytes = bytesText(name);
  const dropsName = columns.dropsName?.slice() ?? null;
  const labels = columns.labels.map((key, row) => {
    const value = valueOf(key);
    if (value === undefined) return key;
    // A name that is set here is meant to stay.
    if (name === METRIC_NAME && dropsName) dropsName[row] = 0;
    return withLabel(key, nameBytes, bytesText(value));
  });
  return relabelled(columns, labels, dropsName, context.removal.delayed);
}

function compileAnchored(source: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${source})$`);
  } catch (cause) {
    throw new ExecutionError(
      "TIDELINE_QUERY_REGEXP",
      `invalid regular expression in label_replace(): ${source}`,
      { cause },
    );
  }
}

function checkName(name: string, where: string): void {
  if (name === "" || !name.isWellFormed()) {
    throw new ExecutionError(
      "TIDELINE_QUERY_LABEL_NAME",
      `invalid destination label name in ${where}(): ${name}`,
    );
  }
}

function replace(columns: Columns, context: TransformContext, texts: readonly string[]): Columns {
  const [target = "", replacement = "", source = "", pattern = ""] = texts;
  const regexp = compileAnchored(pattern);
  checkName(target, "label_replace");
  const template = parseTemplate(replacement);
  const sourceBytes = bytesText(source);
  // A value is matched once, however many series have it.
  const results = new Map<string, string | undefined>();
  return withLabelSet(columns, context, target, (key) => {
    const value = labelValue(key, sourceBytes);
    if (!results.has(value)) results.set(value, expanded(regexp, template, plainText(value)));
    return results.get(value);
  });
}

function expanded(
  regexp: RE2JS,
  template: readonly TemplatePart[],
  text: string,
): string | undefined {
  const matcher = regexp.matcher(text);
  if (!matcher.find()) return undefined;
  const names = regexp.namedGroups();
  return template
    .map((part) => {
      if (part.kind === "text") return part.text;
      const index = /^\d+$/.test(part.group) ? Number(part.group) : (names[part.group] ?? -1);
      return index >= 0 && index <= matcher.groupCount() ? (matcher.group(index) ?? "") : "";
    })
    .join("");
}

function join(columns: Columns, context: TransformContext, texts: readonly string[]): Columns {
  const [target = "", separator = "", ...sources] = texts;
  for (const source of sources) {
    if (source === "" || !source.isWellFormed()) {
      throw new ExecutionError(
        "TIDELINE_QUERY_LABEL_NAME",
        `invalid source label name in label_join(): ${source}`,
      );
    }
  }
  checkName(target, "label_join");
  const names = sources.map(bytesText);
  return withLabelSet(columns, context, target, (key) =>
    names.map((name) => plainText(labelValue(key, name))).join(separator),
  );
}

export const labelFunctions: readonly TransformCard[] = [
  {
    kind: "transform",
    name: "info",
    help: "Adds the labels of the info series (target_info, unless matchers say otherwise) with the same instance and job",
    notes:
      "The second argument is a list of matchers: on `__name__` they choose info metrics, on other labels they choose what is added and what must match",
    argumentTypes: ["vector", "vector"],
    variadic: 1,
    returnType: "vector",
    experimental: true,
    matchersArgumentIndex: 1,
    // The planner takes it apart (execute/info.ts): its second argument is not evaluated.
    evaluate: () => {
      throw new BugError("BUG: info is not evaluated as a transform");
    },
  },
  {
    kind: "transform",
    name: "label_replace",
    help: "Sets a label to a template over the match of an anchored regular expression on another label",
    notes:
      "RE2 syntax, anchored at both ends; a value that does not match stays; an empty result takes the label away",
    argumentTypes: ["vector", "string", "string", "string", "string"],
    returnType: "vector",
    evaluate: (values, context) => ({
      type: "vector",
      columns: replace(vectorOf(values[0]), context, values.slice(1).map(textOf)),
    }),
  },
  {
    kind: "transform",
    name: "label_join",
    help: "Sets a label to the values of other labels, joined by a separator",
    notes: "An empty result takes the label away",
    argumentTypes: ["vector", "string", "string", "string"],
    variadic: -1,
    returnType: "vector",
    evaluate: (values, context) => ({
      type: "vector",
      columns: join(vectorOf(values[0]), context, values.slice(1).map(textOf)),
    }),
  },
];
