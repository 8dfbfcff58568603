/**
 * What a lane answers to a row block, and its bytes.
 *
 * Layout: docs/formats/row-block.md#answer.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { CorruptionError } from "@tideline/model";

/** The numbers on the wire are the positions in this list: append only. */
const STATUSES = ["kept", "unknownRefs", "overloaded", "readOnly", "failed"] as const;

/**
 * - kept: every row that was not ignored is in the write-ahead log.
 * - unknownRefs: nothing was kept; the block comes again with the keys of these refs.
 * - overloaded, readOnly: nothing was kept, trying again later helps.
 * - failed: the lane could not read or keep the block; nothing is known about its rows.
 */
export type RowBlockStatus = (typeof STATUSES)[number];

export interface RowBlockAnswer {
  readonly status: RowBlockStatus;
  /** Stream refs that the lane has no series for; empty unless the status says so. */
  readonly unknownRefs: Uint32Array;
  /** Rows refused for good, by reason; the others of the block are kept. */
  readonly ignoredByReason: Readonly<Record<string, number>>;
  /** Advice with `overloaded` and `readOnly`; 0 = none. */
  readonly retryAfterMs: number;
  /** For people: why it was not kept. */
  readonly message: string;
}

const VERSION = 1;
const REASONS_MAX = 64;

const NO_REFS = new Uint32Array();

/** The usual answer takes a short way: every row is kept, and there is nothing else to say. */
const ALL_KEPT = Uint8Array.of(VERSION, STATUSES.indexOf("kept"), 0, 0, 0, 0);

/** An answer with nothing but a status and what is given. */
export function rowBlockAnswer(
  status: RowBlockStatus,
  rest: Partial<Omit<RowBlockAnswer, "status">> = {},
): RowBlockAnswer {
  return {
    status,
    unknownRefs: rest.unknownRefs ?? NO_REFS,
    ignoredByReason: rest.ignoredByReason ?? {},
    retryAfterMs: rest.retryAfterMs ?? 0,
    message: rest.message ?? "",
  };
}

/** @returns the bytes, owned by the caller */
export function encodeRowBlockAnswer(answer: RowBlockAnswer): Uint8Array<ArrayBuffer> {
  if (isAllKept(answer)) return ALL_KEPT.slice();
  const reasons = Object.entries(answer.ignoredByReason).slice(0, REASONS_MAX);
  const writer = new ByteWriter(64 + answer.unknownRefs.length * 4);
  writer.u8(VERSION);
  writer.u8(STATUSES.indexOf(answer.status));
  writer.varint(Math.max(0, Math.round(answer.retryAfterMs)));
  writer.text(answer.message);
  writer.varint(reasons.length);
  for (const [reason, count] of reasons) {
    writer.text(reason);
    writer.varint(count);
  }
  writer.varint(answer.unknownRefs.length);
  for (const ref of answer.unknownRefs) writer.u32(ref);
  return writer.copy();
}

/** @throws {CorruptionError} when the bytes are no answer of a version known here */
export function decodeRowBlockAnswer(bytes: Uint8Array): RowBlockAnswer {
  if (isAllKeptBytes(bytes)) return rowBlockAnswer("kept");
  try {
    return read(new ByteReader(bytes));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptionError(
      "TIDELINE_ROW_BLOCK_ANSWER",
      `Cannot decode an answer to a row block: ${cause.message}`,
      { cause },
    );
  }
}

function isAllKept(answer: RowBlockAnswer): boolean {
  const { status, unknownRefs, ignoredByReason, retryAfterMs, message } = answer;
  if (status !== "kept" || unknownRefs.length > 0 || retryAfterMs > 0 || message !== "")
    return false;
  for (const _ in ignoredByReason) return false;
  return true;
}

function isAllKeptBytes(bytes: Uint8Array): boolean {
  if (bytes.length !== ALL_KEPT.length) return false;
  for (let i = 0; i < ALL_KEPT.length; i += 1) if (bytes[i] !== ALL_KEPT[i]) return false;
  return true;
}

function read(reader: ByteReader): RowBlockAnswer {
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`unknown version ${version}`);
  const number = reader.u8();
  const status = STATUSES[number];
  if (status === undefined) throw new RangeError(`unknown status ${number}`);
  const retryAfterMs = reader.varint();
  const message = reader.text();
  const reasonCount = reader.varint();
  if (reasonCount > REASONS_MAX) throw new RangeError(`${reasonCount} reasons`);
  const reasons: [string, number][] = [];
  for (let i = 0; i < reasonCount; i += 1) reasons.push([reader.text(), reader.varint()]);
  const unknownCount = reader.varint();
  if (unknownCount * 4 !== reader.restSize) {
    throw new RangeError(`${unknownCount} unknown refs in ${reader.restSize} bytes`);
  }
  const unknownRefs = new Uint32Array(unknownCount);
  for (let i = 0; i < unknownCount; i += 1) unknownRefs[i] = reader.u32();
  return {
    status,
    unknownRefs,
    ignoredByReason: Object.fromEntries(reasons),
    retryAfterMs,
    message,
  };
}
