/** A delete as it stands in the delete log: one file, written once. Format: docs/formats/delete-log.md. */
import { assert, ByteReader, ByteWriter } from "@tideline/common";
import { crc32c } from "@tideline/kernels";
import type { SeriesDelete } from "@tideline/model";
import { decodeDeleteRequest, encodeDeleteRequest } from "@tideline/wire";

const VERSION = 1;
/** "TLDEL" and bytes that a text transfer would change. */
const MAGIC = Uint8Array.of(0x54, 0x4c, 0x44, 0x45, 0x4c, 0x0d, 0x0a, 0x1a);
const ID_SIZE = 16;
const CRC_SIZE = 4;

export interface DeleteRecord {
  /** Place in the log of this data folder, from 1; generations and parts refer to it. */
  readonly number: number;
  /** 16 random bytes: the same delete in the logs of several nodes. */
  readonly id: Uint8Array;
  /** Wall clock when it was asked for. */
  readonly createdMs: number;
  readonly request: SeriesDelete;
}

/** @throws {InputError} more selectors than a delete may have */
export function encodeDeleteRecord({ number, id, createdMs, request }: DeleteRecord): Uint8Array {
  assert(id.length === ID_SIZE, "the id of a delete has 16 bytes");
  const writer = new ByteWriter(256);
  writer.raw(MAGIC);
  writer.u32(VERSION);
  writer.u64(number);
  writer.raw(id);
  writer.f64(createdMs);
  const body = encodeDeleteRequest(request);
  writer.u32(body.length);
  writer.raw(body);
  writer.u32(crc32c(writer.bytes()));
  return writer.copy();
}

/**
 * @throws {RangeError} the bytes are no delete of a version known here
 * @throws {CorruptionError} its request is none
 */
export function decodeDeleteRecord(bytes: Uint8Array): DeleteRecord {
  const body = bytes.subarray(0, Math.max(0, bytes.length - CRC_SIZE));
  const reader = new ByteReader(body);
  if (Buffer.compare(reader.raw(MAGIC.length), MAGIC) !== 0) throw new RangeError("no magic");
  if (new ByteReader(bytes, body.length).u32() !== crc32c(body)) throw new RangeError("checksum");
  const version = reader.u32();
  if (version !== VERSION) throw new RangeError(`version ${version} is not known`);
  const number = reader.u64();
  const id = new Uint8Array(reader.raw(ID_SIZE));
  const createdMs = reader.f64();
  const request = decodeDeleteRequest(reader.raw(reader.u32()));
  if (reader.restSize > 0) throw new RangeError(`${reader.restSize} bytes too many`);
  return { number, id, createdMs, request };
}
