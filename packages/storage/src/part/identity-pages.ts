/**
 * The identities of a part, 16 bytes each in ordinal order, in pages of 4 KiB: so the filter of another lane
 * count reads 16 bytes per series and no more. Format: docs/formats/part.md#identities.
 */
import { IDENTITY_SIZE } from "@tideline/model";
import { wordsOfRange, type LaneRange } from "../lane-range.ts";
import type { UnitPointer } from "./part-sink.ts";

export const IDENTITIES_PER_PAGE = 256;

/** Where the page of an ordinal lies. @param sectionOffset of the identities section */
export function identityPage(
  ordinal: number,
  sectionOffset: number,
  seriesCount: number,
): UnitPointer {
  const index = Math.floor(ordinal / IDENTITIES_PER_PAGE);
  const count = Math.min(IDENTITIES_PER_PAGE, seriesCount - index * IDENTITIES_PER_PAGE);
  const offset = sectionOffset + index * (IDENTITIES_PER_PAGE * IDENTITY_SIZE + 4);
  return { offset, size: count * IDENTITY_SIZE + 4 };
}

/** Size of the whole section. */
export function identitySectionSize(seriesCount: number): number {
  return seriesCount * IDENTITY_SIZE + Math.ceil(seriesCount / IDENTITIES_PER_PAGE) * 4;
}

/**
 * Appends to `target` the ordinals of a page whose identities fall into the range.
 *
 * @param page identities; @param firstOrdinal of the page; @param at index in target to start at
 * @returns index past the last one written
 */
export function filterPage(
  page: Uint8Array,
  firstOrdinal: number,
  range: LaneRange,
  target: Uint32Array,
  at: number,
): number {
  const { firstWord, endWord } = wordsOfRange(range);
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let end = at;
  for (let i = 0; i * IDENTITY_SIZE < page.length; i += 1) {
    const word = view.getUint32(i * IDENTITY_SIZE);
    if (word < firstWord || word >= endWord) continue;
    target[end] = firstOrdinal + i;
    end += 1;
  }
  return end;
}
