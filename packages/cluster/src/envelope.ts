/**
 * The envelope of every message between nodes, by hand: legal protobuf of `Envelope` in
 * proto/tideline/cluster.proto, so that the body is neither copied into an object nor looked at.
 */
import { CorruptionError } from "@tideline/model";
import { putBefore } from "@tideline/wire";

export const KIND_HELLO = 1;
export const KIND_ROWS = 2;
export const KIND_ASK = 3;
export const KIND_CREDIT = 4;
export const KIND_CANCEL = 5;
export const KIND_FRAME = 6;
export const KIND_DELETE = 7;

export const STATUS_OK = 0;
export const STATUS_FAILED = 1;
export const STATUS_UNSUPPORTED = 2;

export interface Envelope {
  /** Of the request; 0 in a hello. */
  readonly id: number;
  /** May be one that is not known here. */
  readonly kind: number;
  readonly status: number;
  readonly count: number;
  /** A view into the message. */
  readonly body: Uint8Array;
}

/** What goes into an envelope; the body in parts that are written one after the other. */
export interface EnvelopeInput {
  readonly id: number;
  readonly kind: number;
  readonly status?: number;
  readonly count?: number;
  readonly body?: readonly Uint8Array[];
}

const ID_TAG = 0x08;
const KIND_TAG = 0x10;
const STATUS_TAG = 0x18;
const COUNT_TAG = 0x20;
const BODY_TAG = 0x2a;

/** Ids up to 2^53 take 8 bytes as a varint, the other fields at most 5 each with their tags. */
const HEAD_SIZE_MAX = 48;

const scratch = Buffer.alloc(HEAD_SIZE_MAX);

/** @returns the message, owned by the caller; a frame with room before it becomes part of it */
export function encodeEnvelope(input: EnvelopeInput): Buffer {
  const parts = input.body ?? [];
  const bodySize = parts.reduce((size, part) => size + part.length, 0);
  let at = writeField(scratch, 0, ID_TAG, input.id);
  at = writeField(scratch, at, KIND_TAG, input.kind);
  at = writeField(scratch, at, STATUS_TAG, input.status ?? STATUS_OK);
  at = writeField(scratch, at, COUNT_TAG, input.count ?? 0);
  at = writeField(scratch, at, BODY_TAG, bodySize);
  const head = scratch.subarray(0, at);
  const [frame] = parts;
  const inPlace = parts.length === 1 && frame ? putBefore(frame, head) : null;
  if (inPlace) return inPlace;
  const message = Buffer.allocUnsafe(at + bodySize);
  message.set(head);
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** A number field, or the head of a bytes field; proto3 leaves zeros out. */
function writeField(message: Buffer, start: number, tag: number, value: number): number {
  if (value === 0) return start;
  let at = start;
  message[at] = tag;
  at += 1;
  let rest = value;
  while (rest >= 0x80) {
    message[at] = (rest % 0x80) | 0x80;
    at += 1;
    rest = Math.floor(rest / 0x80);
  }
  message[at] = rest;
  return at + 1;
}

/**
 * @param message untrusted; unknown fields are skipped, of repeated ones the last counts
 * @throws {CorruptionError} when it is no protobuf
 */
export function decodeEnvelope(message: Uint8Array): Envelope {
  const reader = new FieldReader(message);
  const envelope = { id: 0, kind: 0, status: 0, count: 0, body: message.subarray(0, 0) };
  while (reader.at < message.length) {
    const tag = reader.varint();
    if (tag === ID_TAG) envelope.id = reader.varint();
    else if (tag === KIND_TAG) envelope.kind = reader.varint();
    else if (tag === STATUS_TAG) envelope.status = reader.varint();
    else if (tag === COUNT_TAG) envelope.count = reader.varint();
    else if (tag === BODY_TAG) envelope.body = reader.take(reader.varint());
    else reader.skip(tag);
  }
  return envelope;
}

class FieldReader {
  at = 0;
  readonly #message: Uint8Array;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  /** Numbers over 2^53 are refused: no field of ours holds them. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#message[this.at];
      if (byte === undefined) throw damaged("it ends inside a number");
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw damaged("a number over 2^53");
      if (byte < 0x80) return value;
      scale *= 0x80;
      if (scale > 2 ** 63) throw damaged("a number that does not end");
    }
  }

  take(size: number): Uint8Array {
    if (size > this.#message.length - this.at) throw damaged("a field ends after the message");
    const start = this.at;
    this.at += size;
    return this.#message.subarray(start, this.at);
  }

  skip(tag: number): void {
    const wireType = tag % 8;
    if (wireType === 0) this.#skipVarint();
    else if (wireType === 1) this.take(8);
    else if (wireType === 2) this.take(this.varint());
    else if (wireType === 5) this.take(4);
    else throw damaged(`wire type ${wireType}`);
  }

  /** Of a field that we do not know: it may hold all 64 bits. */
  #skipVarint(): void {
    for (let size = 0; size < 10; size += 1) {
      const byte = this.take(1)[0] as number;
      if (byte < 0x80) return;
    }
    throw damaged("a number that does not end");
  }
}

function damaged(what: string): CorruptionError {
  return new CorruptionError("TIDELINE_ENVELOPE", `Cannot decode an envelope: ${what}`);
}
