/**
 * Makes `WriteRequest` messages: the way usual senders spell them, and in every strange way that
 * protobuf allows.
 */
import type { Random } from "@tideline/common/testing";

export interface RequestSample {
  /** The eight bytes of the double, so that NaN payloads survive. */
  readonly bits: Uint8Array;
  readonly timestampMs: bigint;
}

export interface RequestSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples: readonly RequestSample[];
  readonly exemplarCount?: number;
  readonly histogramCount?: number;
}

/** The bytes of a number as a sample's value. */
export function bitsOf(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer);
}

function varint(value: bigint, padding = 0): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  // Zero groups behind the last one change nothing but the spelling.
  for (let i = 0; i < padding && bytes.length < 10; i += 1) {
    bytes.push((bytes.pop() as number) | 0x80, 0);
  }
  return Buffer.from(bytes);
}

/** Spells fields; `padding` says how many bytes longer than needed the next varint is. */
class Speller {
  readonly padding: () => number;

  constructor(padding: () => number) {
    this.padding = padding;
  }

  varint(value: bigint): Buffer {
    return varint(value, this.padding());
  }

  /**
   * A tag or a length. At most five bytes: ten are legal for Prometheus, but not for every protobuf library.
   */
  short(value: bigint): Buffer {
    return varint(value, Math.min(this.padding(), 5 - varint(value).length));
  }

  tag(field: number, wire: number): Buffer {
    return this.short(BigInt(field * 8 + wire));
  }

  bytes(field: number, value: Uint8Array): Buffer {
    return Buffer.concat([this.tag(field, 2), this.short(BigInt(value.length)), value]);
  }

  label([name, value]: readonly [string, string]): Buffer {
    return Buffer.concat([this.bytes(1, Buffer.from(name)), this.bytes(2, Buffer.from(value))]);
  }

  value(bits: Uint8Array): Buffer {
    return Buffer.concat([this.tag(1, 1), bits]);
  }

  timestamp(timestampMs: bigint): Buffer {
    return Buffer.concat([this.tag(2, 0), this.varint(timestampMs)]);
  }
}

const EXEMPLAR = Buffer.from([0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
const HISTOGRAM = Buffer.from([0x08, 0x05]);
const METADATA = Buffer.from([0x08, 0x01, 0x12, 0x01, 0x78]);

/** As Prometheus spells it: fields in order, defaults left out, varints minimal. */
export function encodeWriteRequest(series: readonly RequestSeries[], metadataCount = 0): Buffer {
  const speller = new Speller(() => 0);
  const parts: Buffer[] = [];
  for (const { labels, samples, exemplarCount = 0, histogramCount = 0 } of series) {
    const fields = labels.map((label) => speller.bytes(1, speller.label(label)));
    for (const { bits, timestampMs } of samples) {
      const value = bits.some((byte) => byte !== 0) ? speller.value(bits) : Buffer.alloc(0);
      const time = timestampMs === 0n ? Buffer.alloc(0) : speller.timestamp(timestampMs);
      fields.push(speller.bytes(2, Buffer.concat([value, time])));
    }
    for (let i = 0; i < exemplarCount; i += 1) fields.push(speller.bytes(3, EXEMPLAR));
    for (let i = 0; i < histogramCount; i += 1) fields.push(speller.bytes(4, HISTOGRAM));
    parts.push(speller.bytes(1, Buffer.concat(fields)));
  }
  for (let i = 0; i < metadataCount; i += 1) parts.push(speller.bytes(3, METADATA));
  return Buffer.concat(parts);
}

/**
 * The same request in a strange but legal spelling: unknown fields and groups, padded varints, fields
 * of a message out of order (labels among themselves and samples among themselves keep their order),
 * scalars given twice.
 */
export function strangeWriteRequest(
  random: Random,
  series: readonly RequestSeries[],
  metadataCount = 0,
): Buffer {
  const strangeness = random.pick([0, 0.05, 0.4]);
  const speller = new Speller(() => (random.chance(strangeness) ? 1 + random.below(9) : 0));
  const strange = (): boolean => random.chance(strangeness);

  const unknown = (depth = 0): Buffer => {
    const field = random.pick([5, 6, 15, 16, 2047, 536_870_911]);
    switch (random.below(depth < 3 ? 5 : 4)) {
      case 0:
        return Buffer.concat([speller.tag(field, 0), speller.varint(BigInt(random.u32()) << 30n)]);
      case 1:
        return Buffer.concat([speller.tag(field, 1), random.bytes(8)]);
      case 2:
        return speller.bytes(field, random.bytes(random.below(40)));
      case 3:
        return Buffer.concat([speller.tag(field, 5), random.bytes(4)]);
      default: {
        const inner = Array.from({ length: random.below(4) }, () => unknown(depth + 1));
        return Buffer.concat([speller.tag(field, 3), ...inner, speller.tag(field, 4)]);
      }
    }
  };
  /** Puts unknown fields between others. */
  const message = (fields: readonly Buffer[]): Buffer =>
    Buffer.concat([
      ...fields.flatMap((field) => (strange() ? [unknown(), field] : [field])),
      ...(strange() ? [unknown()] : []),
    ]);

  const label = ([name, value]: readonly [string, string]): Buffer => {
    const fields = [speller.bytes(1, Buffer.from(name)), speller.bytes(2, Buffer.from(value))];
    if (value === "" && random.chance(0.5)) fields.pop();
    if (strange()) fields.reverse();
    // Given twice; a value that is left out must stay out.
    const twice = fields.length === 2 ? random.pick([1, 2]) : 1;
    if (strange()) fields.unshift(speller.bytes(twice, Buffer.from("old")));
    return message(fields);
  };
  const sample = ({ bits, timestampMs }: RequestSample): Buffer => {
    const zero = bits.every((byte) => byte === 0);
    const fields: Buffer[] = [];
    if (!zero || random.chance(0.5)) fields.push(speller.value(bits));
    if (timestampMs !== 0n || random.chance(0.5)) fields.push(speller.timestamp(timestampMs));
    if (strange()) fields.reverse();
    if (strange() && !zero) fields.unshift(speller.value(random.bytes(8)));
    if (strange() && timestampMs !== 0n) fields.unshift(speller.timestamp(BigInt(random.u32())));
    return message(fields);
  };
  /** Mixes lists, each of which keeps its order. */
  const mixed = (...lists: Buffer[][]): Buffer[] => {
    if (!strange()) return lists.flat();
    const result: Buffer[] = [];
    for (let rest = lists; rest.length > 0; rest = rest.filter((list) => list.length > 0)) {
      const next = random.pick(rest).shift();
      if (next) result.push(next);
    }
    return result;
  };

  const timeSeries = series.map(({ labels, samples, exemplarCount = 0, histogramCount = 0 }) => {
    const fields = mixed(
      labels.map((one) => speller.bytes(1, label(one))),
      samples.map((one) => speller.bytes(2, sample(one))),
      Array.from({ length: exemplarCount }, () => speller.bytes(3, EXEMPLAR)),
      Array.from({ length: histogramCount }, () => speller.bytes(4, HISTOGRAM)),
    );
    return speller.bytes(1, message(fields));
  });
  const metadata = Array.from({ length: metadataCount }, () => speller.bytes(3, METADATA));
  return message(mixed(timeSeries, metadata));
}
