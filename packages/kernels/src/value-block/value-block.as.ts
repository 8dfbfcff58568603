// Value blocks, four runs at a time. plain twins: decimal.ts, mini-block.ts, xor.ts; the bytes are the same, bit for bit. Layout:
// docs/formats/block.md#values. This file is what the host sees; the parts are one module with it.

export { valuesAt, powersAt, missesAt, bytesAt, markAt } from "./memory.part.as";
export { runLength, encode } from "./pack.part.as";
export { decode, decodeMarked, addMisses } from "./unpack.part.as";
export { encodeXor, decodeXor } from "./xor.part.as";
