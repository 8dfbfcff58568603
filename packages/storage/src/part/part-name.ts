/** Names of part files. A name is unique in its lane and never used again for other data. */

export const PART_SUFFIX = ".part";
export const TEMPORARY_SUFFIX = ".tmp";

/** Name of the part that a head generation is flushed to: a second flush after a crash takes its place. */
export function flushPartName(generation: number): string {
  return `g${String(generation).padStart(6, "0")}${PART_SUFFIX}`;
}
