/**
 * Bytes of a request to delete; they also stand in the delete log of a storage. Layout: docs/formats/wire.md#deleting.
 *
 * The bytes are untrusted: every count is bounded by what is left to read.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { CorruptionError, InputError, type SeriesDelete } from "@tideline/model";
import { readFilters, readTime, writeFilters } from "../read-request/filters.ts";

const VERSION = 1;
const REQUEST_SIZE_MAX = 1024 * 1024;

/**
 * @returns the bytes, owned by the caller
 * @throws {InputError} no selector, or more of them than one request may have
 */
export function encodeDeleteRequest(request: SeriesDelete): Uint8Array<ArrayBuffer> {
  if (request.filters.length === 0) {
    throw new InputError("TIDELINE_DELETE_ALL", "Cannot delete without a selector");
  }
  const writer = new ByteWriter(256);
  writer.u8(VERSION);
  writer.u32(request.tenant.accountId);
  writer.u32(request.tenant.projectId);
  writer.f64(request.startMs);
  writer.f64(request.endMs);
  writeFilters(writer, request.filters);
  if (writer.size > REQUEST_SIZE_MAX) {
    throw new InputError(
      "TIDELINE_DELETE_REQUEST_SIZE",
      `Cannot delete by selectors of ${writer.size} bytes: at most ${REQUEST_SIZE_MAX}`,
    );
  }
  return writer.copy();
}

/** @throws {CorruptionError} when the bytes are no request of a version known here */
export function decodeDeleteRequest(bytes: Uint8Array): SeriesDelete {
  try {
    if (bytes.length > REQUEST_SIZE_MAX) throw new RangeError(`it has ${bytes.length} bytes`);
    return readRequest(new ByteReader(bytes));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptionError(
      "TIDELINE_DELETE_REQUEST",
      `Cannot decode a delete request: ${cause.message}`,
      { cause },
    );
  }
}

function readRequest(reader: ByteReader): SeriesDelete {
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`unknown version ${version}`);
  const tenant = { accountId: reader.u32(), projectId: reader.u32() };
  const startMs = readTime(reader);
  const endMs = readTime(reader);
  const filters = readFilters(reader);
  if (filters.length === 0) throw new RangeError("no selectors");
  if (reader.restSize > 0) throw new RangeError(`${reader.restSize} bytes too many`);
  return { tenant, filters, startMs, endMs };
}
