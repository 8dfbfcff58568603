/** Runs one of our benchmarks and reads figures from its lines. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export const REPOSITORY = join(import.meta.dirname, "../..");

/** What it printed. @throws {Error} when it ends with another code than 0 */
export async function runNode(...parameters: string[]): Promise<string> {
  return runCommand(process.execPath, ...parameters);
}

export async function runCommand(command: string, ...parameters: string[]): Promise<string> {
  process.stderr.write(`figures: ${command} ${parameters.join(" ")}\n`);
  const child = spawn(command, parameters, {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${parameters.join(" ")} ended with ${code}`);
  return text;
}

/** The number that the pattern's first group finds. */
export function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`no ${pattern.source} in:\n${text.slice(-2_000)}`);
  return Number(found);
}
