/** One program as a child process: its lines are passed on with its name in front. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { PlannedProgram } from "./plan.ts";

export interface Child {
  readonly planned: PlannedProgram;
  /** How it ended, in words. Never rejects. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  kill(signal: NodeJS.Signals): void;
}

export function startChild(planned: PlannedProgram, nameWidth: number): Child {
  const launcher = fileURLToPath(new URL(`../../bin/${planned.program}`, import.meta.url));
  // Its own process group: Ctrl-C in the terminal reaches us alone, and we stop them in order.
  const process = spawn(launcher, planned.flags, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const mark = planned.name.padEnd(nameWidth);
  passOn(process, mark);
  let hasEnded = false;
  const ended = endOf(process).then((end) => {
    hasEnded = true;
    return end;
  });
  return {
    planned,
    ended,
    hasEnded: () => hasEnded,
    kill: (signal) => void process.kill(signal),
  };
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  } catch (error) {
    return `cannot start: ${String(error)}`;
  }
}

function passOn(child: ChildProcess, mark: string): void {
  for (const output of [child.stdout, child.stderr]) {
    if (!output) continue;
    createInterface({ input: output }).on("line", (line) => {
      process.stderr.write(`${mark} | ${line}\n`);
    });
  }
}
