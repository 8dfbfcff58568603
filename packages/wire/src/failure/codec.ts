/**
 * Errors on the wire: class, code and message, so that a limit hit on a lane reaches the user as itself.
 * Layout: docs/formats/wire.md#failures.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { CorruptionError, ExecutionError, InputError, OverloadError } from "@tideline/model";

const VERSION = 1;
const MESSAGE_LENGTH_MAX = 4096;

/** The numbers on the wire: never reused. */
const INPUT = 1;
const OVERLOAD = 2;
const CORRUPTION = 3;
const EXECUTION = 4;

/** Code of errors that are none of the known classes: a fault of ours, logged where it happened. */
export const INTERNAL_CODE = "TIDELINE_INTERNAL";

export type KnownError = InputError | OverloadError | CorruptionError | ExecutionError;

export function isKnownError(error: unknown): error is KnownError {
  return (
    error instanceof InputError ||
    error instanceof OverloadError ||
    error instanceof CorruptionError ||
    error instanceof ExecutionError
  );
}

/** @returns the bytes, owned by the caller; an error of an unknown class becomes an ExecutionError */
export function encodeFailure(error: unknown): Uint8Array<ArrayBuffer> {
  const known = isKnownError(error)
    ? error
    : new ExecutionError(
        INTERNAL_CODE,
        `Internal error: ${error instanceof Error ? error.message : String(error)}`,
      );
  const writer = new ByteWriter(256);
  writer.u8(VERSION);
  writer.u8(classNumber(known));
  writer.u16("status" in known ? known.status : 0);
  writer.varint(known instanceof OverloadError ? Math.max(0, Math.round(known.retryAfterMs)) : 0);
  writer.text(known.code);
  writer.text(known.message.slice(0, MESSAGE_LENGTH_MAX));
  return writer.copy();
}

function classNumber(error: KnownError): number {
  if (error instanceof InputError) return INPUT;
  if (error instanceof OverloadError) return OVERLOAD;
  return error instanceof CorruptionError ? CORRUPTION : EXECUTION;
}

/** @returns the error as it was; bytes that are no failure give a CorruptionError as well */
export function decodeFailure(bytes: Uint8Array): KnownError {
  try {
    return read(new ByteReader(bytes));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return new CorruptionError("TIDELINE_FAILURE", `Cannot decode a failure: ${cause.message}`, {
      cause,
    });
  }
}

function read(reader: ByteReader): KnownError {
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`unknown version ${version}`);
  const number = reader.u8();
  const status = reader.u16();
  const retryAfterMs = reader.varint();
  const code = reader.text();
  const message = reader.text();
  if (number === INPUT) return new InputError(code, message, { status });
  if (number === OVERLOAD) return new OverloadError(code, message, { status, retryAfterMs });
  if (number === CORRUPTION) return new CorruptionError(code, message);
  if (number === EXECUTION) return new ExecutionError(code, message);
  throw new RangeError(`unknown class ${number}`);
}
