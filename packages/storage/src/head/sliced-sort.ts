/** A merge sort that can be interrupted, so that sorting a million series does not stop a lane. */
import type { Breather } from "../lane/breather.ts";

const RUN_LENGTH = 1024;

/** @returns the items in order; either the array given, which is overwritten, or another */
export async function sortSliced(
  items: Uint32Array<ArrayBuffer>,
  compare: (a: number, b: number) => number,
  breather: Breather,
): Promise<Uint32Array<ArrayBuffer>> {
  for (let start = 0; start < items.length; start += RUN_LENGTH) {
    items.subarray(start, start + RUN_LENGTH).sort(compare);
    if (breather.due) await breather.breathe();
  }
  let from = items;
  let to = new Uint32Array(items.length <= RUN_LENGTH ? 0 : items.length);
  for (let width = RUN_LENGTH; width < items.length; width *= 2) {
    for (let start = 0; start < items.length; start += 2 * width) {
      await merge(from, to, { start, width }, compare, breather);
    }
    [from, to] = [to, from];
  }
  return from;
}

async function merge(
  from: Uint32Array,
  to: Uint32Array,
  { start, width }: { start: number; width: number },
  compare: (a: number, b: number) => number,
  breather: Breather,
): Promise<void> {
  const middle = Math.min(start + width, from.length);
  const end = Math.min(middle + width, from.length);
  let a = start;
  let b = middle;
  for (let o = start; o < end; o += 1) {
    const takeA = a < middle && (b >= end || compare(from[a] as number, from[b] as number) <= 0);
    to[o] = from[takeA ? a : b] as number;
    if (takeA) a += 1;
    else b += 1;
    if ((o & 1023) === 0 && breather.due) await breather.breathe();
  }
}
