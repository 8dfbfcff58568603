/**
 * Frames with a row of a leaf for each series, instead of its blocks. Layout: docs/formats/series-frame.md#rows.
 */
import type { BatchRows, KeySection, SeriesBatch, SeriesBlocks } from "@tideline/model";
import { damaged, writeFrameStart } from "./frame-start.ts";
import { KEYS_GIVEN, KEYS_NAMED, KIND_ROWS, ROWS_HEADER_SIZE } from "./layout.ts";
import { bytesOf, copyOfWords } from "./words.ts";

const SAMPLES_OF_SERIES_MAX = 0xffff_ffff;

/** Keys as they go into a frame. */
export interface FrameKeys {
  /** Of all series, one after another; or the name of the list. */
  readonly bytes: Uint8Array;
  readonly isName: boolean;
  /** Where each key ends, whether they lie here or not. */
  readonly ends: Uint32Array;
}

/** @returns owned by the caller */
export function encodeRowsFrame(keys: FrameKeys, rows: BatchRows): Uint8Array<ArrayBuffer> {
  const { values, presence } = rows;
  const seriesCount = keys.ends.length;
  const keysAt = ROWS_HEADER_SIZE + seriesCount * 4;
  const presenceAt = keysAt + keys.bytes.length;
  const valuesAt = presenceAt + presence.length;
  // All of it is written.
  const frame = new Uint8Array(Buffer.allocUnsafeSlow(valuesAt + values.byteLength).buffer);
  const header = new DataView(frame.buffer);
  writeFrameStart(header, KIND_ROWS);
  header.setUint32(4, rows.stepCount, true);
  header.setUint32(8, seriesCount, true);
  header.setUint32(12, Math.min(rows.seriesSampleCountMax, SAMPLES_OF_SERIES_MAX), true);
  header.setUint32(16, keys.bytes.length, true);
  header.setFloat64(20, rows.sampleCount, true);
  header.setUint32(28, keys.isName ? KEYS_NAMED : KEYS_GIVEN, true);
  frame.set(bytesOf(keys.ends), ROWS_HEADER_SIZE);
  frame.set(keys.bytes, keysAt);
  frame.set(presence, presenceAt);
  frame.set(bytesOf(values), valuesAt);
  return frame;
}

/** A rows frame as it lies in bytes: its sizes agree with theirs. */
export interface RowsFrame {
  readonly rows: BatchRows;
  readonly keysAre: number;
  /** The keys, or the name of their list. */
  readonly keys: Uint8Array;
  readonly ends: Uint32Array;
}

/**
 * @param frame whose kind is known
 * @returns columns of its own; keys are a view
 * @throws {CorruptionError}
 */
export function decodeRowsFrame(frame: Uint8Array): RowsFrame {
  if (frame.length < ROWS_HEADER_SIZE) throw damaged(`${frame.length} bytes`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const stepCount = view.getUint32(4, true);
  const seriesCount = view.getUint32(8, true);
  const seriesSampleCountMax = view.getUint32(12, true);
  const keysSize = view.getUint32(16, true);
  const sampleCount = view.getFloat64(20, true);
  const valueCount = seriesCount * stepCount;
  const keysAt = ROWS_HEADER_SIZE + seriesCount * 4;
  const presenceAt = keysAt + keysSize;
  const valuesAt = presenceAt + valueCount;
  const size = valuesAt + valueCount * 8;
  if (size !== frame.length) throw damaged(`${frame.length} bytes where the header counts ${size}`);
  if (stepCount === 0) throw damaged("rows without steps");
  if (!Number.isSafeInteger(sampleCount) || sampleCount < 0)
    throw damaged(`made of ${sampleCount} samples`);
  const values = new Float64Array(valueCount);
  bytesOf(values).set(frame.subarray(valuesAt));
  const presence = frame.slice(presenceAt, valuesAt);
  if (presence.some((byte) => byte > 1)) throw damaged("a value that is neither there nor not");
  return {
    rows: { stepCount, values, presence, sampleCount, seriesSampleCountMax },
    keysAre: view.getUint32(28, true),
    keys: frame.subarray(keysAt, presenceAt),
    ends: copyOfWords(frame.subarray(ROWS_HEADER_SIZE, keysAt)),
  };
}

/** Series of which there are rows, and no blocks. */
export class RowsBatch implements SeriesBatch {
  readonly keySection: KeySection;
  readonly rows: BatchRows;
  readonly blockTotals: { readonly count: number; readonly size: number };

  constructor(keys: KeySection, rows: BatchRows) {
    this.keySection = keys;
    this.rows = rows;
    this.blockTotals = { count: 0, size: rows.values.byteLength + rows.presence.byteLength };
  }

  get length(): number {
    return this.keySection.ends.length;
  }

  *[Symbol.iterator](): Generator<SeriesBlocks> {
    const { bytes, ends } = this.keySection;
    let start = 0;
    for (const end of ends) {
      yield { key: bytes.subarray(start, end), blocks: [] };
      start = end;
    }
  }
}
