/** The flags of `npx pnpm start`, and what a plan needs of them. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { allowedMemorySize, commonFlags, type FlagValues, integer, text } from "@tideline/service";
import type { PlanOptions } from "./plan.ts";

const {
  loggerLevel,
  "memory.allowedPercent": allowedPercent,
  "memory.allowedBytes": allowedBytes,
} = commonFlags({ httpListenAddr: "" });

export const startFlags = {
  data: text({
    help: "Directory of the data of all programs; ./data of the repository when not given",
  }),
  storageDataPath: text({ help: "Another name of -data" }),
  portOffset: integer({
    default: 0,
    max: 57_000,
    help: "Added to each port, for a second cluster",
  }),
  retentionPeriod: text({ default: "1", help: "As vmstorage has it: months, or 30d, 2y" }),
  loggerLevel,
  "memory.allowedPercent": allowedPercent,
  "memory.allowedBytes": allowedBytes,
};

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

export function planOptions(
  flags: FlagValues<typeof startFlags>,
  environment: NodeJS.ProcessEnv,
): PlanOptions {
  const given = flags.data || flags.storageDataPath;
  // pnpm changes to the repository; a path is meant from where it was called.
  const dataPath =
    given === "" ? resolve(REPOSITORY, "data") : resolve(environment["INIT_CWD"] ?? ".", given);
  return {
    dataPath,
    portOffset: flags.portOffset,
    retentionPeriod: flags.retentionPeriod,
    loggerLevel: flags.loggerLevel,
    allowedMemorySize: allowedMemorySize(flags),
  };
}
