/**
 * Names of part files. A name is unique in its lane and never used again for other data: parts name those that they replace, which
 * must never hit a newer one.
 *
 * `g000012.part` is what head generation 12 was flushed to; `g000012-000345.part` is a merge of parts, the newest of which was of
 * generation 12, and the 345th file that merges of the lane were to write.
 */

export const PART_SUFFIX = ".part";
export const TEMPORARY_SUFFIX = ".tmp";

/** Something may follow where a part was set aside. */
const NAME = /^g(\d+)(?:-(\d+))?\.part/;

/** Name of the part that a head generation is flushed to: a second flush after a crash takes its place. */
export function flushPartName(generation: number): string {
  return `g${padded(generation)}${PART_SUFFIX}`;
}

export function mergePartName(generation: number, mergeNumber: number): string {
  return `g${padded(generation)}-${padded(mergeNumber)}${PART_SUFFIX}`;
}

/** What a name tells; null where it is none. `mergeNumber` is null for a part that was flushed. */
export function parsePartName(
  name: string,
): { readonly generation: number; readonly mergeNumber: number | null } | null {
  const [, generation, mergeNumber] = NAME.exec(name) ?? [];
  if (generation === undefined) return null;
  return {
    generation: Number(generation),
    mergeNumber: mergeNumber === undefined ? null : Number(mergeNumber),
  };
}

function padded(number: number): string {
  return String(number).padStart(6, "0");
}
