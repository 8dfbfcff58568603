/** Whether a container engine answers. */
import { spawnSync } from "node:child_process";
import { isRequired } from "./required.ts";

/** @returns false where none answers, with a loud line; under CI that is an error instead */
export function hasContainerEngine(): boolean {
  const commands = [["info"], ["compose", "version"], ["buildx", "version"]];
  const answers = commands.every((words) => spawnSync("docker", words).status === 0);
  if (answers) return true;
  if (isRequired) throw new Error("CI needs a container engine: deploy/testing/start-engine.sh");
  process.stderr.write(
    "\n*** No container engine answers (see deploy/testing): the container tests are SKIPPED.\n\n",
  );
  return false;
}
