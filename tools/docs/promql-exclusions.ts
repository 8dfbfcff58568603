/**
 * Writes docs/promql-exclusions.md from the exclusions of the random comparison with Prometheus.
 *
 *   node tools/docs/promql-exclusions.ts           writes it
 */
import { writeFileSync } from "node:fs";
import { EXCLUSIONS } from "../../test-e2e/oracle/exclusions.ts";

export const EXCLUSIONS_PAGE = new URL("../../docs/promql-exclusions.md", import.meta.url);

const INTRODUCTION = `# Where PromQL differs from Prometheus 3.5.3

Made by \`node tools/docs/promql-exclusions.ts\` from \`test-e2e/oracle/exclusions.ts\`; do not edit.

The language is that of Prometheus 3.14, as its test scripts have it. Random queries are compared with a Prometheus 3.5.3
(\`npx pnpm test:oracle-long\`); where that differs from the scripts, or is plainly wrong, it is not followed. These are all the cases known. Besides,
a range query in Prometheus gathers the series of most expressions from a hash table, so that which of several equal samples
\`topk\`, \`bottomk\` and \`limitk\` take there changes from one request to the next; here they take the first by label order.
`;

/** The whole page. */
export function exclusionsPage(): string {
  const sections = EXCLUSIONS.map(
    ({ name, query, before, now }) =>
      `## ${name}\n\n- Query: \`${query}\`\n- Prometheus 3.5.3: ${before}\n- Here: ${now}\n`,
  );
  return [INTRODUCTION, ...sections].join("\n");
}

if (import.meta.main) writeFileSync(EXCLUSIONS_PAGE, exclusionsPage());
