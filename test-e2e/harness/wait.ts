/** Waiting for a condition: tests never sleep for a fixed time and hope. */
import { setTimeout as pause } from "node:timers/promises";

const POLL_INTERVAL_MS = 20;

/** Thrown by a condition that cannot come true any more: ends the waiting at once. */
export class HopelessError extends Error {}

interface WaitOptions {
  /** What is waited for, for the message. */
  readonly what: string;
  /** A limit for a condition that never comes, not an expectation. */
  readonly limitMs?: number;
  /** More to say in the message when time is up. */
  readonly details?: () => string;
}

/**
 * Asks until the answer is neither undefined nor false.
 *
 * @throws {Error} when the limit has passed; names what was waited for and the last error of `condition`
 */
export async function waitFor<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  { what, limitMs = 60_000, details = () => "" }: WaitOptions,
): Promise<T> {
  const endMs = Date.now() + limitMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      lastError = error;
    }
    if (Date.now() > endMs) {
      throw new Error(`waited ${limitMs} ms in vain for ${what}\n${details()}`, {
        cause: lastError,
      });
    }
    await pause(POLL_INTERVAL_MS);
  }
}
