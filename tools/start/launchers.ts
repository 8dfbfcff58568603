/**
 * Who started us: the chain npx → sh → pnpm above this process. Killing npx does not reach us (neither
 * npm nor pnpm pass SIGTERM on), so we look whether the chain still stands, and stop when it does not.
 *
 * By /proc; on other systems only our own parent is watched.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const LAUNCHER_NAMES: ReadonlySet<string> = new Set(["npm", "npx", "pnpm", "npm-cli", "npx-cli"]);

export interface Launchers {
  /** False when one of those who started us has ended. */
  areAlive(): boolean;
}

export function findLaunchers(): Launchers {
  const parent = process.ppid;
  const chain: number[] = [];
  let launcherCount = 0;
  for (let pid = parent; ; pid = parentOf(pid)) {
    const kind = kindOf(pid);
    if (kind === "other") break;
    chain.push(pid);
    // Shells count between launchers; the one on top may be the user's own.
    if (kind === "launcher") launcherCount = chain.length;
  }
  const launchers = chain.slice(0, launcherCount);
  return { areAlive: () => process.ppid === parent && launchers.every(isAlive) };
}

function kindOf(pid: number): "launcher" | "shell" | "other" {
  const words = read(`/proc/${pid}/cmdline`).split("\0");
  if (words[1] === "-c") return "shell";
  // npm puts its whole command line into the first word.
  const title = (words[0] ?? "").split(" ")[0] ?? "";
  const names = [title, words[1] ?? ""].map(plainName);
  return names.some((name) => LAUNCHER_NAMES.has(name)) ? "launcher" : "other";
}

function plainName(path: string): string {
  return basename(path).replace(/\.[cm]?js$/, "");
}

/** State and parent stand behind the name, which is in brackets and may hold anything. */
function stat(pid: number): readonly string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function parentOf(pid: number): number {
  return Number(stat(pid)[1] ?? 0);
}

function isAlive(pid: number): boolean {
  const state = stat(pid)[0] ?? "";
  return state !== "" && state !== "Z" && state !== "X";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
