/** Numbers of frames and the bytes that they are. The platforms of ours are little endian, as frames are: views, or plain copies. */

/** The bytes of numbers: a view. */
export function bytesOf({
  buffer,
  byteOffset,
  byteLength,
}: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The words of a table that begins where its memory does: a view. */
export function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** The words of a table that lies anywhere, in memory of their own. */
export function copyOfWords(table: Uint8Array): Uint32Array {
  const words = new Uint32Array(table.length / 4);
  bytesOf(words).set(table);
  return words;
}
