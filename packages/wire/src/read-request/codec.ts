/**
 * Bytes of what a reader asks: a search, or a question to the index. Layout: docs/formats/wire.md#asking.
 *
 * The bytes are untrusted: every count is bounded by what is left to read.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { CorruptionError, InputError, type SearchQuery } from "@tideline/model";
import { readFilters, readTime, writeFilters } from "./filters.ts";

export type ReadRequest =
  | { readonly kind: "search"; readonly query: SearchQuery }
  | { readonly kind: "labelNames"; readonly query: SearchQuery; readonly limit: number }
  | {
      readonly kind: "labelValues";
      readonly name: string;
      readonly query: SearchQuery;
      readonly limit: number;
    }
  | { readonly kind: "seriesKeys"; readonly query: SearchQuery; readonly limit: number };

const VERSION = 1;

/** Fits the ring to a lane with room to spare. */
const REQUEST_SIZE_MAX = 1024 * 1024;

/** The numbers on the wire are the positions in this list: append only. */
const KINDS = ["search", "labelNames", "labelValues", "seriesKeys"] as const;

/**
 * @returns the bytes, owned by the caller
 * @throws {InputError} more selectors than one request may have
 */
export function encodeReadRequest(request: ReadRequest): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(256);
  writer.u8(VERSION);
  writer.u8(KINDS.indexOf(request.kind));
  writer.varint(request.kind === "search" ? 0 : request.limit);
  writer.text(request.kind === "labelValues" ? request.name : "");
  const { query } = request;
  writer.u32(query.tenant.accountId);
  writer.u32(query.tenant.projectId);
  writer.f64(query.startMs);
  writer.f64(query.endMs);
  writer.varint(query.seriesCountMax);
  writeFilters(writer, query.filters);
  if (writer.size > REQUEST_SIZE_MAX) {
    throw new InputError(
      "TIDELINE_READ_REQUEST_SIZE",
      `Cannot ask with selectors of ${writer.size} bytes: at most ${REQUEST_SIZE_MAX}`,
    );
  }
  return writer.copy();
}

/** @throws {CorruptionError} when the bytes are no request of a version known here */
export function decodeReadRequest(bytes: Uint8Array): ReadRequest {
  try {
    if (bytes.length > REQUEST_SIZE_MAX) throw new RangeError(`it has ${bytes.length} bytes`);
    return readRequest(new ByteReader(bytes));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptionError(
      "TIDELINE_READ_REQUEST",
      `Cannot decode a read request: ${cause.message}`,
      { cause },
    );
  }
}

function readRequest(reader: ByteReader): ReadRequest {
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`unknown version ${version}`);
  const number = reader.u8();
  const kind = KINDS[number];
  if (kind === undefined) throw new RangeError(`unknown kind ${number}`);
  const limit = reader.varint();
  const name = reader.text();
  const query = readQuery(reader);
  if (reader.restSize > 0) throw new RangeError(`${reader.restSize} bytes too many`);
  if (kind === "search") return { kind, query };
  if (kind === "labelValues") return { kind, name, query, limit };
  return { kind, query, limit };
}

function readQuery(reader: ByteReader): SearchQuery {
  const tenant = { accountId: reader.u32(), projectId: reader.u32() };
  const startMs = readTime(reader);
  const endMs = readTime(reader);
  const seriesCountMax = reader.varint();
  const filters = readFilters(reader);
  return { tenant, filters, startMs, endMs, seriesCountMax };
}
