/**
 * Puts together what the targets of one batch answered: reasons add up, trouble becomes one OverloadError
 * that names the targets. Every trouble here is one where writing again is harmless and may help.
 */
import { OverloadError, type WriteOutcome } from "@tideline/model";
import type { RowBlockAnswer } from "../row-block/answer.ts";

const RETRY_AFTER_MS = 1_000;
const TARGETS_NAMED_MAX = 3;

/** Why rows of a target were not kept. */
export interface Trouble {
  readonly target: string;
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly retryAfterMs: number;
  readonly cause: unknown;
}

/** An answer other than `kept`, after the last try. */
export function troubleOfAnswer(target: string, answer: RowBlockAnswer): Trouble {
  const codes: Record<RowBlockAnswer["status"], string> = {
    kept: "TIDELINE_NODE_KEPT",
    unknownRefs: "TIDELINE_NODE_FORGETS",
    overloaded: "TIDELINE_NODE_BUSY",
    readOnly: "TIDELINE_NODE_READ_ONLY",
    failed: "TIDELINE_NODE_FAILED",
  };
  const words: Record<RowBlockAnswer["status"], string> = {
    kept: "kept",
    unknownRefs: "it does not know series that it was told",
    overloaded: "it is overloaded",
    readOnly: "it is read-only",
    failed: "it failed",
  };
  const detail = answer.message === "" ? "" : ` (${answer.message})`;
  return {
    target,
    code: codes[answer.status],
    message: words[answer.status] + detail,
    status: 503,
    retryAfterMs: answer.retryAfterMs,
    cause: undefined,
  };
}

/** A send that was rejected. */
export function troubleOfError(target: string, error: unknown): Trouble {
  const known = error instanceof OverloadError ? error : null;
  return {
    target,
    code: known?.code ?? "TIDELINE_NODE_AWAY",
    message: error instanceof Error ? error.message : String(error),
    status: known?.status ?? 503,
    retryAfterMs: known?.retryAfterMs ?? 0,
    cause: error,
  };
}

/** Collects until all targets have settled. */
export class OutcomeCollector {
  readonly #ignored = new Map<string, number>();
  readonly #troubles: Trouble[] = [];

  ignore(ignoredByReason: Readonly<Record<string, number>>): void {
    for (const [reason, count] of Object.entries(ignoredByReason)) {
      this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + count);
    }
  }

  fail(trouble: Trouble): void {
    this.#troubles.push(trouble);
  }

  /** @throws {OverloadError} when there was any trouble */
  outcome(): WriteOutcome {
    const first = this.#troubles[0];
    if (!first) return { ignoredByReason: Object.fromEntries(this.#ignored) };
    const byTarget = new Map(this.#troubles.map((trouble) => [trouble.target, trouble.message]));
    const named = [...byTarget].slice(0, TARGETS_NAMED_MAX);
    const rest = byTarget.size - named.length;
    const text = named.map(([target, message]) => `${target}: ${message}`).join("; ");
    throw new OverloadError(
      first.code,
      `Cannot write to ${text}${rest > 0 ? `; and to ${rest} more` : ""}`,
      {
        status: first.status,
        retryAfterMs:
          Math.max(...this.#troubles.map((trouble) => trouble.retryAfterMs)) || RETRY_AFTER_MS,
        cause: first.cause,
      },
    );
  }
}
