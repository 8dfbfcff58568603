/** A log that keeps what it is told, for tests. */
import type { Log } from "../log.ts";

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class SilentLog implements Log {
  readonly lines: LogLine[] = [];

  info(fields: LogLine["fields"], message: string): void {
    this.lines.push({ level: "info", message, fields });
  }

  warn(fields: LogLine["fields"], message: string): void {
    this.lines.push({ level: "warn", message, fields });
  }

  error(fields: LogLine["fields"], message: string): void {
    this.lines.push({ level: "error", message, fields });
  }

  /** Messages of one level. */
  messages(level: LogLine["level"]): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}
