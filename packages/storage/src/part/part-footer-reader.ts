/** Opens a part's file: header, trailer and footer are read and checked, nothing else. */
import { errorCode, must, type Disk, type DiskFile } from "@tideline/common";
import { crc32c } from "@tideline/kernels";
import {
  decodePartFooter,
  decodePartTrailer,
  PART_HEADER_SIZE,
  PART_TRAILER_SIZE,
  partDamage,
  partHeaderFault,
  SECTION_DATA,
  SECTION_IDENTITIES,
  SECTION_POSTINGS,
  SECTION_SERIES,
  type PartFooter,
  type Section,
} from "./format.ts";
import { identitySectionSize } from "./identity-pages.ts";

/** One read of this size at the end of the file holds nearly every footer. */
const TAIL_SIZE = 8 * 1024;

export interface OpenedPart {
  readonly file: DiskFile;
  readonly size: number;
  readonly footer: PartFooter;
  /** Where the footer begins: one past the last section. */
  readonly footerOffset: number;
}

/** @throws {CorruptionError} @throws the Disk's error when the file cannot be opened */
export function openPartFile(disk: Pick<Disk, "open">, path: string): OpenedPart {
  const file = disk.open(path, "read");
  try {
    const size = file.size();
    checkHeader(file);
    const { footer, footerOffset } = readFooter(file, size);
    checkSections(path, footer, footerOffset);
    return { file, size, footer, footerOffset };
  } catch (error) {
    file.close();
    throw error;
  }
}

function checkHeader(file: DiskFile): void {
  const header = new Uint8Array(PART_HEADER_SIZE);
  if (readFrom(file, header, 0) < header.length)
    throw partDamage(file.path, 0, "the file is too short for a header");
  const fault = partHeaderFault(header);
  if (fault !== null) throw partDamage(file.path, 0, fault);
}

function readFooter(file: DiskFile, size: number): { footer: PartFooter; footerOffset: number } {
  const tailOffset = Math.max(0, size - TAIL_SIZE);
  const tail = new Uint8Array(size - tailOffset);
  if (tail.length < PART_TRAILER_SIZE || readFrom(file, tail, tailOffset) !== tail.length)
    throw partDamage(file.path, size, "the file is too short for a trailer");
  const trailerOffset = size - PART_TRAILER_SIZE;
  const trailer = decodePartTrailer(tail.subarray(trailerOffset - tailOffset), size);
  if (typeof trailer === "string") throw partDamage(file.path, trailerOffset, trailer);
  const { footerOffset, footerSize, footerCrc } = trailer;
  let bytes = tail.subarray(Math.max(0, footerOffset - tailOffset), trailerOffset - tailOffset);
  if (footerOffset < tailOffset) {
    bytes = new Uint8Array(footerSize);
    if (readFrom(file, bytes, footerOffset) !== footerSize)
      throw partDamage(file.path, footerOffset, "the footer is cut");
  }
  if (crc32c(bytes) !== footerCrc)
    throw partDamage(file.path, footerOffset, "checksum of the footer");
  try {
    return { footer: decodePartFooter(bytes), footerOffset };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw partDamage(file.path, footerOffset, cause.message, cause);
  }
}

/** A disk that does not give the bytes back is damage like any other. */
function readFrom(file: DiskFile, target: Uint8Array, offset: number): number {
  try {
    return file.read(target, offset);
  } catch (cause) {
    if (errorCode(cause) !== "EIO") throw cause;
    throw partDamage(file.path, offset, `the disk does not read ${target.length} bytes`, cause);
  }
}

/** Sections fill the file between header and footer without gaps: so their checksums cover every byte. */
function checkSections(path: string, { facts, sections }: PartFooter, footerOffset: number): void {
  let end = PART_HEADER_SIZE;
  for (const section of sections) {
    if (section.offset !== end)
      throw partDamage(path, footerOffset, `section ${section.name} is not in its place`);
    end += section.size;
  }
  if (end !== footerOffset) throw partDamage(path, footerOffset, "sections do not fill the file");
  for (const name of [SECTION_DATA, SECTION_SERIES, SECTION_IDENTITIES, SECTION_POSTINGS]) {
    const found = sections.filter((section) => section.name === name);
    if (found.length !== 1)
      throw partDamage(path, footerOffset, `${found.length} sections ${name}`);
  }
  const identities = sectionOf(sections, SECTION_IDENTITIES);
  if (facts.seriesCount < 1 || identities.size !== identitySectionSize(facts.seriesCount))
    throw partDamage(path, footerOffset, `${facts.seriesCount} series do not fit the identities`);
}

/** A section that is known to be there. */
export function sectionOf(sections: readonly Section[], name: string): Section {
  return must(
    sections.find((section) => section.name === name),
    `a part has a section ${name}`,
  );
}
