/** The header of a zstd frame (RFC 8878, 3.1.1.1): enough to know how large its content is. */

const MAGIC = 0xfd2f_b528;

/** Sizes of the dictionary's id, by flag. */
const DICTIONARY_ID_SIZES = [0, 1, 2, 4] as const;

/** Whether the bytes begin as a zstd frame does. */
export function isZstd(start: Uint8Array): boolean {
  return start.length >= 4 && viewOf(start).getUint32(0, true) === MAGIC;
}

/**
 * Size of a frame's content as its header announces it; null when it does not, or when the bytes are no frame.
 * A claim of whoever sent it, in bytes, up to 2^64.
 */
export function zstdContentSize(frame: Uint8Array): number | null {
  if (frame.length < 5 || !isZstd(frame)) return null;
  const descriptor = frame[4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  if (sizeFlag === 0 && !isSingleSegment) return null;
  const dictionarySize = DICTIONARY_ID_SIZES[descriptor & 3] as number;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionarySize;
  if (at + 2 ** sizeFlag > frame.length) return null;
  const view = viewOf(frame);
  switch (sizeFlag) {
    case 0:
      return view.getUint8(at);
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
