/**
 * Bytes of senders to rows. Each protocol is a card on the shelf (`PROTOCOLS`) with the paths it answers to
 * and a decoder: body in, `RowBatch` out, nothing kept of a body that cannot be decoded.
 */
export type {
  BodyDecoder,
  BodyHead,
  DecodedBody,
  DecoderOptions,
  DecoderStats,
  Protocol,
} from "./decoder.ts";
export { remoteWrite } from "./remote-write/card.ts";
export { RemoteWriteDecoder } from "./remote-write/decoder.ts";
export { PROTOCOLS } from "./shelf.ts";
