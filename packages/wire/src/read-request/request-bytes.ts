/** What requests to read and to delete have in common around their fields: a limit of size both ways, and what is said of bytes that are none. */
import { ByteReader, type ByteWriter } from "@tideline/common";
import { CorruptionError, InputError } from "@tideline/model";

/** Names a request in errors. */
export interface RequestWords {
  /** Code of errors about its bytes; with `_SIZE` behind it, about its size. */
  readonly code: string;
  /** "a read request" */
  readonly noun: string;
  /** "ask with": what is done with its selectors. */
  readonly verb: string;
  readonly sizeMax: number;
}

/** @throws {InputError} past the limit */
export function finishRequest(
  writer: ByteWriter,
  { code, verb, sizeMax }: RequestWords,
): Uint8Array<ArrayBuffer> {
  if (writer.size > sizeMax) {
    const message = `Cannot ${verb} selectors of ${writer.size} bytes: at most ${sizeMax}`;
    throw new InputError(`${code}_SIZE`, message);
  }
  return writer.copy();
}

/**
 * @param read all of the fields; throws RangeErrors
 * @throws {CorruptionError} when the bytes are no such request, or more than one
 */
export function decodeRequest<T>(
  bytes: Uint8Array,
  { code, noun, sizeMax }: RequestWords,
  read: (reader: ByteReader) => T,
): T {
  try {
    if (bytes.length > sizeMax) throw new RangeError(`it has ${bytes.length} bytes`);
    const reader = new ByteReader(bytes);
    const request = read(reader);
    if (reader.restSize > 0) throw new RangeError(`${reader.restSize} bytes too many`);
    return request;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptionError(code, `Cannot decode ${noun}: ${cause.message}`, { cause });
  }
}
