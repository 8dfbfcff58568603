/** The contract suite of the shelf, and the canonical batch that each protocol spells in its own way. */
export { CANONICAL_ROWS, canonicalRemoteWriteBody } from "./canonical-batch.ts";
export { describeProtocolContract, type ProtocolSample } from "./protocol-contract.ts";
export { rowsOf } from "./rows-of.ts";
