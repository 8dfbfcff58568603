/**
 * A group of value blocks, compressed together: what the last merges write where it pays. Packed integers leave little to
 * zstd block by block, but neighbours in part order repeat each other's patterns. Format: docs/formats/part.md#groups-of-value-blocks.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteReader, ByteWriter } from "@tideline/common";

/** A group is closed once it has this many bytes before compression. */
export const GROUP_SIZE = 64 * 1024;
/** A group is a few blocks over its size at most; past this a size is a lie. */
const RAW_SIZE_MAX = 16 * 1024 * 1024;
const CODEC_ZSTD = 1;
/** u8 codec, u32 size before compression. */
const PREFIX_SIZE = 5;
/** The least that zlib takes. */
const CHUNK_SIZE_MIN = 64;

/** The payload of a group's unit. */
export function packGroup(raw: Uint8Array): Uint8Array {
  const packed = zstdCompressSync(raw);
  const writer = new ByteWriter(PREFIX_SIZE + packed.length);
  writer.u8(CODEC_ZSTD);
  writer.u32(raw.length);
  writer.raw(packed);
  return writer.bytes();
}

/** @throws {RangeError} on bytes that packGroup did not write */
export function unpackGroup(payload: Uint8Array): Uint8Array {
  const reader = new ByteReader(payload);
  const codec = reader.u8();
  const rawSize = reader.u32();
  if (codec !== CODEC_ZSTD) throw new RangeError(`no group of blocks: codec ${codec}`);
  if (rawSize > RAW_SIZE_MAX) throw new RangeError(`a group of ${rawSize} bytes`);
  const raw = unzstd(reader.raw(reader.restSize), rawSize);
  if (raw.length !== rawSize)
    throw new RangeError(`a group of ${raw.length}, not ${rawSize} bytes`);
  return raw;
}

function unzstd(body: Uint8Array, rawSize: number): Uint8Array {
  try {
    // One chunk: joining several costs as much as the decompression.
    const chunkSize = Math.max(CHUNK_SIZE_MIN, rawSize + 1);
    return zstdDecompressSync(body, { maxOutputLength: Math.max(1, rawSize), chunkSize });
  } catch (cause) {
    throw new RangeError("a group that zstd does not take", { cause });
  }
}
