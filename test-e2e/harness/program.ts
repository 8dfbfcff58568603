/**
 * One of our programs as a real process, started through `bin/`, on ports that the system picks.
 *
 * The addresses are read from the lines that operators' tools grep for, so these lines are tested wherever a
 * program is started. A program that is started again takes the ports it had.
 */
import { join } from "node:path";
import { request } from "undici";
import { REPOSITORY } from "./paths.ts";
import { Child, type ExitStatus } from "./process.ts";
import { HopelessError, waitFor } from "./wait.ts";

type ProgramName = "vminsert" | "vmselect" | "vmsingle" | "vmstorage";

/** The flags that listen, each with the line that tells the address. */
const LISTENERS = {
  httpListenAddr: /started server at http:\/\/([^/\s]+)\//,
  vminsertAddr: /accepting vminsert conns at (\S+)$/,
  vmselectAddr: /accepting vmselect conns at (\S+)$/,
} as const;
type Listener = keyof typeof LISTENERS;

const LISTENERS_OF: Readonly<Record<ProgramName, readonly Listener[]>> = {
  vminsert: ["httpListenAddr"],
  vmselect: ["httpListenAddr"],
  vmsingle: ["httpListenAddr"],
  vmstorage: ["httpListenAddr", "vminsertAddr", "vmselectAddr"],
};

/** Command and first arguments that start a program. */
export type Launcher = (program: ProgramName) => readonly [string, ...string[]];

const fromSources: Launcher = (program) => [join(REPOSITORY, "bin", program)];

interface ProgramOptions {
  readonly program: ProgramName;
  /** To tell two of a kind apart in messages. */
  readonly name?: string;
  /** Without the flags that listen. */
  readonly flags: readonly string[];
  /** What starts it; `bin/<program>` when not given. */
  readonly launcher?: Launcher;
}

export class Program {
  readonly name: string;
  readonly #options: ProgramOptions;
  #flags: readonly string[];
  #addresses = new Map<Listener, string>();
  #child: Child;

  private constructor(options: ProgramOptions) {
    this.#options = options;
    this.name = options.name ?? options.program;
    this.#flags = options.flags;
    this.#child = this.#spawn();
  }

  /** Starts it and waits until it says that it is ready. */
  static async start(options: ProgramOptions): Promise<Program> {
    const program = new Program(options);
    await program.#untilReady();
    return program;
  }

  /** `http://127.0.0.1:12345`, without a slash at the end. */
  get url(): string {
    return `http://${this.address("httpListenAddr")}`;
  }

  get child(): Child {
    return this.#child;
  }

  address(listener: Listener): string {
    const address = this.#addresses.get(listener);
    if (address === undefined) throw new Error(`${this.name} does not listen for ${listener}`);
    return address;
  }

  /**
   * Ends it with SIGTERM.
   *
   * @throws {Error} when it does not end with code 0
   */
  async stop(): Promise<void> {
    const { code, signal } = await this.#child.end("SIGTERM");
    if (code !== 0) {
      throw new Error(`${this.name} ended with ${code ?? signal}:\n${this.#child.tail()}`);
    }
  }

  /** Ends it with SIGKILL: it can do nothing about it. */
  async kill(): Promise<ExitStatus> {
    return this.#child.end("SIGKILL");
  }

  /** Starts it again on the same ports, with other flags if given. */
  async startAgain(flags: readonly string[] = this.#flags): Promise<void> {
    if (!this.#child.hasExited) throw new Error(`${this.name} still runs`);
    this.#flags = flags;
    this.#child = this.#spawn();
    await this.#untilReady();
  }

  #spawn(): Child {
    const { program, launcher = fromSources } = this.#options;
    const [command, ...first] = launcher(program);
    const listening = LISTENERS_OF[program].map(
      (listener) => `-${listener}=${this.#addresses.get(listener) ?? "127.0.0.1:0"}`,
    );
    return new Child({
      name: this.name,
      command,
      arguments: [...first, ...listening, ...this.#flags],
    });
  }

  async #untilReady(): Promise<void> {
    for (const listener of LISTENERS_OF[this.#options.program]) {
      const [, address = ""] = await this.#child.line(LISTENERS[listener]);
      this.#addresses.set(listener, address);
    }
    await waitFor(
      async () => {
        if (this.#child.hasExited) throw new HopelessError(`${this.name}:\n${this.#child.tail()}`);
        const { statusCode, body } = await request(`${this.url}/-/ready`);
        await body.dump();
        return statusCode === 200;
      },
      { what: `${this.name} to be ready`, details: () => this.#child.tail() },
    );
  }
}
