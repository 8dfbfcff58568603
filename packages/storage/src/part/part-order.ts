/**
 * The order of series in a part: tenant (account, project, as numbers), metric name by bytes, then the whole
 * key by bytes. Series of one metric lie side by side, which is how queries read them.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { METRIC_NAME } from "@tideline/model";

const METRIC_NAME_BYTES = Buffer.from(METRIC_NAME);

/**
 * A byte string whose order under `Buffer.compare` is the order of series in a part. Make it once per series,
 * not per comparison.
 *
 * @param key a canonical series key; borrowed
 * @returns owned by the caller
 */
export function partOrderKey(key: Uint8Array): Uint8Array {
  scratch.clear();
  writePartOrderKey(scratch, key);
  return Buffer.from(scratch.bytes());
}

const scratch = new ByteWriter(1024);

/** Appends the order key, for those who need it only for a moment. */
export function writePartOrderKey(target: ByteWriter, key: Uint8Array): void {
  const reader = new ByteReader(key);
  writeBigEndian(target, reader.u32());
  writeBigEndian(target, reader.u32());
  writeEscaped(target, metricNameOf(reader));
  target.raw(key);
}

function metricNameOf(reader: ByteReader): Uint8Array {
  while (reader.restSize > 0) {
    const name = reader.sized();
    const value = reader.sized();
    if (Buffer.compare(name, METRIC_NAME_BYTES) === 0) return value;
  }
  return new Uint8Array(0);
}

function writeBigEndian(writer: ByteWriter, word: number): void {
  writer.u8(word >>> 24);
  writer.u8((word >>> 16) & 0xff);
  writer.u8((word >>> 8) & 0xff);
  writer.u8(word & 0xff);
}

/** The end is 00 00 and a zero byte is 00 01, so that a prefix comes first and nothing is ambiguous. */
function writeEscaped(writer: ByteWriter, bytes: Uint8Array): void {
  if (bytes.includes(0)) {
    for (const byte of bytes) {
      writer.u8(byte);
      if (byte === 0) writer.u8(1);
    }
  } else {
    writer.raw(bytes);
  }
  writer.u16(0);
}
