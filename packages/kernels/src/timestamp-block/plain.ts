/**
 * Blocks of timestamps: 1 to 8192 strictly ascending integer milliseconds.
 *
 * Codecs (first byte; docs/formats/block.md): 0 raw float64; 1 steady (first, step); 2 deltas of deltas as
 * zigzag varints. All of them keep |t| < 2^53 exactly.
 */
import { assert, ByteReader, ByteWriter } from "@tideline/common";

const CODEC_RAW = 0;
export const CODEC_STEADY = 1;
export const CODEC_DELTA2 = 2;

/** Differences up to here take the varint codecs; larger ones (absurd times) are kept raw. */
const DELTA_MAX = 2 ** 50;

/**
 * @param timestampsMs strictly ascending; 1 ≤ length ≤ 8192; borrowed
 * @returns a new byte string, owned by the caller
 */
export function encodeTimestamps(timestampsMs: Float64Array): Uint8Array<ArrayBuffer> {
  const count = timestampsMs.length;
  assert(count > 0 && count <= 8192, "a block holds 1 to 8192 timestamps");
  const first = timestampsMs[0] as number;
  const step = count > 1 ? (timestampsMs[1] as number) - first : 0;
  const span = (timestampsMs[count - 1] as number) - first;
  const writer = new ByteWriter(32);
  if (span >= DELTA_MAX) {
    writer.u8(CODEC_RAW);
    writer.raw(
      new Uint8Array(timestampsMs.buffer, timestampsMs.byteOffset, timestampsMs.byteLength),
    );
    return writer.copy();
  }
  if (isSteady(timestampsMs, step)) {
    writer.u8(CODEC_STEADY);
    writer.f64(first);
    writer.varint(step);
    return writer.copy();
  }
  writer.u8(CODEC_DELTA2);
  writer.f64(first);
  let previousMs = first;
  let previousDelta = 0;
  for (let i = 1; i < count; i += 1) {
    const ms = timestampsMs[i] as number;
    const delta = ms - previousMs;
    assert(delta > 0, "timestamps ascend");
    const second = delta - previousDelta;
    writer.varint(second < 0 ? -2 * second - 1 : 2 * second);
    previousMs = ms;
    previousDelta = delta;
  }
  return writer.copy();
}

function isSteady(timestampsMs: Float64Array, step: number): boolean {
  for (let i = 1; i < timestampsMs.length; i += 1) {
    if ((timestampsMs[i] as number) - (timestampsMs[i - 1] as number) !== step) return false;
  }
  return timestampsMs.length === 1 || step > 0;
}

/**
 * Unpacks exactly `target.length` timestamps.
 *
 * @throws {RangeError} when the bytes are no block of that many ascending timestamps
 */
export function decodeTimestamps(block: Uint8Array, target: Float64Array): void {
  const reader = new ByteReader(block);
  const codec = reader.u8();
  if (codec === CODEC_RAW) {
    const bytes = reader.raw(target.byteLength);
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
  } else if (codec === CODEC_STEADY) {
    const first = reader.f64();
    const step = reader.varint();
    for (let i = 0; i < target.length; i += 1) target[i] = first + i * step;
  } else if (codec === CODEC_DELTA2) {
    let ms = reader.f64();
    let delta = 0;
    target[0] = ms;
    for (let i = 1; i < target.length; i += 1) {
      const zigzag = reader.varint();
      delta += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      ms += delta;
      target[i] = ms;
    }
  } else {
    throw new RangeError(`no timestamp block: codec ${codec}`);
  }
  if (reader.restSize !== 0)
    throw new RangeError(`timestamp block has ${reader.restSize} bytes too many`);
  for (let i = 0; i < target.length; i += 1) {
    const ms = target[i] as number;
    if (!Number.isSafeInteger(ms) || (i > 0 && ms <= (target[i - 1] as number))) {
      throw new RangeError(`timestamp ${i} of a block is out of order or no integer`);
    }
  }
}
