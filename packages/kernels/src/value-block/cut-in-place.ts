/**
 * Cuts blocks without making an object: a search cuts thousands of them, and copies each to where it goes out. The cut is left in
 * the kernels' memory, where the values were unpacked.
 */
import { assert } from "@tideline/common";
import { seriesMemory, seriesValues } from "../series-memory.ts";
import type { CutMarks } from "./cut-marks.ts";
import { cutValuesPlain, isConstant, isWorthCutting, type ValueCut } from "./cut.ts";
import { BYTES_AT, kernel, kernelMark, packedBytes } from "./kernel.ts";
import { CODEC_DECIMAL, CODEC_RAW } from "./plain.ts";
import { noValueBlock, takeIn, unpackValues } from "./unpack.ts";

/** Where `cutInPlace` leaves what it cuts. */
export const cutBytes: Uint8Array = seriesMemory.bytes;
/** Instead of a place: what is wanted takes as many bytes as the block. As any number below 0 but CUT_SAME, it says that nothing is cut. */
export const CUT_NO_SHORTER = -1;
/** Instead of a place: the block itself says the same of any count of values. */
export const CUT_SAME = -2;

/** Values are unpacked to here: the byte before them is nobody's. */
const TARGET_AT = seriesValues.byteOffset;
/** In shorter blocks there is little to pass over. */
const MARKED_COUNT_MIN = 1024;

/**
 * As `cutValuesPlain`, quicker; with marks quicker still, where a block is cut again at the same place or somewhat behind it.
 *
 * @param block is `bytes` from `start` to `end`
 * @param marks and `slot`, of this block: kept up to date
 * @returns where in `cutBytes` the block of the wanted values begins, of `cutSize` bytes, until the next one is cut or values are
 *   unpacked; or CUT_NO_SHORTER, CUT_SAME
 * @throws {RangeError} when the bytes are no block of `cut.count` values
 */
export function cutInPlace(
  bytes: Uint8Array,
  start: number,
  end: number,
  cut: ValueCut,
  marks: CutMarks | null,
  slot: number,
): number {
  assert(cut.from >= 0 && cut.from < cut.to && cut.to <= cut.count, "a cut lies in its block");
  if (isConstant(bytes, start, end)) return CUT_SAME;
  if (!isWorthCutting(end - start, cut)) return CUT_NO_SHORTER;
  const at = TARGET_AT + cut.from * 8 - 1;
  if (marks !== null && bytes[start] === CODEC_DECIMAL && cut.count >= MARKED_COUNT_MIN)
    unpackMarked(bytes, start, end, cut, marks, slot);
  else unpackOther(bytes.subarray(start, end), cut);
  cutBytes[at] = CODEC_RAW;
  return at;
}

/** Bytes of a block of the wanted values as they are. */
export function cutSize({ from, to }: ValueCut): number {
  return 1 + (to - from) * 8;
}

function unpackOther(block: Uint8Array, cut: ValueCut): void {
  if (unpackValues(block, cut, TARGET_AT)) return;
  const plain = cutValuesPlain(block, cut) as Uint8Array;
  cutBytes.set(plain, TARGET_AT + cut.from * 8 - 1);
}

/** As `unpackValues` for decimals, from the mark on where that helps. */
function unpackMarked(
  bytes: Uint8Array,
  start: number,
  end: number,
  cut: ValueCut,
  marks: CutMarks,
  slot: number,
): void {
  const { count, from, to } = cut;
  const size = end - start - 1;
  marks.load(slot, kernelMark);
  const steps = kernelMark[0] as number;
  const restStart = kernelMark[2] as number;
  if (steps > 0 && steps <= firstStep(cut) && restStart < size) {
    const headSize = kernelMark[1] as number;
    for (let i = 0; i < headSize; i += 1) packedBytes[i] = bytes[start + 1 + i] as number;
    packedBytes.set(bytes.subarray(start + 1 + restStart, end), restStart);
  } else {
    takeIn(bytes, start + 1, end);
  }
  if (kernel.decodeMarked(BYTES_AT, size, count, TARGET_AT, from, to) === 0)
    throw noValueBlock(bytes.subarray(start, end));
  if (kernelMark[0] !== steps) marks.store(slot, kernelMark);
}

/** The first step of the block's runs that a cut wants; 0 where its values lie in several runs. */
function firstStep({ count, from, to }: ValueCut): number {
  const quarter = (count + 3) >> 2;
  const length = quarter + (quarter & 1);
  return Math.floor(from / length) === Math.floor((to - 1) / length) ? from % length : 0;
}
