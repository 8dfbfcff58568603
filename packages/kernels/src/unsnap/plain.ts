/**
 * Decompresses a snappy block (not the framed stream): what remote write and remote read bodies are.
 *
 * The bytes are a stranger's. The announced size is checked before anything is written, every literal
 * and every copy is checked against both ends, and a block that does not fill the announced size exactly
 * is broken. Format: github.com/google/snappy, format_description.txt.
 */

/** The bytes are no snappy block. */
export const UNSNAP_BROKEN = -1;

/** The block announces more bytes than the target holds. Nothing was written. */
export const UNSNAP_TOO_LARGE = -2;

/**
 * @param source one whole block; borrowed
 * @param target where the bytes go; after a failure its content is undefined
 * @returns bytes written, or UNSNAP_BROKEN, or UNSNAP_TOO_LARGE
 */
export function unsnapPlain(source: Uint8Array, target: Uint8Array): number {
  const end = source.length;
  let at = 0;
  let announced = 0;
  for (let shift = 0; ; shift += 7) {
    if (at === end || shift > 28) return UNSNAP_BROKEN;
    const byte = source[at] as number;
    at += 1;
    if (shift === 28 && byte > 0x0f) return UNSNAP_BROKEN;
    announced += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (announced > target.length) return UNSNAP_TOO_LARGE;

  let written = 0;
  while (at < end) {
    const tag = source[at] as number;
    at += 1;
    const kind = tag & 3;
    let size = (tag >>> 2) + 1;
    // Bytes of the length (literal) or of the offset (copy) that follow the tag.
    const tailSize = kind === 0 ? Math.max(0, size - 60) : kind === 3 ? 4 : kind;
    if (tailSize > end - at) return UNSNAP_BROKEN;
    let tail = 0;
    for (let i = 0; i < tailSize; i += 1) tail += (source[at + i] as number) * 2 ** (8 * i);
    at += tailSize;
    if (kind === 0) {
      if (tailSize > 0) size = tail + 1;
      if (size > end - at || size > announced - written) return UNSNAP_BROKEN;
      target.set(source.subarray(at, at + size), written);
      at += size;
      written += size;
      continue;
    }
    if (kind === 1) {
      size = ((tag >>> 2) & 7) + 4;
      tail += (tag >>> 5) * 256;
    }
    if (tail === 0 || tail > written || size > announced - written) return UNSNAP_BROKEN;
    // A copy may reach into what it writes: that is how runs are spelled, so byte by byte.
    for (let i = 0; i < size; i += 1) {
      target[written] = target[written - tail] as number;
      written += 1;
    }
  }
  return written === announced ? written : UNSNAP_BROKEN;
}
