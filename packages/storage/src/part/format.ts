/**
 * The outer shape of a part: header, sections, footer, trailer. Format: docs/formats/part.md.
 */
import { assert, ByteReader, ByteWriter } from "@tideline/common";
import { crc32c } from "@tideline/kernels";
import { CorruptionError } from "@tideline/model";
import { isLaneRange, type LaneRange } from "../lane-range.ts";

const PART_VERSION = 1;
/** "TLPART" and a line end that a text transfer would change. */
const PART_MAGIC = Uint8Array.of(0x54, 0x4c, 0x50, 0x41, 0x52, 0x54, 0x0d, 0x0a);
export const PART_HEADER_SIZE = 16;
export const PART_TRAILER_SIZE = 32;
const FOOTER_SIZE_MAX = 16 * 1024 * 1024;

/** Names of sections; a reader leaves out those it does not know. */
export const SECTION_DATA = "data";
export const SECTION_SERIES = "series";
export const SECTION_IDENTITIES = "identities";
export const SECTION_POSTINGS = "postings";
/** Reserved and empty: hours for which a replica missed samples, and versions per hour. */
export const SECTION_MISSED = "missed";
export const SECTION_VERSIONS = "versions";

/** A range of the file, checked as a whole by `PartReader.verify`. Sections lie one behind the other without gaps. */
export interface Section {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** CRC32C of the whole range. */
  readonly crc: number;
  /** What a reader must know to use it, e.g. where its root page is. */
  readonly meta: Uint8Array;
}

/** What the footer tells besides its sections. */
export interface PartFacts {
  readonly laneRange: LaneRange;
  readonly generation: number;
  /** Deletes up to this number are done with: the samples are younger than they, or what they deleted is no longer here. */
  readonly deletesDone: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly seriesCount: number;
  readonly sampleCount: number;
  readonly blockCount: number;
  readonly timestampBlockCount: number;
  readonly replaces: readonly string[];
  /** Program and version that wrote it, for humans. */
  readonly writer: string;
}

/** How the samples of a part were written: the meta of its data section, empty for all that is as it came. */
export interface DataTraits {
  /** Value blocks lie in groups where that pays. */
  readonly grouped: boolean;
  /** One sample per interval was kept; 0 = all. */
  readonly dedupIntervalMs: number;
}

const NO_TRAITS: DataTraits = { grouped: false, dedupIntervalMs: 0 };
const TRAIT_GROUPED = 1;

export function encodeDataTraits({ grouped, dedupIntervalMs }: DataTraits): Uint8Array {
  if (!grouped && dedupIntervalMs === 0) return new Uint8Array(0);
  const writer = new ByteWriter(10);
  writer.u8(grouped ? TRAIT_GROUPED : 0);
  writer.varint(dedupIntervalMs);
  return writer.copy();
}

/** Later versions may add to it. @throws {RangeError} on bytes that are none */
export function decodeDataTraits(meta: Uint8Array): DataTraits {
  if (meta.length === 0) return NO_TRAITS;
  const reader = new ByteReader(meta);
  return { grouped: (reader.u8() & TRAIT_GROUPED) !== 0, dedupIntervalMs: reader.varint() };
}

export interface PartFooter {
  readonly facts: PartFacts;
  readonly sections: readonly Section[];
}

/**
 * The checksum behind a unit's payload. Seeded with the unit's offset in the file: a unit in the wrong place does not pass, and the
 * checksum of a section, which covers units with theirs, notices units that changed places.
 */
export function unitCrc(payload: Uint8Array, offset: number): number {
  return crc32c(payload, offset >>> 0);
}

/** A damaged part: names file and offset. */
export class PartDamage extends CorruptionError {
  readonly path: string;

  constructor(path: string, offset: number, reason: string, cause?: unknown) {
    const message = `Cannot read part ${path}: damaged at offset ${offset}: ${reason}`;
    super("TIDELINE_PART", message, { cause });
    this.path = path;
  }
}

export function partDamage(
  path: string,
  offset: number,
  reason: string,
  cause?: unknown,
): PartDamage {
  return new PartDamage(path, offset, reason, cause);
}

export function encodePartHeader(): Uint8Array {
  const writer = new ByteWriter(PART_HEADER_SIZE);
  writer.raw(PART_MAGIC);
  writer.u32(PART_VERSION);
  writer.u32(crc32c(writer.bytes()));
  return writer.copy();
}

/** @returns what is wrong with the header, or null */
export function partHeaderFault(bytes: Uint8Array): string | null {
  const reader = new ByteReader(bytes);
  if (Buffer.compare(reader.raw(8), PART_MAGIC) !== 0) return "not a part: no magic";
  const version = reader.u32();
  if (reader.u32() !== crc32c(bytes.subarray(0, 12))) return "checksum of the header";
  return version === PART_VERSION ? null : `version ${version} of the format is not known`;
}

export interface PartTrailer {
  readonly footerOffset: number;
  readonly footerSize: number;
  readonly footerCrc: number;
}

export function encodePartTrailer({
  footerOffset,
  footerSize,
  footerCrc,
}: PartTrailer): Uint8Array {
  const writer = new ByteWriter(PART_TRAILER_SIZE);
  writer.u64(footerOffset);
  writer.u32(footerSize);
  writer.u32(footerCrc);
  writer.u32(PART_VERSION);
  writer.u32(crc32c(writer.bytes()));
  writer.raw(PART_MAGIC);
  assert(writer.size === PART_TRAILER_SIZE, "a trailer has its size");
  return writer.copy();
}

/** @returns the trailer, or what is wrong with it */
export function decodePartTrailer(bytes: Uint8Array, fileSize: number): PartTrailer | string {
  const reader = new ByteReader(bytes);
  if (Buffer.compare(bytes.subarray(24), PART_MAGIC) !== 0) return "the end is missing: no magic";
  if (new ByteReader(bytes, 20).u32() !== crc32c(bytes.subarray(0, 20)))
    return "checksum of the trailer";
  const trailer = {
    footerOffset: reader.u64(),
    footerSize: reader.u32(),
    footerCrc: reader.u32(),
  };
  const version = reader.u32();
  if (version !== PART_VERSION) return `version ${version} of the format is not known`;
  const end = trailer.footerOffset + trailer.footerSize + PART_TRAILER_SIZE;
  return end === fileSize && trailer.footerSize <= FOOTER_SIZE_MAX
    ? trailer
    : "the trailer does not fit the file's size";
}

export function encodePartFooter({ facts, sections }: PartFooter): Uint8Array {
  const writer = new ByteWriter(512);
  writer.u32(facts.laneRange.index);
  writer.u32(facts.laneRange.count);
  writer.u64(facts.generation);
  writer.f64(facts.minMs);
  writer.f64(facts.maxMs);
  writer.u64(facts.seriesCount);
  writer.u64(facts.sampleCount);
  writer.u64(facts.blockCount);
  writer.u64(facts.timestampBlockCount);
  writer.u64(facts.deletesDone);
  writer.u64(0); // reserved for write stamps
  writer.text(facts.writer);
  writer.varint(facts.replaces.length);
  for (const name of facts.replaces) writer.text(name);
  writer.varint(sections.length);
  for (const section of sections) {
    writer.text(section.name);
    writer.u64(section.offset);
    writer.u64(section.size);
    writer.u32(section.crc);
    writer.sized(section.meta);
  }
  return writer.copy();
}

/** @throws {RangeError} on bytes that are no footer */
export function decodePartFooter(bytes: Uint8Array): PartFooter {
  const reader = new ByteReader(bytes);
  const counts = {
    laneRange: { index: reader.u32(), count: reader.u32() },
    generation: reader.u64(),
    minMs: reader.f64(),
    maxMs: reader.f64(),
    seriesCount: reader.u64(),
    sampleCount: reader.u64(),
    blockCount: reader.u64(),
    timestampBlockCount: reader.u64(),
    deletesDone: reader.u64(),
  };
  reader.raw(8);
  const facts = {
    ...counts,
    writer: reader.text(),
    replaces: list(reader, () => reader.text()),
  };
  const sections = list(reader, () => ({
    name: reader.text(),
    offset: reader.u64(),
    size: reader.u64(),
    crc: reader.u32(),
    meta: reader.sized(),
  }));
  if (reader.restSize !== 0) throw new RangeError(`${reader.restSize} bytes behind the footer`);
  if (!isLaneRange(facts.laneRange)) throw new RangeError("a lane range that is none");
  return { facts, sections };
}

function list<T>(reader: ByteReader, item: () => T): T[] {
  const items: T[] = [];
  for (let count = reader.varint(); count > 0; count -= 1) items.push(item());
  return items;
}
