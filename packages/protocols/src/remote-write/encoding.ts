/**
 * What a remote-write request says about its body, and how the body becomes a WriteRequest.
 *
 * Senders differ: missing headers mean version 1.0 in snappy. A sender of version 2.0 is told 415, whereupon
 * Prometheus falls back to 1.0. vmagent sends zstd, and may give out bodies that waited on its disk
 * under the header of the other encoding, so what cannot be read one way is tried the other way.
 */
import { zstdDecompressSync } from "node:zlib";
import { UNSNAP_TOO_LARGE, type WriteScanner } from "@tideline/kernels";
import { InputError } from "@tideline/model";
import type { BodyHead } from "../decoder.ts";
import { isZstd, zstdContentSize } from "./zstd-frame.ts";

export type BodyEncoding = "snappy" | "zstd";

const MEDIA_TYPE = "application/x-protobuf";
const MESSAGE = "prometheus.WriteRequest";

/** Output grows by pieces of this size. */
const ZSTD_CHUNK_SIZE = 256 * 1024;

/** A piece that is filled to the last byte makes zlib begin another one. */
const ZSTD_CHUNK_SPARE = 64;

/** @throws {InputError} 415 */
export function encodingOf(head: BodyHead): BodyEncoding {
  checkMediaType(head.contentType ?? "");
  if (head.contentEncoding === "snappy") return "snappy";
  const encoding = (head.contentEncoding ?? "").trim().toLowerCase();
  if (encoding === "" || encoding === "snappy") return "snappy";
  if (encoding === "zstd") return "zstd";
  throw new InputError(
    "TIDELINE_CONTENT_ENCODING",
    `Cannot read Content-Encoding "${encoding}" of remote write: want snappy or zstd`,
    { status: 415 },
  );
}

function checkMediaType(contentType: string): void {
  if (contentType === MEDIA_TYPE) return;
  const [mediaType = "", ...parameters] = contentType.split(";").map((part) => part.trim());
  if (mediaType === "") return;
  const message = parameters
    .map((parameter) => /^proto\s*=\s*"?([^"]*)"?$/i.exec(parameter)?.[1])
    .find((name) => name !== undefined);
  if (mediaType.toLowerCase() === MEDIA_TYPE && (message ?? MESSAGE) === MESSAGE) return;
  throw new InputError(
    "TIDELINE_CONTENT_TYPE",
    `Cannot read Content-Type "${contentType}" of remote write: want ${MEDIA_TYPE}, of message ${MESSAGE} (version 1.0)`,
    { status: 415 },
  );
}

/**
 * Decompresses a body into the scanner's `raw`.
 *
 * @param size of all chunks together
 * @returns the size of the WriteRequest
 * @throws {InputError} 400 or 413
 */
export function decompress(
  encoding: BodyEncoding,
  chunks: readonly Uint8Array[],
  size: number,
  scanner: WriteScanner,
): number {
  if (encoding === "zstd" && looksLikeZstd(chunks)) return unzstd(chunks, scanner);
  let at = 0;
  for (const chunk of chunks) {
    scanner.input.set(chunk, at);
    at += chunk.length;
  }
  const rawSize = scanner.unsnap(size);
  if (rawSize >= 0) return rawSize;
  if (looksLikeZstd(chunks)) return unzstd(chunks, scanner);
  if (rawSize === UNSNAP_TOO_LARGE) throw tooLarge(scanner);
  throw new InputError("TIDELINE_BODY", `Cannot decompress a body of ${size} bytes as ${encoding}`);
}

function looksLikeZstd(chunks: readonly Uint8Array[]): boolean {
  return isZstd(Buffer.concat(chunks.slice(0, 4).map((chunk) => chunk.subarray(0, 4))));
}

/** zlib wants one buffer: bodies of several chunks are put together here, and only here. */
function unzstd(chunks: readonly Uint8Array[], scanner: WriteScanner): number {
  const { rawSizeMax } = scanner.limits;
  const body = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  const announcedSize = zstdContentSize(body);
  if (announcedSize !== null && announcedSize > rawSizeMax) throw tooLarge(scanner);
  let raw: Buffer;
  try {
    raw = zstdDecompressSync(body, {
      maxOutputLength: rawSizeMax,
      // In one piece when its size is known: pieces cost twice the time.
      chunkSize: announcedSize === null ? ZSTD_CHUNK_SIZE : announcedSize + ZSTD_CHUNK_SPARE,
    });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(scanner, cause);
    throw new InputError(
      "TIDELINE_BODY",
      `Cannot decompress a body of ${body.length} bytes as zstd`,
      { cause },
    );
  }
  scanner.raw.set(raw);
  return raw.length;
}

function tooLarge(scanner: WriteScanner, cause?: unknown): InputError {
  return new InputError(
    "TIDELINE_BODY_SIZE",
    `Cannot decompress a body: it holds more than ${scanner.limits.rawSizeMax} bytes`,
    { status: 413, cause },
  );
}
