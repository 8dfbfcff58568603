/**
 * Errors by whose fault they are. A `code` is stable text for machines and logs; the message shows
 * the input, the place and the rule. BugError (ours) lives with `assert` in common.
 */

/** The client's fault: 4xx. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly code: string;
  /** HTTP status to answer with. */
  readonly status: number;

  constructor(code: string, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 400;
  }
}

/** Nobody's fault: a budget is used up or a node is away. 429 or 503 with Retry-After; trying again helps. */
export class OverloadError extends Error {
  override readonly name = "OverloadError";
  readonly code: string;
  readonly status: number;
  readonly retryAfterMs: number;

  constructor(
    code: string,
    message: string,
    options: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 503;
    this.retryAfterMs = options.retryAfterMs ?? 1_000;
  }
}

/** The disk's fault (or the wire's): bytes are not what was written. Names the place. */
export class CorruptionError extends Error {
  override readonly name = "CorruptionError";
  readonly code: string;

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}

/** A query went past one of its limits, or failed while it ran: 422 in Prometheus' API. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";
  readonly code: string;

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}
