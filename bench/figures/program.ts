/** One of our programs as a process on ports that the system picks, for benchmarks of whole programs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface RunningProgram {
  readonly pid: number;
  readonly url: string;
  /** `host:port` of a vmstorage for vmselect and for vminsert; empty for other programs. */
  readonly selectAddress: string;
  readonly insertAddress: string;
  stop(): Promise<void>;
}

const STARTED = /started server at (http:\/\/[^/\s]+)\//;
const SELECT_ADDRESS = /accepting vmselect conns at (\S+)$/;
const INSERT_ADDRESS = /accepting vminsert conns at (\S+)$/;
/** Per node, of who asks or writes to it. */
const DIALED = /successfully dialed -storageNode/;

/** Settles when it takes requests. @throws {Error} when it ends before */
export async function startProgram(
  program: string,
  flags: readonly string[],
): Promise<RunningProgram> {
  const listening = program === "vmstorage" ? ["-vminsertAddr", "-vmselectAddr"] : [];
  const ports = ["-httpListenAddr", ...listening].map((flag) => `${flag}=127.0.0.1:0`);
  const path = join(import.meta.dirname, "../../bin", program);
  const child = spawn(path, [...ports, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  const nodes = flags.find((flag) => flag.startsWith("-storageNode="));
  let waitingCount = nodes === undefined ? 0 : nodes.split(",").length;
  let url = "";
  let selectAddress = "";
  let insertAddress = "";
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    url = STARTED.exec(line)?.[1] ?? url;
    selectAddress = SELECT_ADDRESS.exec(line)?.[1] ?? selectAddress;
    insertAddress = INSERT_ADDRESS.exec(line)?.[1] ?? insertAddress;
    if (DIALED.test(line)) waitingCount -= 1;
    if (url !== "" && waitingCount <= 0) break;
  }
  if (url === "" || child.pid === undefined) throw new Error(lines.slice(-5).join("\n"));
  child.stderr.resume();
  const ended = once(child, "exit");
  return {
    pid: child.pid,
    url,
    selectAddress,
    insertAddress,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
