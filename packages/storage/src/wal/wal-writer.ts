/**
 * Writes the write-ahead log of one head generation: one write per group commit, checked to the byte.
 * Format: docs/formats/wal.md.
 *
 * After a short write or an error the file is cut back to what was good before, and nothing of the group
 * counts as written. Where even that fails, or a sync fails, the writer is `failed` for good: a failed
 * fsync is never tried again, since the kernel may have dropped the pages. What was written is still in
 * the head, so the lane rewrites it from memory: it freezes the head generation, writes its part, and goes
 * on with a new generation (or read-only, when that fails too).
 */
import { basename, join } from "node:path";
import {
  assert,
  ByteWriter,
  errorCode,
  makeFolders,
  type Disk,
  type DiskFile,
} from "@tideline/common";
import { OverloadError, type SeriesDelete } from "@tideline/model";
import { diskError } from "../disk-error.ts";
import { isLaneRange, type LaneRange } from "../lane-range.ts";
import {
  encodeWalHeader,
  generationName,
  WAL_HEADER_SIZE,
  UNSYNCED_MARK,
  walFileName,
  walFileNumber,
  walSeed,
} from "./format.ts";
import { FrameWriter } from "./frame-writer.ts";
import { encodeDefinition, encodeDelete, encodeRows, ROWS_PER_RECORD_MAX } from "./records.ts";
import {
  LABELS_PER_SERIES_MAX,
  SeriesRecordEncoder,
  type NumberedSeries,
} from "./series-record.ts";

const CODE = "TIDELINE_WAL_DISK";
const FILE_SIZE_MAX = 128 * 1024 * 1024;

export interface WalOptions {
  readonly disk: Disk;
  /** Folder of the generation, from `generationFolder`; made when missing. */
  readonly folder: string;
  readonly generation: number;
  readonly laneRange: LaneRange;
  /** See WalHeader. */
  readonly deletesDone: number;
  /** A file past this size is followed by a new one at the next group. Default 128 MiB. */
  readonly fileSizeMax?: number;
}

export class WalWriter {
  readonly #options: WalOptions;
  readonly #fileSizeMax: number;
  readonly #frames = new FrameWriter();
  readonly #record = new ByteWriter(64 * 1024);
  readonly #seriesEncoder = new SeriesRecordEncoder();
  /** See WalHeader; for the next file. */
  #deletesDone: number;
  /** As it will be once the group is committed. */
  #groupDeletesDone: number;
  #file: DiskFile;
  #fileNumber: number;
  /** Bytes of the current file that hold whole groups. */
  #goodSize = WAL_HEADER_SIZE;
  /** Bytes committed to files before the current one. */
  #earlierSize = 0;
  /** Full files whose last sync is still to come. */
  #fullFiles: DiskFile[] = [];
  #syncedSize = 0;
  #isFolderSynced = false;
  #failure: OverloadError | null = null;
  #isClosed = false;
  /** Settles when the syncs asked for so far have ended, well or not. */
  #syncs: Promise<void> = Promise.resolve();
  #syncCount = 0;

  private constructor(options: WalOptions, fileNumber: number) {
    this.#options = options;
    this.#fileSizeMax = options.fileSizeMax ?? FILE_SIZE_MAX;
    this.#deletesDone = options.deletesDone;
    this.#groupDeletesDone = options.deletesDone;
    this.#fileNumber = fileNumber;
    this.#file = this.#newFile(fileNumber);
    this.#startGroup();
  }

  /**
   * Starts a new file in the folder, numbered after those that are there: a file of an earlier run, which
   * may have a torn tail, is never appended to.
   *
   * @throws {OverloadError} the disk is full or failed
   */
  static open(options: WalOptions): WalWriter {
    const { disk, folder, generation, laneRange } = options;
    assert(
      basename(folder) === generationName(generation),
      "a WAL folder is named after its generation",
    );
    assert(isLaneRange(laneRange), "a lane range is i of n");
    try {
      makeFolders(disk, folder);
    } catch (cause) {
      throw diskError(CODE, `Cannot make ${folder}`, cause);
    }
    const numbers = disk.list(folder).map((name) => walFileNumber(name) ?? 0);
    return new WalWriter(options, Math.max(0, ...numbers) + 1);
  }

  /** Bytes committed in this run, over all files, headers included. */
  get size(): number {
    return this.#earlierSize + this.#goodSize;
  }

  /** Bytes of the group that waits for `commit`. The caller bounds it. */
  get pendingSize(): number {
    return this.#frames.size;
  }

  /** Why nothing can be written any more; null while all is well. */
  get failure(): OverloadError | null {
    return this.#failure;
  }

  /**
   * Adds the definitions of series to the group. A series is defined before its first row. After a failed commit a
   * slot may be defined again: the later definition holds from there on.
   *
   * @param from their slots, and `to` one past the last
   * @throws {OverloadError} when `failure` is set
   */
  appendSeries(from: number, to: number, series: NumberedSeries): void {
    for (let slot = from; slot < to;) {
      if (series.labelsOf(slot).length > LABELS_PER_SERIES_MAX) {
        this.appendDefinition(slot, series.identityOf(slot), series.keyOf(slot));
        slot += 1;
        continue;
      }
      this.#prepare();
      slot = this.#seriesEncoder.encode(this.#record, slot, to, series);
      this.#frames.add(this.#record.bytes());
    }
  }

  /**
   * Adds the definition of one series, whatever its size.
   *
   * @param identity 16 bytes; borrowed, as is `key`
   * @throws {OverloadError} when `failure` is set
   */
  appendDefinition(slot: number, identity: Uint8Array, key: Uint8Array): void {
    this.#prepare();
    encodeDefinition(this.#record, slot, identity, key);
    this.#frames.add(this.#record.bytes());
  }

  /**
   * Adds rows to the group: 12 bytes each when all share a timestamp, 16 otherwise (20 when they are over
   * 49 days apart).
   *
   * @param rowCount rows in use; the columns may be longer; borrowed
   * @throws {OverloadError} when `failure` is set
   */
  appendRows(
    rowCount: number,
    slots: Uint32Array,
    timestampsMs: Float64Array,
    values: Float64Array,
  ): void {
    for (let start = 0; start < rowCount; start += ROWS_PER_RECORD_MAX) {
      const end = Math.min(rowCount, start + ROWS_PER_RECORD_MAX);
      this.#prepare();
      encodeRows(
        this.#record,
        slots.subarray(start, end),
        timestampsMs.subarray(start, end),
        values.subarray(start, end),
      );
      this.#frames.add(this.#record.bytes());
    }
  }

  /**
   * Adds a delete to the group: it takes from the rows before it, and not from those that follow.
   *
   * @throws {OverloadError} when `failure` is set
   */
  appendDelete(number: number, request: SeriesDelete): void {
    this.#prepare();
    encodeDelete(this.#record, number, request);
    this.#frames.add(this.#record.bytes());
    this.#groupDeletesDone = number;
  }

  /**
   * Writes the group with one write. When it returns, the rows survive the death of the process.
   *
   * @throws {OverloadError} nothing of the group is written; trying again helps unless `failure` is set
   */
  commit(): void {
    this.#throwIfFailed();
    const group = this.#frames.bytes();
    if (group.length === 0) return;
    let writtenSize = 0;
    let cause: unknown = null;
    try {
      writtenSize = this.#file.append(group);
    } catch (error) {
      cause = error;
    }
    if (cause === null && writtenSize === group.length) {
      this.#goodSize += group.length;
      this.#deletesDone = this.#groupDeletesDone;
      this.#startGroup();
      return;
    }
    this.#startGroup();
    this.#cutBack();
    throw diskError(
      CODE,
      `Cannot write ${group.length} bytes to ${this.#file.path}`,
      cause,
      writtenSize,
    );
  }

  /** Forgets the group that waits for `commit`. */
  rollback(): void {
    this.#startGroup();
  }

  /**
   * Puts on the disk all that was committed before the call. Calls may overlap; each settles for its own state.
   *
   * @throws {OverloadError} when the disk failed; `failure` is set
   */
  sync(): Promise<void> {
    this.#syncCount += 1;
    const run = this.#syncs.then(() => this.#syncOnce());
    this.#syncs = run.then(
      () => this.#endSync(),
      () => this.#endSync(),
    );
    return run;
  }

  /** `sync`, waited for: for -storage.walSync=always. @throws {OverloadError} `failure` is set */
  syncNow(): void {
    this.#throwIfFailed();
    const { disk, folder } = this.#options;
    const size = this.size;
    if (size === this.#syncedSize) return;
    try {
      if (!this.#isFolderSynced) disk.syncFolder(folder);
      for (const file of this.#fullFiles) file.sync();
      this.#file.sync();
    } catch (cause) {
      this.#fail(`Cannot sync ${folder}`, cause);
    }
    this.#isFolderSynced = true;
    this.#syncedSize = Math.max(this.#syncedSize, size);
    // A sync on the other thread may still hold them: it closes them when it ends.
    if (this.#syncCount === 0) this.#closeFullFiles();
  }

  /** Syncs nothing: call `sync` before for what must last. Files close once running syncs have ended. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#syncCount === 0) this.#closeAll();
  }

  #prepare(): void {
    this.#throwIfFailed();
    const isFull = this.#goodSize >= this.#fileSizeMax && this.#goodSize > WAL_HEADER_SIZE;
    if (isFull && this.#frames.size === 0) this.#turnFile();
    this.#record.clear();
  }

  #startGroup(): void {
    this.#groupDeletesDone = this.#deletesDone;
    this.#frames.start(this.#goodSize, walSeed(this.#options.generation, this.#fileNumber));
  }

  /** Goes on in a new file; where none can be made, the old one grows on and the next group tries again. */
  #turnFile(): void {
    let file: DiskFile;
    try {
      file = this.#newFile(this.#fileNumber + 1);
    } catch (error) {
      if (error instanceof OverloadError) return;
      throw error;
    }
    this.#fullFiles.push(this.#file);
    this.#earlierSize += this.#goodSize;
    this.#file = file;
    this.#fileNumber += 1;
    this.#goodSize = WAL_HEADER_SIZE;
    this.#isFolderSynced = false;
    this.#startGroup();
  }

  /** A file with its header; nothing is left of it when that fails. @throws {OverloadError} */
  #newFile(fileNumber: number): DiskFile {
    const { disk, folder, generation, laneRange } = this.#options;
    const deletesDone = this.#deletesDone;
    const path = join(folder, walFileName(fileNumber));
    let file: DiskFile | null = null;
    try {
      file = disk.open(path, "create");
      const header = encodeWalHeader({ generation, fileNumber, laneRange, deletesDone });
      const writtenSize = file.append(header);
      if (writtenSize === header.length) return file;
      throw diskError(CODE, `Cannot write the header of ${path}`, null, writtenSize);
    } catch (cause) {
      const error = diskError(CODE, `Cannot start ${path}`, cause);
      file?.close();
      if (file) removeQuietly(disk, path);
      throw error;
    }
  }

  /** Takes back what a failed write left; a file that cannot be cut is never written to again. */
  #cutBack(): void {
    try {
      this.#file.truncate(this.#goodSize);
      if (this.#file.size() === this.#goodSize) return;
    } catch (cause) {
      this.#fail(`Cannot cut ${this.#file.path} back to ${this.#goodSize} bytes`, cause);
    }
    this.#fail(`Cannot cut ${this.#file.path} back to ${this.#goodSize} bytes`, null);
  }

  async #syncOnce(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const { disk, folder } = this.#options;
    const size = this.size;
    if (size === this.#syncedSize) return;
    const fullFiles = this.#fullFiles.slice();
    const file = this.#file;
    const isFolderSynced = this.#isFolderSynced;
    this.#isFolderSynced = true;
    try {
      if (!isFolderSynced) await disk.syncFolderAsync(folder);
      for (const fullFile of fullFiles) await fullFile.syncAsync();
      await file.syncAsync();
    } catch (cause) {
      this.#fail(`Cannot sync ${folder}`, cause);
    }
    this.#syncedSize = Math.max(this.#syncedSize, size);
    this.#fullFiles = this.#fullFiles.filter((fullFile) => !fullFiles.includes(fullFile));
    for (const fullFile of fullFiles) fullFile.close();
  }

  #endSync(): void {
    this.#syncCount -= 1;
    if (this.#isClosed && this.#syncCount === 0) this.#closeAll();
  }

  #closeFullFiles(): void {
    for (const file of this.#fullFiles) file.close();
    this.#fullFiles = [];
  }

  #closeAll(): void {
    this.#closeFullFiles();
    this.#file.close();
  }

  #throwIfFailed(): void {
    assert(!this.#isClosed, "a closed WAL is not used");
    if (this.#failure) throw this.#failure;
  }

  #fail(message: string, cause: unknown): never {
    if (!this.#failure) {
      this.#failure = diskError(CODE, message, cause);
      leaveMark(this.#options.disk, this.#options.folder);
    }
    throw this.#failure;
  }
}

/** Should this process end before the head is in a part, the next one knows by it that no sync can be relied on. */
function leaveMark(disk: Disk, folder: string): void {
  try {
    disk.open(join(folder, UNSYNCED_MARK), "create").close();
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}

/** Replay takes a file without a whole header for what it is: one that was never begun. */
function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.unlink(path);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}
