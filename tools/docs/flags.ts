/**
 * Writes docs/flags.md from the programs' own tables.
 *
 *   node tools/docs/flags.ts           writes it
 *   node tools/docs/flags.ts --check   says whether it is up to date, with exit code 1 when it is not
 */
import { readFileSync, writeFileSync } from "node:fs";
import { flagsMarkdown } from "@tideline/service";
import { flags as vminsert } from "@tideline/vminsert";
import { flags as vmselect } from "@tideline/vmselect";
import { flags as vmsingle } from "@tideline/vmsingle";
import { flags as vmstorage } from "@tideline/vmstorage";

export const FLAGS_PAGE = new URL("../../docs/flags.md", import.meta.url);

const INTRODUCTION = `# Flags

Made by \`node tools/docs/flags.ts\` from \`packages/*/src/config.ts\`; do not edit.

Flags are written \`-name=value\` or \`--name=value\`; a boolean needs its \`=\` (\`-name\` alone means true). Lists are
given by repeating the flag or with commas, a value that holds a comma in quotes. \`%{NAME}\` inside a value stands for an
environment variable. With \`-envflag.enable\` flags are read from the environment too, with underscores for dots and
\`-envflag.prefix\` in front: \`VM_retentionPeriod\`; the command line wins.
`;

/** The whole page. */
export function flagsPage(): string {
  const programs = { vminsert, vmstorage, vmselect, vmsingle };
  const sections = Object.entries(programs).map(
    ([name, table]) => `## ${name}\n\n${flagsMarkdown(table)}\n`,
  );
  return [INTRODUCTION, ...sections].join("\n");
}

if (import.meta.main) {
  const page = flagsPage();
  if (!process.argv.includes("--check")) {
    writeFileSync(FLAGS_PAGE, page);
  } else if (readFileSync(FLAGS_PAGE, "utf8") !== page) {
    process.stderr.write("docs/flags.md is not up to date: run `node tools/docs/flags.ts`\n");
    process.exitCode = 1;
  }
}
