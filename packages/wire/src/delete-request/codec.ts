/**
 * Bytes of a request to delete; they also stand in the delete log of a storage. Layout: docs/formats/wire.md#deleting.
 *
 * The bytes are untrusted: every count is bounded by what is left to read.
 */
import { type ByteReader, ByteWriter } from "@tideline/common";
import { InputError, type SeriesDelete } from "@tideline/model";
import { readFilters, readTime, writeFilters } from "../read-request/filters.ts";
import { decodeRequest, finishRequest, type RequestWords } from "../read-request/request-bytes.ts";

const VERSION = 1;
const WORDS: RequestWords = {
  code: "TIDELINE_DELETE_REQUEST",
  noun: "a delete request",
  verb: "delete by",
  sizeMax: 1024 * 1024,
};

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
  return finishRequest(writer, WORDS);
}

/** @throws {CorruptionError} when the bytes are no request of a version known here */
export function decodeDeleteRequest(bytes: Uint8Array): SeriesDelete {
  return decodeRequest(bytes, WORDS, readRequest);
}

function readRequest(reader: ByteReader): SeriesDelete {
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`unknown version ${version}`);
  const tenant = { accountId: reader.u32(), projectId: reader.u32() };
  const startMs = readTime(reader);
  const endMs = readTime(reader);
  const filters = readFilters(reader);
  if (filters.length === 0) throw new RangeError("no selectors");
  return { tenant, filters, startMs, endMs };
}
