/** Where bytes lie, filled in again and again: a search asks for thousands of blocks, and needs no view of each. */
export interface BytePlace {
  /** Never written to again: views stay valid. */
  bytes: Uint8Array;
  start: number;
  end: number;
}

const NO_BYTES = new Uint8Array(0);

export function newPlace(): BytePlace {
  return { bytes: NO_BYTES, start: 0, end: 0 };
}

export function viewOf({ bytes, start, end }: BytePlace): Uint8Array {
  return bytes.subarray(start, end);
}
