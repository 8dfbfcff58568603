/**
 * The default format of log lines: `time TAB level TAB component TAB message`, then the fields.
 *
 * Lines that tooling greps for (`… at ADDR` at the end) are logged without fields, the address in the message.
 */

/** @param json one line of pino's */
export function logLine(json: string): string {
  const { ts, level, component, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const head = [ts, level, component, msg]
    .map((part) => (typeof part === "string" ? part : ""))
    .join("\t");
  const tail = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`);
  return `${head}${tail.join("")}\n`;
}

function fieldText(value: unknown): string {
  if (typeof value === "string") {
    return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  }
  return JSON.stringify(value) ?? "undefined";
}
