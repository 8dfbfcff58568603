/** tideline-inspect: looks into a data folder of a storage, running or not, and tells whether it is sound. */
import { NodeDisk } from "@tideline/common";
import { inspect } from "./inspect.ts";

// A reader that has seen enough, such as head(1), is no error.
process.stdout.on("error", () => {
  process.exit();
});
process.exitCode = inspect(process.argv.slice(2), {
  disk: new NodeDisk(),
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
});
