/**
 * CRC32C (Castagnoli, reflected polynomial 0x82f63b78): the checksum of every unit that is read on its
 * own from disk (law 5).
 *
 * The definition, eight bytes per step by eight tables of 256 words ("slicing by 8"). The WASM twin
 * takes sixteen.
 */

const POLYNOMIAL = 0x82f6_3b78;

const TABLES = crc32cTables(8);

/** `count` tables of 256 words each: table k holds the remainder of a byte followed by k zero bytes. */
export function crc32cTables(count: number): Int32Array<ArrayBuffer> {
  const tables = new Int32Array(count * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit += 1) {
      rest = (rest & 1) === 0 ? rest >>> 1 : (rest >>> 1) ^ POLYNOMIAL;
    }
    tables[byte] = rest;
  }
  for (let at = 256; at < tables.length; at += 1) {
    const before = tables[at - 256] as number;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}

/**
 * @param bytes borrowed
 * @param seed checksum of the bytes before these, so that a unit may be summed piece by piece
 * @returns unsigned 32 bits
 */
export function crc32cPlain(bytes: Uint8Array, seed = 0): number {
  const tables = TABLES;
  const size = bytes.length;
  const wideEnd = size - (size % 8);
  let rest = ~seed;
  let at = 0;
  for (; at < wideEnd; at += 8) {
    rest ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    rest =
      (tables[1792 + (rest & 0xff)] as number) ^
      (tables[1536 + ((rest >>> 8) & 0xff)] as number) ^
      (tables[1280 + ((rest >>> 16) & 0xff)] as number) ^
      (tables[1024 + (rest >>> 24)] as number) ^
      (tables[768 + (bytes[at + 4] as number)] as number) ^
      (tables[512 + (bytes[at + 5] as number)] as number) ^
      (tables[256 + (bytes[at + 6] as number)] as number) ^
      (tables[bytes[at + 7] as number] as number);
  }
  for (; at < size; at += 1) {
    rest = (rest >>> 8) ^ (tables[(rest ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~rest >>> 0;
}
