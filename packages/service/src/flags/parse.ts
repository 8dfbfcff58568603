/**
 * A command line and an environment to the values of a flag table, in the manner of Go's flag package
 * as VictoriaMetrics' users know it: `-x=1`, `--x=1`, `-x 1`; a boolean needs its `=`.
 */
import { closest } from "fastest-levenshtein";
import type { Flag, FlagTable, FlagValues } from "./kinds.ts";

/** The command line is at fault: it names the flag, the text and the rule. The program ends with code 2. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/** How one flag stands, for /flags and for the metric `flag`. */
export interface FlagState {
  readonly name: string;
  /** As text; `secret` when it is one. */
  readonly text: string;
  readonly isSet: boolean;
}

interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  /** One for each flag, by name. */
  readonly states: readonly FlagState[];
}

export type CommandLine<Table extends FlagTable> =
  | { readonly want: "help" }
  | { readonly want: "version" }
  | ({ readonly want: "run" } & ParsedFlags<Table>);

/**
 * @param commandLine without the program itself
 * @throws {FlagError} on an unknown flag, a missing or a bad value
 */
export function parseFlags<Table extends FlagTable>(
  table: Table,
  commandLine: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine<Table> {
  const given = splitCommandLine(table, commandLine);
  if (given.has("help") || given.has("h")) return { want: "help" };
  if (given.has("version")) return { want: "version" };
  const environmentPrefix = environmentPrefixOf(given);
  const values: Record<string, unknown> = {};
  const states: FlagState[] = [];
  for (const name of Object.keys(table).toSorted()) {
    const flag = table[name] as Flag<unknown>;
    let texts = given.get(name);
    if (!texts && environmentPrefix !== undefined) {
      const text = environment[environmentPrefix + name.replaceAll(".", "_")];
      if (text !== undefined && text !== "") texts = [text];
    }
    const expanded = texts?.map((text) => expandEnvironment(name, text, environment));
    values[name] = valueOf(name, flag, expanded ?? [flag.defaultText]);
    states.push({ name, text: shownText(flag, expanded), isSet: expanded !== undefined });
  }
  // Every name of the table has got a value that its own flag parsed.
  return { want: "run", values: values as FlagValues<Table>, states };
}

/** Flags that every program has without naming them. */
const BUILT_IN_NAMES: ReadonlySet<string> = new Set(["help", "h", "version"]);

function splitCommandLine(
  table: FlagTable,
  commandLine: readonly string[],
): ReadonlyMap<string, string[]> {
  const given = new Map<string, string[]>();
  for (let i = 0; i < commandLine.length; i += 1) {
    const argument = commandLine[i] as string;
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument);
    if (!match) {
      throw new FlagError(`Cannot take "${argument}": want flags such as -name=value`);
    }
    const name = match[1] as string;
    let text = match[2];
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!flag && !BUILT_IN_NAMES.has(name)) throw unknownFlag(name, table);
    if (text === undefined && (!flag || flag.isBoolean)) text = "true";
    if (text === undefined) {
      i += 1;
      text = commandLine[i];
      if (text === undefined)
        throw new FlagError(`Cannot find the value of -${name}: want -${name}=value`);
    }
    if (!flag && text === "false") continue;
    const texts = given.get(name);
    if (texts && flag?.isList) texts.push(text);
    else given.set(name, [text]); // as in Go, the last one wins
  }
  return given;
}

function unknownFlag(name: string, table: FlagTable): FlagError {
  const nearest = closest(name, [...Object.keys(table), "help", "version"]);
  return new FlagError(
    `Unknown flag -${name}; the nearest known one is -${nearest}. -help lists all of them`,
  );
}

/** The prefix of environment names, or undefined when the environment is not asked. */
function environmentPrefixOf(given: ReadonlyMap<string, string[]>): string | undefined {
  const enabled = given.get("envflag.enable")?.[0];
  if (enabled === undefined || /^(false|f|0)$/i.test(enabled)) return undefined;
  return given.get("envflag.prefix")?.[0] ?? "";
}

function expandEnvironment(
  name: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return text.replaceAll(/%\{([^{}]+)\}/g, (_, variable: string) => {
    const value = environment[variable];
    if (value === undefined) {
      throw new FlagError(
        `Cannot fill in %{${variable}} of -${name}: no such environment variable`,
      );
    }
    return value;
  });
}

function valueOf(name: string, flag: Flag<unknown>, texts: readonly string[]): unknown {
  const parsed = texts.map((text) => {
    const value = flag.parse(text);
    if (value === undefined) {
      const shown = flag.isSecret ? "secret" : text;
      throw new FlagError(`Cannot read -${name}="${shown}": want ${flag.rule}`);
    }
    return value;
  });
  return flag.isList ? parsed.flat() : parsed.at(-1);
}

function shownText(flag: Flag<unknown>, texts: readonly string[] | undefined): string {
  const text = texts?.join(",") ?? flag.defaultText;
  return flag.isSecret && text !== "" ? "secret" : text;
}
