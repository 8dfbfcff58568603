/**
 * A strict protobuf reader for the plain twins: what a byte string means, field by field.
 *
 * Strict: tags and lengths must lie inside their message, a varint has at most 10 bytes and 64 bits, field
 * number 0 and unmatched group ends are refused.
 */
import { GROUP_DEPTH_MAX } from "./scanner.ts";

/** The bytes are no protobuf message. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

export class ProtobufReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get hasMore(): boolean {
    return this.at < this.end;
  }

  #take(size: number): number {
    const start = this.at;
    if (size > this.end - start) throw new ProtobufError(`wanted ${size} bytes at ${start}`);
    this.at = start + size;
    return start;
  }

  /** Unsigned 64 bits. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.#take(1)] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value >= 2n ** 64n) break;
        return value;
      }
    }
    throw new ProtobufError(`varint before ${this.at} has more than 64 bits`);
  }

  /** Field number and wire type in one number, as on the wire. */
  tag(): number {
    const tag = this.varint();
    if (tag >= 2n ** 32n || tag < 8n) throw new ProtobufError(`bad tag before ${this.at}`);
    return Number(tag);
  }

  /** Skips 8 bytes. @returns where they start */
  fixed64(): number {
    return this.#take(8);
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.varint());
  }

  /** A reader of the length-delimited field here, which is skipped. */
  message(): ProtobufReader {
    const size = this.varint();
    if (size > BigInt(this.end - this.at))
      throw new ProtobufError(`length past the end at ${this.at}`);
    const start = this.#take(Number(size));
    return new ProtobufReader(this.bytes, start, this.at);
  }

  /** Skips the value of a field that nobody knows. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#take(8);
        return;
      case 2:
        this.message();
        return;
      case 5:
        this.#take(4);
        return;
      case 3:
        if (depth === GROUP_DEPTH_MAX) break;
        for (;;) {
          const inner = this.tag();
          if ((inner & 7) !== 4) this.skip(inner, depth + 1);
          else if (inner >>> 3 === tag >>> 3) return;
          else break;
        }
        break;
      default:
    }
    throw new ProtobufError(`wire type or group that cannot be at ${this.at}`);
  }

  /** All of the reader's bytes. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  /** Eight bytes as they are, to a column of doubles. */
  copyDouble(at: number, target: Float64Array, row: number): void {
    const words = new Uint32Array(target.buffer, target.byteOffset + row * 8, 2);
    words[0] = this.#view.getUint32(at, true);
    words[1] = this.#view.getUint32(at + 4, true);
  }
}
