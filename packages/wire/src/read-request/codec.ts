/**
 * Bytes of what a reader asks: a search, or a question to the index. Layout: docs/formats/wire.md#asking.
 *
 * The bytes are untrusted: every count is bounded by what is left to read.
 */
import { type ByteReader, ByteWriter } from "@tideline/common";
import type { SearchLeaf, SearchQuery } from "@tideline/model";
import { KEY_LIST_NAME_SIZE, OFFERS_MAX, type FrameQuery } from "../series-frame/key-list.ts";
import { readFilters, readTime, writeFilters } from "./filters.ts";
import { decodeRequest, finishRequest, type RequestWords } from "./request-bytes.ts";

export type ReadRequest =
  | { readonly kind: "search"; readonly query: FrameQuery }
  | { readonly kind: "labelNames"; readonly query: SearchQuery; readonly limit: number }
  | {
      readonly kind: "labelValues";
      readonly name: string;
      readonly query: SearchQuery;
      readonly limit: number;
    }
  | { readonly kind: "seriesKeys"; readonly query: SearchQuery; readonly limit: number }
  | { readonly kind: "labelCounts"; readonly query: SearchQuery };

const VERSION = 1;

const WORDS: RequestWords = {
  code: "TIDELINE_READ_REQUEST",
  noun: "a read request",
  verb: "ask with",
  // Fits the ring to a lane with room to spare.
  sizeMax: 1024 * 1024,
};

/** The numbers on the wire are the positions in this list: append only. */
const KINDS = ["search", "labelNames", "labelValues", "seriesKeys", "labelCounts"] as const;

/**
 * @returns the bytes, owned by the caller
 * @throws {InputError} more selectors than one request may have
 */
export function encodeReadRequest(request: ReadRequest): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(256);
  writer.u8(VERSION);
  writer.u8(KINDS.indexOf(request.kind));
  writer.varint("limit" in request ? request.limit : 0);
  writer.text(request.kind === "labelValues" ? request.name : "");
  const { query } = request;
  writer.u32(query.tenant.accountId);
  writer.u32(query.tenant.projectId);
  writer.f64(query.startMs);
  writer.f64(query.endMs);
  writer.varint(query.seriesCountMax);
  writeFilters(writer, query.filters);
  if (request.kind === "search") writeExtras(writer, request.query);
  return finishRequest(writer, WORDS);
}

/** @throws {CorruptionError} when the bytes are no request of a version known here */
export function decodeReadRequest(bytes: Uint8Array): ReadRequest {
  return decodeRequest(bytes, WORDS, readRequest);
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
  if (kind === "search") return { kind, query: { ...query, ...readExtras(reader) } };
  if (kind === "labelCounts") return { kind, query };
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

/** Offers and leaf of a search; without either there is nothing, as an asker of an older build has it. */
function writeExtras(writer: ByteWriter, { offers = [], leaf }: FrameQuery): void {
  if (offers.length === 0 && !leaf) return;
  writer.varint(offers.length);
  for (const { name, seriesCount, keysSize } of offers) {
    writer.raw(name);
    writer.varint(seriesCount);
    writer.varint(keysSize);
  }
  if (leaf) writeLeaf(writer, leaf);
}

function readExtras(reader: ByteReader): Pick<FrameQuery, "offers" | "leaf"> {
  if (reader.restSize === 0) return {};
  const count = reader.varint();
  if (count > OFFERS_MAX) throw new RangeError(`${count} key lists`);
  const offers = Array.from({ length: count }, () => ({
    name: new Uint8Array(reader.raw(KEY_LIST_NAME_SIZE)),
    seriesCount: reader.varint(),
    keysSize: reader.varint(),
  }));
  if (count > 0 && reader.restSize === 0) return { offers };
  const leaf = readLeaf(reader);
  return count > 0 ? { offers, leaf } : { leaf };
}

function writeLeaf(writer: ByteWriter, { text, grid, lookbackMs, dedupIntervalMs }: SearchLeaf) {
  writer.text(text);
  writer.f64(grid.startMs);
  writer.f64(grid.endMs);
  writer.f64(grid.stepMs);
  writer.f64(lookbackMs);
  writer.f64(dedupIntervalMs);
}

function readLeaf(reader: ByteReader): SearchLeaf {
  const text = reader.text();
  const grid = {
    startMs: readTime(reader),
    endMs: readTime(reader),
    stepMs: readTime(reader),
  };
  if (grid.stepMs < 1) throw new RangeError(`a step of ${grid.stepMs} ms`);
  const lookbackMs = readTime(reader);
  const dedupIntervalMs = readTime(reader);
  if (lookbackMs < 0 || dedupIntervalMs < 0) throw new RangeError("a length of time below 0");
  return { text, grid, lookbackMs, dedupIntervalMs };
}
