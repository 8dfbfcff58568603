/**
 * The logger: pino to stderr, in pino's JSON or in lines like VictoriaMetrics' own.
 *
 * Writes are synchronous, so nothing is lost when the program ends, however it ends.
 */
import { pino, type Logger as PinoLogger } from "pino";
import { logLine } from "./line.ts";

/** What components ask for. Fields carry the facts, the message is constant. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** The program ends after this. */
  fatal(fields: object, message: string): void;
  /** A logger for a part of the program; its lines name the component. */
  child(fields: { readonly component: string }): Log;
}

type LogFormat = "default" | "json";
type LogLevel = "INFO" | "WARN" | "ERROR" | "FATAL" | "PANIC";

export interface LogOptions {
  readonly component: string;
  readonly format: LogFormat;
  readonly level: LogLevel;
  /** File descriptor: 2 is stderr. */
  readonly output: number;
  /** Called for each line that is written, with its level in lower case. */
  readonly onLine?: (level: string) => void;
}

const PINO_LEVELS: Readonly<Record<LogLevel, string>> = {
  INFO: "info",
  WARN: "warn",
  ERROR: "error",
  FATAL: "fatal",
  PANIC: "fatal",
};

export function createLog(options: LogOptions): Log {
  const destination = pino.destination({ dest: options.output, sync: true });
  // Whoever read our lines has gone: that is no reason to end.
  destination.on("error", () => {});
  const stream =
    options.format === "json"
      ? destination
      : { write: (line: string) => destination.write(logLine(line)) };
  const { onLine } = options;
  const base = pino(
    {
      level: PINO_LEVELS[options.level],
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      messageKey: "msg",
      errorKey: "error",
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      hooks: {
        logMethod(inputs, method, level) {
          onLine?.(pino.levels.labels[level] ?? "info");
          method.apply(this, inputs);
        },
      },
    },
    stream,
  );
  return logOf(base, options);
}

/** Children come from the base, not from each other: a line names one component. */
function logOf(base: PinoLogger, fields: { readonly component: string }): Log {
  const logger = base.child({ component: fields.component });
  return {
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
    fatal: logger.fatal.bind(logger),
    child: (childFields) => logOf(base, childFields),
  };
}

/** An error as text: one line for faults of others, with the stack for our own. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return "code" in error && typeof error.code === "string"
    ? `${error.name}: ${error.message} (${error.code})`
    : (error.stack ?? `${error.name}: ${error.message}`);
}
