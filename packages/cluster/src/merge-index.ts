/** Puts the index answers of several nodes together: each item once, sorted, cut to the limit. */
import { compareBytes } from "@tideline/common";
import type { Coverage, IndexAnswer } from "@tideline/model";

/** Label names or values, sorted as their UTF-8 bytes. */
export function mergeTexts(
  answers: readonly IndexAnswer<string>[],
  limit: number,
): IndexAnswer<string> {
  const texts = new Set(answers.flatMap(({ items }) => items));
  const items = [...texts].toSorted(compareUtf8);
  return { items: limited(items, limit), coverage: mergeCoverage(answers) };
}

/** Series keys, sorted by bytes. */
export function mergeKeys(
  answers: readonly IndexAnswer<Uint8Array>[],
  limit: number,
): IndexAnswer<Uint8Array> {
  const sorted = answers.flatMap(({ items }) => items).toSorted(compareBytes);
  const items = sorted.filter((key, i) => {
    const previous = sorted[i - 1];
    return previous === undefined || compareBytes(previous, key) !== 0;
  });
  return { items: limited(items, limit), coverage: mergeCoverage(answers) };
}

function mergeCoverage(answers: readonly { readonly coverage: Coverage }[]): Coverage {
  return { missing: answers.flatMap(({ coverage }) => coverage.missing) };
}

function limited<T>(items: readonly T[], limit: number): readonly T[] {
  return limit === 0 ? items : items.slice(0, limit);
}

/** Code units order as UTF-8 does, but for surrogates: those stand for characters above all others. */
function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const aUnit = a.charCodeAt(i);
    const bUnit = b.charCodeAt(i);
    if (aUnit !== bUnit) {
      const aIsHigh = aUnit >= 0xd800 && aUnit <= 0xdfff;
      const bIsHigh = bUnit >= 0xd800 && bUnit <= 0xdfff;
      return aIsHigh === bIsHigh ? aUnit - bUnit : Number(aIsHigh) - Number(bIsHigh);
    }
  }
  return a.length - b.length;
}
