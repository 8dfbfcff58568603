/** The file of a part that is being written: buffered, each write's count checked, sections summed. */
import { ByteWriter, type Disk, type DiskFile } from "@tideline/common";
import { crc32c } from "@tideline/kernels";
import { diskError } from "../disk-error.ts";
import { unitCrc, type Section } from "./format.ts";

const BUFFER_SIZE = 256 * 1024;
const CODE = "TIDELINE_PART_DISK";

/** Where a unit lies; its size is that of the payload and the checksum behind it. */
export interface UnitPointer {
  readonly offset: number;
  readonly size: number;
}

export class PartSink {
  readonly path: string;
  readonly #file: DiskFile;
  readonly #buffer = new ByteWriter(BUFFER_SIZE);
  #flushedSize = 0;
  #sectionOffset = 0;
  #sectionCrc = 0;

  /** @throws {OverloadError} the disk is full or failed; true of all methods */
  constructor(disk: Pick<Disk, "kindOf" | "open" | "unlink">, path: string) {
    this.path = path;
    try {
      if (disk.kindOf(path) !== null) disk.unlink(path);
      this.#file = disk.open(path, "create");
    } catch (cause) {
      throw diskError(CODE, `Cannot start ${path}`, cause);
    }
  }

  /** Bytes so far: where the next ones will lie. */
  get offset(): number {
    return this.#flushedSize + this.#buffer.size;
  }

  append(bytes: Uint8Array): void {
    this.#buffer.raw(bytes);
    if (this.#buffer.size >= BUFFER_SIZE) this.#flush();
  }

  /** Appends a payload and its checksum: what can be read on its own. */
  appendUnit(payload: Uint8Array): UnitPointer {
    const { offset } = this;
    this.#buffer.raw(payload);
    this.#buffer.u32(unitCrc(payload, offset));
    if (this.#buffer.size >= BUFFER_SIZE) this.#flush();
    return { offset, size: payload.length + 4 };
  }

  startSection(): void {
    this.#flush();
    this.#sectionOffset = this.#flushedSize;
    this.#sectionCrc = 0;
  }

  endSection(name: string, meta: Uint8Array): Section {
    this.#flush();
    const offset = this.#sectionOffset;
    return { name, offset, size: this.#flushedSize - offset, crc: this.#sectionCrc, meta };
  }

  /** Writes what is left and syncs the file. */
  async sync(): Promise<void> {
    this.#flush();
    try {
      await this.#file.syncAsync();
    } catch (cause) {
      throw diskError(CODE, `Cannot sync ${this.path}`, cause);
    }
  }

  close(): void {
    this.#file.close();
  }

  #flush(): void {
    const bytes = this.#buffer.bytes();
    if (bytes.length === 0) return;
    const message = `Cannot write ${bytes.length} bytes to ${this.path}`;
    let writtenSize: number;
    try {
      writtenSize = this.#file.append(bytes);
    } catch (cause) {
      throw diskError(CODE, message, cause);
    }
    if (writtenSize !== bytes.length) throw diskError(CODE, message, null, writtenSize);
    this.#sectionCrc = crc32c(bytes, this.#sectionCrc);
    this.#flushedSize += bytes.length;
    this.#buffer.clear();
  }
}
