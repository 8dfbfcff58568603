/**
 * Sorts texts as their UTF-8 bytes sort (as Prometheus and VictoriaMetrics do). JavaScript's own order is by
 * UTF-16 units and differs only where surrogates are in play.
 */
export function sortTexts(texts: Iterable<string>): string[] {
  const list = [...texts];
  const hasSurrogates = list.some((text) => /[\uD800-\uDFFF]/.test(text));
  if (!hasSurrogates) return list.toSorted(byUnits);
  return list
    .map((text) => ({ text, bytes: Buffer.from(text) }))
    .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ text }) => text);
}

function byUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
