/** Errors across the thread border: what a worker threw comes out of the pool as the same class. */
import { CorruptionError, ExecutionError, InputError, OverloadError } from "@tideline/model";
import type { JobFailure } from "./jobs.ts";

export function toFailure(error: unknown): JobFailure {
  const known = error instanceof Error ? error : new Error(String(error));
  const { name, message } = known;
  return {
    errorClass: known instanceof InputError ? "InputError" : name,
    code: "code" in known && typeof known.code === "string" ? known.code : "TIDELINE_INTERNAL",
    message,
    status: known instanceof InputError || known instanceof OverloadError ? known.status : 500,
    retryAfterMs: known instanceof OverloadError ? known.retryAfterMs : 0,
  };
}

export function fromFailure(failure: JobFailure): Error {
  const { code, message, status, retryAfterMs } = failure;
  switch (failure.errorClass) {
    case "InputError":
      return new InputError(code, message, { status });
    case "OverloadError":
      return new OverloadError(code, message, { status, retryAfterMs });
    case "ExecutionError":
      return new ExecutionError(code, message);
    case "CorruptionError":
      return new CorruptionError(code, message);
    default:
      return new Error(`${failure.errorClass}: ${message}`);
  }
}
