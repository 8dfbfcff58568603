/**
 * Assertions: a failed one is our own fault (BugError) and is caught nowhere below a program's main.
 */
export class BugError extends Error {
  override readonly name = "BugError";
}

/** @throws {BugError} unless `condition` holds; `fact` says what should have been true */
export function assert(condition: unknown, fact: string): asserts condition {
  if (!condition) throw new BugError(`BUG: expected that ${fact}`);
}

/** Returns `value` unless it is missing. @throws {BugError} */
export function must<T>(value: T | null | undefined, fact: string): T {
  if (value === null || value === undefined) throw new BugError(`BUG: expected that ${fact}`);
  return value;
}

/**
 * For the default branch of a switch over all kinds of a union: the compiler shows that it is never reached.
 *
 * @throws {BugError}
 */
export function unreachable(value: never): never {
  throw new BugError(
    `BUG: expected that no other kind exists than the known ones: ${JSON.stringify(value)}`,
  );
}
