/**
 * A child process whose lines are kept and can be waited for.
 *
 * It is ended by its own pid alone, and with the test run at the latest: whatever a test leaves behind
 * is killed when the runner's process exits.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { HopelessError, waitFor } from "./wait.ts";

/** How a process ended. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const LINES_KEPT_MAX = 2_000;
const living = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #exit: Promise<ExitStatus>;
  #exitStatus: ExitStatus | undefined;

  constructor(options: ChildOptions) {
    this.name = options.name;
    const { NODE_OPTIONS: _, VITEST: __, ...environment } = process.env;
    this.#process = spawn(options.command, options.arguments, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...environment, NODE_ENV: "production", ...options.environment },
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
    });
    living.add(this.#process);
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      if (output) createInterface({ input: output }).on("line", (line) => this.#keep(line));
    }
    this.#exit = this.#untilExit();
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${this.name} did not start`);
    return pid;
  }

  get hasExited(): boolean {
    return this.#exitStatus !== undefined;
  }

  /** The lines of stdout and stderr so far, the newest 2,000. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /**
   * Waits for a line that the pattern matches.
   *
   * @throws {Error} when the process ends first, with its last lines
   */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    return waitFor(
      () => {
        for (const line of this.#lines) {
          const match = pattern.exec(line);
          if (match) return match;
        }
        if (this.hasExited) throw new HopelessError(this.#story(`ended before a line ${pattern}`));
        return undefined;
      },
      { what: `a line ${pattern} of ${this.name}`, details: () => this.#story("says") },
    );
  }

  /** Sends a signal to this process alone and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<ExitStatus> {
    if (!this.hasExited) this.#process.kill(signal);
    return this.#exit;
  }

  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Settles when the process has ended and all its output was read. */
  async exited(): Promise<ExitStatus> {
    return this.#exit;
  }

  /** The last lines, for messages. */
  tail(): string {
    return this.#lines.slice(-30).join("\n");
  }

  async #untilExit(): Promise<ExitStatus> {
    try {
      const [code, signal] = (await once(this.#process, "close")) as [
        number | null,
        NodeJS.Signals | null,
      ];
      this.#exitStatus = { code, signal };
    } catch (error) {
      this.#keep(`cannot start: ${String(error)}`);
      this.#exitStatus = { code: -1, signal: null };
    }
    living.delete(this.#process);
    return this.#exitStatus;
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT_MAX) this.#lines.shift();
  }

  #story(what: string): string {
    return `${this.name} ${what}:\n${this.tail()}`;
  }
}
