/** The `query` argument of a request, parsed in the dialect that the flags set. */
import { prepare, type Prepared } from "@tideline/engine";
import { DEFAULT_PARSE_OPTIONS } from "@tideline/promql";
import { ofArgument } from "./extra-filters.ts";
import type { QueryDialect } from "./jobs.ts";

/** @throws {InputError} in Prometheus' words, with line and column */
export function prepareArgument(
  text: string,
  { allowExperimental }: Pick<QueryDialect, "allowExperimental">,
): Prepared {
  return ofArgument("query", () => prepare(text, { ...DEFAULT_PARSE_OPTIONS, allowExperimental }));
}
