/**
 * Tables that grow give back their earlier memory at once. An ArrayBuffer that is only dropped stays until a collection,
 * and a process that falls idle after a burst of new series has none.
 */

/**
 * A buffer of `size` bytes that begins with what is in `buffer`, which is void afterwards: its memory is given back at
 * once, not when the collector comes by. Not `buffer.transfer(size)`, which writes zeros to the rest and so makes all of it
 * resident.
 */
export function growBuffer(buffer: ArrayBuffer, size: number): ArrayBuffer {
  const grown = new ArrayBuffer(size);
  new Uint8Array(grown).set(new Uint8Array(buffer));
  buffer.transfer(0);
  return grown;
}

/** Gives the memory of an array that nobody reads any more back at once; it is void afterwards, as are views of its buffer. */
export function dropArray(array: { readonly buffer: ArrayBuffer }): void {
  array.buffer.transfer(0);
}
