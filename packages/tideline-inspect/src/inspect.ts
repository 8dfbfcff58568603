/** The command: arguments in, lines and an exit code out. */
import { errorCode, type Disk } from "@tideline/common";
import { CorruptionError, InputError, parseTenant } from "@tideline/model";
import { parseSelector } from "@tideline/promql";
import { inspectFolder, inspectSeries } from "@tideline/storage";
import { folderLines, seriesLines } from "./lines.ts";

export const EXIT_SOUND = 0;
export const EXIT_DAMAGE = 1;
export const EXIT_USAGE = 2;

const USAGE = `tideline-inspect looks into the data folder of a storage. It only reads, and the storage may run.

  tideline-inspect check DIR              lists parts and logs, and reads every byte of them
  tideline-inspect list DIR               the same without reading the parts beyond their footers
  tideline-inspect series DIR SELECTOR    where the samples of series lie: blocks of parts, rows of logs

  --tenant=0:0    of the series; accountID or accountID:projectID
  --json          check and list: one JSON document

DIR may also be a snapshot (DIR/snapshots/NAME).
Exit codes: 0 sound, 1 something is damaged or was set aside, 2 the command was not understood, or the folder cannot be read.`;

export interface InspectPorts {
  readonly disk: Disk;
  readonly print: (line: string) => void;
  /** For what goes to the error output. */
  readonly complain: (line: string) => void;
}

/** @returns the exit code */
export function inspect(args: readonly string[], ports: InspectPorts): number {
  try {
    return run(args, ports);
  } catch (error) {
    const isDamage = error instanceof CorruptionError;
    // What the disk does not let us see is no damage that we have found.
    const isTold = isDamage || error instanceof InputError || errorCode(error) !== null;
    if (!isTold) throw error;
    ports.complain(`tideline-inspect: ${error instanceof Error ? error.message : String(error)}`);
    return isDamage ? EXIT_DAMAGE : EXIT_USAGE;
  }
}

function run(args: readonly string[], ports: InspectPorts): number {
  if (args.some((arg) => /^--?h(?:elp)?$/.test(arg))) {
    ports.print(USAGE);
    return EXIT_SOUND;
  }
  const { words, tenant, isJson } = readArguments(args);
  const [command = "", dataPath, selector] = words;
  if (dataPath === undefined || words.length !== (command === "series" ? 3 : 2)) throw usage();
  if (command === "check" || command === "list") {
    const found = inspectFolder(ports.disk, dataPath, command === "check");
    if (isJson) ports.print(JSON.stringify(found, null, 2));
    else for (const line of folderLines(dataPath, found)) ports.print(line);
    return found.damage.length === 0 ? EXIT_SOUND : EXIT_DAMAGE;
  }
  if (command !== "series") throw usage();
  const filters = [[...parseSelector(selector as string)]];
  for (const found of inspectSeries(ports.disk, dataPath, { tenant, filters }))
    for (const line of seriesLines(found)) ports.print(line);
  return EXIT_SOUND;
}

function readArguments(args: readonly string[]) {
  const words: string[] = [];
  let tenant = parseTenant("0");
  let isJson = false;
  for (const arg of args) {
    if (!arg.startsWith("-")) words.push(arg);
    else if (/^--?json$/.test(arg)) isJson = true;
    else if (/^--?tenant=/.test(arg)) tenant = parseTenant(arg.slice(arg.indexOf("=") + 1));
    else throw new InputError("TIDELINE_USAGE", `unknown option ${arg}; --help tells more`);
  }
  return { words, tenant, isJson };
}

function usage(): InputError {
  return new InputError(
    "TIDELINE_USAGE",
    `want check DIR, list DIR or series DIR SELECTOR; --help tells more`,
  );
}
