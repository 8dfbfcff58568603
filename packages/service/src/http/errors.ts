/**
 * Errors to answers, by whose fault they are, in the two manners that clients know: plain text (writes,
 * administration) and the JSON envelope of Prometheus' API (queries).
 *
 * Faults of our own are not told to the client beyond "internal error"; the log has them.
 */
import { ExecutionError, InputError, OverloadError } from "@tideline/model";
import type { Answer } from "./exchange.ts";

export type ErrorStyle = "text" | "prometheus";

interface Fault {
  readonly status: number;
  /** Prometheus' name for it. */
  readonly type:
    | "bad_data"
    | "execution"
    | "timeout"
    | "canceled"
    | "unavailable"
    | "internal"
    | "not_found";
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** The answer for an error. An ExecutionError whose code ends in `_TIMEOUT` or `_CANCELED` is told as such. */
export function errorAnswer(error: unknown, style: ErrorStyle): Answer {
  const fault = faultOf(error);
  const headers: Record<string, string> =
    fault.retryAfterMs === undefined
      ? {}
      : { "Retry-After": String(Math.max(1, Math.ceil(fault.retryAfterMs / 1_000))) };
  if (style === "text") {
    const type = "text/plain; charset=utf-8";
    return { status: fault.status, type, headers, body: `${fault.message}\n` };
  }
  const body = JSON.stringify({ status: "error", errorType: fault.type, error: fault.message });
  return { status: fault.status, type: "application/json", headers, body };
}

/** Whether the error is told whole to the client; others belong into the log. */
export function isClientsBusiness(error: unknown): boolean {
  return faultOf(error).type !== "internal";
}

function faultOf(error: unknown): Fault {
  if (error instanceof InputError) {
    const type = error.status === 404 ? "not_found" : "bad_data";
    return { status: error.status, type, message: error.message };
  }
  if (error instanceof OverloadError) {
    const { status, message, retryAfterMs } = error;
    return { status, type: "unavailable", message, retryAfterMs };
  }
  if (error instanceof ExecutionError) {
    const { code, message } = error;
    if (code.endsWith("_TIMEOUT")) return { status: 503, type: "timeout", message };
    if (code.endsWith("_CANCELED")) return { status: 503, type: "canceled", message };
    return { status: 422, type: "execution", message };
  }
  return { status: 500, type: "internal", message: "internal error" };
}
