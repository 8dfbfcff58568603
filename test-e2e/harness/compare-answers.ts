/** Compares two answers to one query: the same series, the same times, values within a relative tolerance. */
import type { Labels, Point } from "./reader.ts";

const RELATIVE_TOLERANCE = 1e-9;

interface QueryData {
  readonly resultType: string;
  readonly result: unknown;
}

interface Element {
  readonly metric: Labels;
  readonly value?: Point;
  readonly values?: readonly Point[];
}

interface CompareOptions {
  /** Compare the order of the elements as well. */
  readonly isOrdered?: boolean;
}

/** @returns the first differences, in words; empty when the answers agree */
export function differences(
  ours: QueryData,
  theirs: QueryData,
  { isOrdered = false }: CompareOptions = {},
): readonly string[] {
  if (ours.resultType !== theirs.resultType) {
    return [`ours is a ${ours.resultType}, theirs a ${theirs.resultType}`];
  }
  if (ours.resultType === "scalar" || ours.resultType === "string") {
    return pointDifferences(ours.resultType, [ours.result as Point], [theirs.result as Point]);
  }
  const found: string[] = [];
  const ourElements = byLabels(ours.result as readonly Element[]);
  const theirElements = byLabels(theirs.result as readonly Element[]);
  for (const [labels, element] of theirElements) {
    const own = ourElements.get(labels);
    if (own) found.push(...pointDifferences(labels, pointsOf(own), pointsOf(element)));
    else found.push(`${labels}: only theirs`);
  }
  for (const labels of ourElements.keys()) {
    if (!theirElements.has(labels)) found.push(`${labels}: only ours`);
  }
  if (isOrdered && [...ourElements.keys()].join() !== [...theirElements.keys()].join()) {
    found.push("another order");
  }
  return found.slice(0, 10);
}

function byLabels(elements: readonly Element[]): Map<string, Element> {
  return new Map(
    elements.map((element) => [
      JSON.stringify(Object.entries(element.metric).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      element,
    ]),
  );
}

function pointsOf({ value, values }: Element): readonly Point[] {
  return values ?? (value ? [value] : []);
}

function pointDifferences(
  name: string,
  ours: readonly Point[],
  theirs: readonly Point[],
): readonly string[] {
  if (ours.length !== theirs.length) {
    return [`${name}: ${ours.length} points, theirs has ${theirs.length}`];
  }
  const found: string[] = [];
  for (const [index, [theirTime, theirText]] of theirs.entries()) {
    const [ourTime, ourText] = ours[index] ?? [Number.NaN, ""];
    if (ourTime !== theirTime) found.push(`${name}: a point at ${ourTime}, theirs at ${theirTime}`);
    else if (!areClose(toNumber(ourText), toNumber(theirText))) {
      found.push(`${name} at ${ourTime}: ${ourText}, theirs ${theirText}`);
    }
  }
  return found;
}

function toNumber(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
}

function areClose(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Math.abs(a - b) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}
