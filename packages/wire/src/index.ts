/**
 * Bytes that travel between the parts of a cluster, one folder per format (pages in docs/formats/).
 *
 * row-block: rows for one lane, in columns, and the lane's answer. row-router: splits a batch into row blocks and keeps each target's
 * stream dictionary. series-frame: compressed blocks of series, answers of an index, and FrameSource, the contract of reading at the
 * level of bytes. label-counts: how many series have each label, added up. read-request, delete-request, failure: what is asked, what
 * goes, errors as themselves. frame-stream: asking and answering with credits over any connection. lane-blocks: of several lanes.
 */
export {
  decodeRowBlockAnswer,
  encodeRowBlockAnswer,
  rowBlockAnswer,
  type RowBlockAnswer,
  type RowBlockStatus,
} from "./row-block/answer.ts";
export { blockTimestamps, decodeRowBlock, keyedKey } from "./row-block/decode.ts";
export { rowCountOf, type RowBlock } from "./row-block/decode.ts";
export { encodeRowBlock, type RowBlockInput } from "./row-block/encode.ts";
export { KeyedDefinitions } from "./row-block/keyed-definitions.ts";
export { ROWS_PER_BLOCK_MAX, STREAM_REF_MAX } from "./row-block/layout.ts";
export { decodeEndFrame, SeriesFrameDecoder } from "./series-frame/decode.ts";
export { frameKind } from "./series-frame/frame-start.ts";
export { encodeEndFrame, SeriesFrameEncoder } from "./series-frame/encode.ts";
export type { FrameQuery, KeyListOffer } from "./series-frame/key-list.ts";
export { decodeItemFrame, encodeItemFrames } from "./series-frame/items.ts";
export { CountFrameEncoder } from "./label-counts/codec.ts";
export { mergeCountFrames } from "./label-counts/merge.ts";
export { seriesSourceOf, type FrameSearch, type FrameSource } from "./series-frame/frame-source.ts";
export { decodeReadRequest, encodeReadRequest, type ReadRequest } from "./read-request/codec.ts";
export { answerFrames, frameSourceOf, type Ask } from "./frame-stream/answer-frames.ts";
export { CreditGate } from "./frame-stream/credit-gate.ts";
export { decodeDeleteRequest, encodeDeleteRequest } from "./delete-request/codec.ts";
export { copyWithRoom, putBefore } from "./frame-stream/frame-room.ts";
export { FrameClient, type AskTransport } from "./frame-stream/frame-client.ts";
export { FrameServer, type AnswerTransport } from "./frame-stream/frame-server.ts";
export { portFrameSource, serveFrames } from "./frame-stream/port.ts";
export { decodeLaneBlocks, encodeLaneBlocks, type LaneBlock } from "./lane-blocks/codec.ts";
export { decodeFailure, encodeFailure, isKnownError } from "./failure/codec.ts";
export { RowRouter, type RowRouterOptions, type RowTarget } from "./row-router/router.ts";
