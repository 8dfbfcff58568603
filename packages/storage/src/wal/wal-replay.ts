/**
 * Reads the write-ahead log of one generation back. Damage costs the records it touches and no more: replay
 * goes on at the next frame and reports what it left out. Format: docs/formats/wal.md.
 */
import { join } from "node:path";
import { must, type Disk, type DiskFile } from "@tideline/common";
import { CorruptionError, IDENTITY_SIZE, type SeriesDelete } from "@tideline/model";
import type { LaneRange } from "../lane-range.ts";
import {
  decodeWalHeader,
  generationOf,
  RECORD_DEFINITION,
  RECORD_DELETE,
  RECORD_ROWS,
  RECORD_SERIES,
  WAL_HEADER_SIZE,
  WAL_VERSION,
  walFileName,
  walFileNumber,
  walSeed,
  type WalHeader,
} from "./format.ts";
import { FrameReader } from "./frame-reader.ts";
import { decodeDefinition, decodeDelete, decodeRows } from "./records.ts";
import { decodeSeriesRecord, keyInRecord, type SeriesRecord } from "./series-record.ts";

/** Called in the order of the log. All arguments are borrowed for the call. */
export interface WalHandlers {
  definition(slot: number, identity: Uint8Array, key: Uint8Array): void;
  /** Many definitions at once; without it `definition` is called for each. */
  series?(record: SeriesRecord): void;
  /** The columns hold exactly `rowCount` rows. Slots that damage left undefined may occur: count and skip them. */
  rows(
    rowCount: number,
    slots: Uint32Array,
    timestampsMs: Float64Array,
    values: Float64Array,
  ): void;
  /** Takes from the rows before it, and not from those that follow. */
  remove(request: SeriesDelete): void;
}

interface WalDamage {
  /** Path of the file. */
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
}

export interface WalReport {
  readonly fileCount: number;
  /** Whole records found, of all kinds. */
  readonly recordCount: number;
  /** Records of kinds this version does not know: left out. */
  readonly unknownRecordCount: number;
  readonly definitionCount: number;
  readonly rowCount: number;
  /** Range of the lane that wrote the generation; null when no header could be read. */
  readonly laneRange: LaneRange | null;
  /** Number of the newest delete that a header or a record tells of; null when none could be read. */
  readonly deletesDone: number | null;
  readonly damage: readonly WalDamage[];
  /** Bytes at the ends of files that no whole record was written to: a crash in the middle of a write. */
  readonly tornTailSize: number;
}

/**
 * Replays the files of a generation's folder in order.
 *
 * @throws {CorruptionError} only when a file was written by a newer version of the format
 */
export function replayWal(disk: Disk, folder: string, handlers: WalHandlers): WalReport {
  const generation = must(generationOf(folder), "a WAL folder is named after its generation");
  const replay = new Replay(handlers);
  let expectedNumber = 1;
  for (const name of disk.list(folder)) {
    const fileNumber = walFileNumber(name);
    if (fileNumber === null) continue;
    for (; expectedNumber < fileNumber; expectedNumber += 1) {
      const path = join(folder, walFileName(expectedNumber));
      replay.report.damage.push({ file: path, offset: 0, reason: "the file is missing" });
    }
    expectedNumber = fileNumber + 1;
    const file = disk.open(join(folder, name), "read");
    try {
      replay.readFile(file, generation, fileNumber);
    } finally {
      file.close();
    }
  }
  return replay.report;
}

class Replay {
  readonly report = {
    fileCount: 0,
    recordCount: 0,
    unknownRecordCount: 0,
    definitionCount: 0,
    rowCount: 0,
    laneRange: null as LaneRange | null,
    deletesDone: null as number | null,
    damage: [] as WalDamage[],
    tornTailSize: 0,
  };
  readonly #handlers: WalHandlers;

  constructor(handlers: WalHandlers) {
    this.#handlers = handlers;
  }

  readFile(file: DiskFile, generation: number, fileNumber: number): void {
    this.report.fileCount += 1;
    const header = readHeader(file);
    let headerFault: string | null = null;
    if (header === null) headerFault = "no file header";
    else if (header.generation !== generation || header.fileNumber !== fileNumber)
      headerFault = `the header is of generation ${header.generation}, file ${header.fileNumber}`;
    else {
      this.report.laneRange ??= header.laneRange;
      this.#comesAfter(header.deletesDone);
    }
    const damage = (offset: number, reason: string): void => {
      this.report.damage.push({ file: file.path, offset, reason });
    };
    const reader = new FrameReader(walSeed(generation, fileNumber), {
      damage,
      record: (record, offset) => {
        const fault = this.#record(record);
        if (fault !== null) damage(offset, fault);
      },
    });
    this.report.tornTailSize += reader.read(file, headerFault);
  }

  /** @returns what is wrong with the record, or null */
  #record(record: Uint8Array): string | null {
    this.report.recordCount += 1;
    const kind = record[0];
    if (kind === RECORD_DEFINITION) {
      const definition = decoded(() => decodeDefinition(record));
      if (definition instanceof RangeError) return definition.message;
      this.report.definitionCount += 1;
      this.#handlers.definition(definition.slot, definition.identity, definition.key);
    } else if (kind === RECORD_SERIES) {
      const series = decoded(() => decodeSeriesRecord(record));
      if (series instanceof RangeError) return series.message;
      this.report.definitionCount += series.seriesCount;
      if (this.#handlers.series) this.#handlers.series(series);
      else this.#define(series);
    } else if (kind === RECORD_ROWS) {
      const columns = decoded(() => decodeRows(record));
      if (columns instanceof RangeError) return columns.message;
      this.report.rowCount += columns.slots.length;
      const { slots, timestampsMs, values } = columns;
      this.#handlers.rows(slots.length, slots, timestampsMs, values);
    } else if (kind === RECORD_DELETE) {
      const logged = decoded(() => decodeDelete(record));
      if (logged instanceof RangeError) return logged.message;
      this.#comesAfter(logged.number);
      this.#handlers.remove(logged.request);
    } else {
      this.report.unknownRecordCount += 1;
    }
    return null;
  }

  #define(series: SeriesRecord): void {
    let label = 0;
    for (let i = 0; i < series.seriesCount; i += 1) {
      const identity = series.identities.subarray(i * IDENTITY_SIZE, (i + 1) * IDENTITY_SIZE);
      this.#handlers.definition(series.firstSlot + i, identity, keyInRecord(series, i, label));
      label += series.labelCounts[i] as number;
    }
  }

  /** What follows comes after the delete of this number. */
  #comesAfter(deleteNumber: number): void {
    this.report.deletesDone = Math.max(this.report.deletesDone ?? 0, deleteNumber);
  }
}

function decoded<T>(decode: () => T): T | RangeError {
  try {
    return decode();
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
}

function readHeader(file: DiskFile): WalHeader | null {
  const bytes = new Uint8Array(WAL_HEADER_SIZE);
  if (file.read(bytes, 0) < WAL_HEADER_SIZE) return null;
  const header = decodeWalHeader(bytes);
  if (typeof header !== "number") return header;
  throw new CorruptionError(
    "TIDELINE_WAL_VERSION",
    `Cannot read ${file.path}: it has version ${header} of the format, this program knows up to ${WAL_VERSION}`,
  );
}
