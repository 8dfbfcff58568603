/** What -help prints and what docs/flags.md holds, both from the table. */
import type { Flag, FlagTable } from "./kinds.ts";

/** All flags by name, as -help prints them. */
export function helpText(program: string, summary: string, table: FlagTable): string {
  const lines = [`${program}: ${summary}`, "", "Flags (-name=value):"];
  for (const [name, flag] of byName(table)) {
    lines.push(`  -${name} ${flag.kind}`, `     ${flag.help}${defaultNote(flag)}`);
  }
  lines.push("  -help", "     Prints this text", "  -version", "     Prints the version");
  return `${lines.join("\n")}\n`;
}

/** A Markdown table of all flags by name. */
export function flagsMarkdown(table: FlagTable): string {
  const rows = byName(table).map(([name, flag]) => {
    const shownDefault = flag.defaultText === "" ? "" : `\`${flag.defaultText}\``;
    return `| \`-${name}\` | ${flag.kind} | ${shownDefault} | ${flag.help.replaceAll("|", "\\|")} |`;
  });
  return ["| flag | kind | default | |", "|---|---|---|---|", ...rows].join("\n");
}

function byName(table: FlagTable): [string, Flag<unknown>][] {
  return Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function defaultNote(flag: Flag<unknown>): string {
  return flag.defaultText === "" ? "" : ` (default ${flag.defaultText})`;
}
