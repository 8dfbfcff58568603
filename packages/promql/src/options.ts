/**
 * Limits of a text, so that no query can cost more than its length, and what Prometheus keeps behind flags.
 */
export interface ParseOptions {
  /** Longest text, in UTF-16 units. */
  readonly textLengthMax: number;
  /** How deep parentheses, calls, signs and powers may be nested. */
  readonly nestingMax: number;
  /** How deep the tree may become in all; a chain `a + b + c` is as deep as it has operators. */
  readonly depthMax: number;
  /** Experimental functions, duration expressions, fill, anchored and smoothed. */
  readonly allowExperimental: boolean;
}

export const DEFAULT_PARSE_OPTIONS: ParseOptions = {
  textLengthMax: 1024 * 1024,
  nestingMax: 200,
  depthMax: 1_000,
  allowExperimental: true,
};
