/**
 * The definition of the remote-write scan (scanner.ts tells what it is for), in plain TypeScript: a strict
 * protobuf reader and a Map of keys. Some 20 times slower than the WASM twin; it serves tests.
 */
import { must } from "@tideline/common";
import { unsnapPlain } from "../unsnap/plain.ts";
import { ProtobufError, ProtobufReader } from "./protobuf.ts";
import {
  KEY_HEADER_SIZE,
  LABEL_HEADER_SIZE,
  REASON_BIG_TIMESTAMP,
  REASON_KEY_TOO_LARGE,
  REASON_SMALL_TIMESTAMP,
  REF_BAD_FIRST,
  SCAN_BROKEN,
  SCAN_ROWS_FULL,
  SCAN_TABLE_FULL,
  type WriteScanLimits,
  type WriteScanner,
} from "./scanner.ts";

interface Key {
  readonly name: string;
  readonly records: Uint8Array;
  readonly labelCount: number;
  readonly tenant: readonly [number, number];
  ref: number;
}

/** Ends a scan early, with the code that it returns. */
class ScanEnd extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`scan ends with ${code}`);
    this.code = code;
  }
}

const NO_KEY = 0xffff_ffff;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export class PlainWriteScanner implements WriteScanner {
  readonly limits: WriteScanLimits;
  readonly input: Uint8Array;
  readonly raw: Uint8Array;
  readonly refs: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly ignoredCounts = new Uint32Array(256);
  keysEnd = 0;
  brokenAt = 0;
  counts = { seriesCount: 0, metadataCount: 0, exemplarCount: 0, histogramCount: 0 };
  #metadata: number[] = [];
  readonly #keys = new Map<number, Key>();
  readonly #keyByName = new Map<string, number>();
  /** What each label record and tenant takes of the arena, in the order in which they came. */
  readonly #labels = new Map<string, number>();
  #labelsSize = 0;
  #rowCount = 0;

  constructor(limits: WriteScanLimits) {
    this.limits = limits;
    this.input = new Uint8Array(limits.inputSizeMax);
    this.raw = new Uint8Array(limits.rawSizeMax);
    this.refs = new Uint32Array(limits.rowCountMax);
    this.timestampsMs = new Float64Array(limits.rowCountMax);
    this.values = new Float64Array(limits.rowCountMax);
  }

  unsnap(inputSize: number): number {
    return unsnapPlain(this.input.subarray(0, inputSize), this.raw);
  }

  get keyCount(): number {
    return this.#keys.size;
  }

  get arenaUsedSize(): number {
    return this.keysEnd + this.#labelsSize;
  }

  get metadataRanges(): Uint32Array {
    return Uint32Array.from(this.#metadata);
  }

  reset(): void {
    this.#takeBack(0, 0);
  }

  keyAfter(key: number): number {
    return key + KEY_HEADER_SIZE + this.#key(key).labelCount * 4;
  }

  keyRecords(key: number): Uint8Array {
    return this.#key(key).records;
  }

  keyTenant(key: number): readonly [number, number] {
    return this.#key(key).tenant;
  }

  setRef(key: number, ref: number): void {
    this.#key(key).ref = ref;
  }

  #key(key: number): Key {
    return must(this.#keys.get(key), "a key that was given out");
  }

  scan(rawSize: number, account: number, project: number): number {
    const { keysEnd } = this;
    const labelCount = this.#labels.size;
    this.#rowCount = 0;
    this.#metadata = [];
    this.counts = { seriesCount: 0, metadataCount: 0, exemplarCount: 0, histogramCount: 0 };
    try {
      this.#scanRequest(new ProtobufReader(this.raw, 0, rawSize), [account, project]);
    } catch (error) {
      this.#takeBack(keysEnd, labelCount);
      this.#rowCount = 0;
      if (error instanceof ScanEnd) return error.code;
      if (error instanceof ProtobufError) return SCAN_BROKEN;
      throw error;
    }
    return this.#rowCount;
  }

  /** Forgets the keys from `keysEnd` on, and the labels that came after the first `labelCount`. */
  #takeBack(keysEnd: number, labelCount: number): void {
    for (const [key, { name }] of this.#keys) {
      if (key < keysEnd) continue;
      this.#keys.delete(key);
      this.#keyByName.delete(name);
    }
    this.keysEnd = keysEnd;
    for (const [label, size] of [...this.#labels].slice(labelCount)) {
      this.#labels.delete(label);
      this.#labelsSize -= size;
    }
  }

  #scanRequest(request: ProtobufReader, tenant: readonly [number, number]): void {
    while (request.hasMore) {
      this.brokenAt = request.at;
      const tag = request.tag();
      const field = tag >>> 3;
      if (field !== 1 && field !== 3) {
        request.skip(tag);
        continue;
      }
      const message = knownMessage(request, tag);
      if (field === 1) {
        this.#scanSeries(message, tenant);
        continue;
      }
      if (this.counts.metadataCount < this.limits.metadataCountMax) {
        this.#metadata.push(message.at, message.end - message.at);
      }
      this.counts.metadataCount += 1;
    }
  }

  #scanSeries(series: ProtobufReader, tenant: readonly [number, number]): void {
    const firstRow = this.#rowCount;
    const records: Uint8Array[] = [];
    while (series.hasMore) {
      const start = series.at;
      const tag = series.tag();
      const field = tag >>> 3;
      if (field > 4) {
        series.skip(tag);
        continue;
      }
      const message = knownMessage(series, tag);
      if (field === 1) {
        checkLabel(message);
        records.push(series.bytes.subarray(start, series.at));
      } else if (field === 2) {
        this.#scanSample(message);
      } else if (field === 3) {
        this.counts.exemplarCount += 1;
      } else {
        this.counts.histogramCount += 1;
      }
    }
    this.counts.seriesCount += 1;
    if (this.#rowCount === firstRow) return;
    this.refs.fill(this.#keyOf(records, tenant), firstRow, this.#rowCount);
  }

  #scanSample(sample: ProtobufReader): void {
    let valueAt = -1;
    let time = 0n;
    while (sample.hasMore) {
      const tag = sample.tag();
      if (tag === 0x09) valueAt = sample.fixed64();
      else if (tag === 0x10) time = sample.int64();
      else if (tag >>> 3 <= 2) throw new ProtobufError("a sample's field of another wire type");
      else sample.skip(tag);
    }
    const row = this.#rowCount;
    if (row === this.limits.rowCountMax) throw new ScanEnd(SCAN_ROWS_FULL);
    this.values[row] = 0;
    if (valueAt >= 0) sample.copyDouble(valueAt, this.values, row);
    this.timestampsMs[row] =
      time > SAFE_MAX ? Infinity : time < -SAFE_MAX ? -Infinity : Number(time);
    this.#rowCount = row + 1;
  }

  #keyOf(list: readonly Uint8Array[], tenant: readonly [number, number]): number {
    const records = Buffer.concat(list);
    if (records.length > this.limits.keySizeMax) return NO_KEY;
    const name = `${tenant[0]}:${tenant[1]}:${records.toString("latin1")}`;
    const known = this.#keyByName.get(name);
    if (known !== undefined) return known;
    if (this.keyCount === this.limits.keyCountMax) throw new ScanEnd(SCAN_TABLE_FULL);
    this.#addLabel(Buffer.from(Uint32Array.from(tenant).buffer));
    for (const record of list) this.#addLabel(record);
    const key = this.keysEnd;
    this.keysEnd += KEY_HEADER_SIZE + list.length * 4;
    const { labelCountMax, arenaSize } = this.limits;
    if (this.#labels.size > labelCountMax || this.arenaUsedSize > Math.floor(arenaSize / 4) * 4) {
      throw new ScanEnd(SCAN_TABLE_FULL);
    }
    this.#keyByName.set(name, key);
    this.#keys.set(key, { name, records, labelCount: list.length, tenant, ref: NO_KEY });
    return key;
  }

  #addLabel(record: Uint8Array): void {
    const text = Buffer.from(record).toString("latin1");
    if (this.#labels.has(text)) return;
    const size = LABEL_HEADER_SIZE + Math.ceil(record.length / 4) * 4;
    this.#labels.set(text, size);
    this.#labelsSize += size;
  }

  resolve(): number {
    this.ignoredCounts.fill(0);
    let kept = 0;
    for (let row = 0; row < this.#rowCount; row += 1) {
      const key = this.refs[row] as number;
      const time = this.timestampsMs[row] as number;
      const ref = key === NO_KEY ? REF_BAD_FIRST + REASON_KEY_TOO_LARGE : this.#key(key).ref;
      let reason = -1;
      if (ref >= REF_BAD_FIRST) reason = ref - REF_BAD_FIRST;
      else if (time === Infinity) reason = REASON_BIG_TIMESTAMP;
      else if (time === -Infinity) reason = REASON_SMALL_TIMESTAMP;
      if (reason >= 0) {
        this.ignoredCounts[reason] = (this.ignoredCounts[reason] as number) + 1;
        continue;
      }
      this.refs[kept] = ref;
      this.timestampsMs[kept] = time;
      this.values.copyWithin(kept, row, row + 1);
      kept += 1;
    }
    this.#rowCount = 0;
    return kept;
  }
}

/** The message of a known field, whose wire type must be the right one. */
function knownMessage(reader: ProtobufReader, tag: number): ProtobufReader {
  if ((tag & 7) !== 2) throw new ProtobufError(`known field of another wire type at ${reader.at}`);
  return reader.message();
}

function checkLabel(label: ProtobufReader): void {
  while (label.hasMore) {
    const tag = label.tag();
    if (tag >>> 3 <= 2) knownMessage(label, tag);
    else label.skip(tag);
  }
}
