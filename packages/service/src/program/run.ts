/**
 * The shell of a program: command line, log, metrics, HTTP, signals, and an end that is always said.
 *
 * Exit codes: 0 after a signal, 1 after a failure, 2 for a bad command line.
 */
import { keepCompiledSources } from "@tideline/common";
import type { CommonFlagTable } from "../flags/common.ts";
import { helpText } from "../flags/help.ts";
import type { FlagTable, FlagValues } from "../flags/kinds.ts";
import { type CommandLine, FlagError, parseFlags } from "../flags/parse.ts";
import { formatAddress } from "../http/address.ts";
import { createHttpMetrics } from "../http/http-metrics.ts";
import { HttpServer } from "../http/server.ts";
import { standardRoutes } from "../http/standard-routes.ts";
import { createLog, type Log } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import { addProcessMetrics } from "../metrics/process-metrics.ts";
import { VERSION } from "../version.ts";
import { allowedMemorySize, availableMemorySize } from "./memory.ts";
import { compileForQueries } from "./compiling.ts";

/** Something that a program has started and must stop. */
export interface ProgramPart {
  readonly name: string;
  stop(): Promise<void>;
}

export interface ProgramContext<Table extends FlagTable> {
  readonly flags: FlagValues<Table>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Takes routes now; listens once `start` has settled. */
  readonly http: HttpServer;
  /** What -memory.allowedPercent and -memory.allowedBytes come to. */
  readonly allowedMemorySize: number;
  /** Registers a part as soon as it runs; parts are stopped in reverse order, HTTP before all of them. */
  readonly onStop: (part: ProgramPart) => void;
  /** For faults that no request hears of: the program logs it and ends with code 1. */
  readonly fail: (error: unknown) => void;
  /** What /-/ready asks once the program runs: null when ready, else the reason why not. */
  readonly setReadiness: (unreadyReason: () => string | null) => void;
}

export interface ProgramOptions<Table extends FlagTable & CommonFlagTable> {
  /** "vminsert" */
  readonly name: string;
  /** One line for -help and `/`. */
  readonly summary: string;
  readonly flags: Table;
  /** See compileForQueries. */
  readonly answersQueries?: boolean;
  readonly start: (context: ProgramContext<Table>) => Promise<void>;
}

/** Most time for all parts together to stop; what is acknowledged is on disk already. */
const PARTS_STOP_MAX_MS = 60_000;

/** Runs a program until a signal ends it. Owns the process: call it once, last, from main.ts. */
export async function runProgram<Table extends FlagTable & CommonFlagTable>(
  options: ProgramOptions<Table>,
): Promise<void> {
  if (options.answersQueries === true) compileForQueries();
  const commandLine = readCommandLine(options);
  if (commandLine) await new Program(options, commandLine).run();
}

/** Undefined when the command line asks for no run. */
function readCommandLine<Table extends FlagTable & CommonFlagTable>(
  options: ProgramOptions<Table>,
): RunCommand<Table> | undefined {
  try {
    const commandLine = parseFlags(options.flags, process.argv.slice(2), process.env);
    if (commandLine.want === "run") return commandLine;
    process.stdout.write(
      commandLine.want === "version"
        ? `${options.name}-tideline-${VERSION}\n`
        : helpText(options.name, options.summary, options.flags),
    );
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(`${options.name}: ${error.message}\n`);
    process.exitCode = 2;
  }
  return undefined;
}

type RunCommand<Table extends FlagTable> = Extract<CommandLine<Table>, { want: "run" }>;

class Program<Table extends FlagTable & CommonFlagTable> {
  readonly #options: ProgramOptions<Table>;
  readonly #commandLine: RunCommand<Table>;
  /** The flags that every program has: the table extends the common one. */
  readonly #common: FlagValues<CommonFlagTable>;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #http: HttpServer;
  readonly #parts: ProgramPart[] = [];
  #unreadyReason: () => string | null = () => null;
  #phase: "starting" | "running" | "stopping" = "starting";

  constructor(options: ProgramOptions<Table>, commandLine: RunCommand<Table>) {
    this.#options = options;
    this.#commandLine = commandLine;
    this.#common = commandLine.values;
    this.#metrics = new Metrics((error) => {
      this.#log.error({ error }, "cannot read a metric");
    });
    const lines = this.#metrics.counter({
      name: "vm_log_messages_total",
      help: "Lines logged, by level",
      labels: ["level"],
    });
    this.#log = createLog({
      component: options.name,
      format: this.#common.loggerFormat,
      level: this.#common.loggerLevel,
      output: this.#common.loggerOutput === "stdout" ? 1 : 2,
      onLine: (level) => {
        lines.inc({ level });
      },
    });
    this.#http = this.#createHttp();
  }

  async run(): Promise<void> {
    process.on("uncaughtException", (error) => {
      this.#fail(error);
    });
    process.on("SIGTERM", () => void this.#stop("SIGTERM"));
    process.on("SIGINT", () => void this.#stop("SIGINT"));
    try {
      await this.#start();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #start(): Promise<void> {
    const { name, start } = this.#options;
    const common = this.#common;
    const given = this.#commandLine.states.filter(({ isSet }) => isSet);
    this.#log.info(
      { version: VERSION, flags: given.map((flag) => `-${flag.name}=${flag.text}`).join(" ") },
      `starting ${name}`,
    );
    const availableSize = availableMemorySize();
    const allowedSize = allowedMemorySize(common, availableSize);
    addProcessMetrics(this.#metrics, {
      version: `${name}-tideline-${VERSION}`,
      shortVersion: `v${VERSION}`,
      availableMemorySize: availableSize,
      allowedMemorySize: allowedSize,
      flags: this.#commandLine.states,
    });
    await start({
      flags: this.#commandLine.values,
      log: this.#log,
      metrics: this.#metrics,
      http: this.#http,
      allowedMemorySize: allowedSize,
      onStop: (part) => void this.#parts.push(part),
      fail: (error) => {
        this.#fail(error);
      },
      setReadiness: (unreadyReason) => {
        this.#unreadyReason = unreadyReason;
      },
    });
    if (this.#phase !== "starting") return;
    const addresses = await this.#http.listen(common.httpListenAddr);
    this.#phase = "running";
    keepCompiledSources();
    for (const address of addresses) {
      this.#log.info({}, `started server at http://${formatAddress(address)}/`);
    }
  }

  #createHttp(): HttpServer {
    const common = this.#common;
    const headers = {
      "Strict-Transport-Security": common["http.header.hsts"],
      "X-Frame-Options": common["http.header.frameOptions"],
      "Content-Security-Policy": common["http.header.csp"],
    };
    const http = new HttpServer({
      log: this.#log,
      metrics: createHttpMetrics(this.#metrics),
      pathPrefix: common["http.pathPrefix"].replace(/\/+$/, ""),
      credentials: {
        username: common["httpAuth.username"],
        password: common["httpAuth.password"],
      },
      connectionAgeMaxMs: common["http.connTimeout"],
      idleTimeoutMs: common["http.idleConnTimeout"],
      isCompressionAllowed: !common["http.disableResponseCompression"],
      isCorsAllowed: !common["http.disableCORS"],
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== "")),
      onBug: (error) => {
        this.#fail(error);
      },
    });
    http.route(
      ...standardRoutes({
        title: `${this.#options.name}: ${this.#options.summary}`,
        metrics: this.#metrics,
        flags: this.#commandLine.states,
        metricsAuthKey: common.metricsAuthKey,
        flagsAuthKey: common.flagsAuthKey,
        isHealthy: () => this.#phase === "running",
        unreadyReason: () => this.#unreadyReason(),
        paths: () => http.paths,
      }),
    );
    return http;
  }

  /** The first signal stops gracefully, the second at once. */
  async #stop(signal: string): Promise<void> {
    if (this.#phase === "stopping") {
      this.#log.warn({ signal }, "stopping at once");
      process.exit(1);
    }
    const wasRunning = this.#phase === "running";
    this.#phase = "stopping";
    this.#log.info({ signal }, "stopping");
    const delayMs = this.#common["http.shutdownDelay"];
    if (wasRunning && delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    await this.#http.stop(this.#common["http.maxGracefulShutdownDuration"]);
    const isStopped = await this.#stopParts();
    this.#log.info({}, `stopped ${this.#options.name}`);
    process.exit(isStopped ? 0 : 1);
  }

  async #stopParts(): Promise<boolean> {
    const late = setTimeout(() => {
      this.#log.error({ afterMs: PARTS_STOP_MAX_MS }, "parts do not stop; ending without them");
      process.exit(1);
    }, PARTS_STOP_MAX_MS);
    let isStopped = true;
    for (const part of this.#parts.toReversed()) {
      try {
        await part.stop();
      } catch (error) {
        isStopped = false;
        this.#log.error({ error, part: part.name }, "cannot stop a part");
      }
    }
    clearTimeout(late);
    return isStopped;
  }

  /** Nothing is trusted after a failure of ours: what is acknowledged is in the write-ahead log. */
  #fail(error: unknown): never {
    this.#log.fatal({ error }, `${this.#options.name} ends`);
    process.exit(1);
  }
}
