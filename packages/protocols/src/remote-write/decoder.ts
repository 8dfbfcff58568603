/**
 * Remote write → rows: decompress, scan, give new series their refs, hand out columns.
 *
 * When the table is full it starts anew (`epoch + 1`). Batches that are lent still point to the old one, so
 * until the last of them is back every body is answered with an OverloadError: a short pause, once in
 * as many series as the table holds.
 */
import { assert } from "@tideline/common";
import {
  SCAN_BROKEN,
  SCAN_ROWS_FULL,
  SCAN_TABLE_FULL,
  WasmWriteScanner,
  type WriteScanner,
} from "@tideline/kernels";
import { InputError, OverloadError, type SeriesTable } from "@tideline/model";
import { ColumnsPool } from "../columns-pool.ts";
import type {
  BodyDecoder,
  BodyHead,
  DecodedBody,
  DecoderOptions,
  DecoderStats,
} from "../decoder.ts";
import { scanLimits } from "./budget.ts";
import { decompress, encodingOf } from "./encoding.ts";
import { KeyTable } from "./key-table.ts";

/** Idle columns that are kept for the next bodies. */
const IDLE_COLUMNS_SIZE_MAX = 16 * 1024 * 1024;

export class RemoteWriteDecoder implements BodyDecoder {
  readonly #options: DecoderOptions;
  readonly #scanner: WriteScanner;
  readonly #table: KeyTable;
  readonly #columns = new ColumnsPool(IDLE_COLUMNS_SIZE_MAX);
  /** Bodies that are decoded and not released. */
  #lentCount = 0;
  /** The table is full, and starts anew when nothing is lent. */
  #draining = false;

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#scanner = new WasmWriteScanner(scanLimits(options));
    this.#table = new KeyTable(this.#scanner, options.limits);
  }

  get series(): SeriesTable {
    return this.#table;
  }

  check(head: BodyHead): void {
    encodingOf(head);
  }

  decode(head: BodyHead, chunks: readonly Uint8Array[]): DecodedBody {
    const encoding = encodingOf(head);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (size > this.#options.bodySizeMax) {
      throw new InputError(
        "TIDELINE_BODY_SIZE",
        `Cannot take a body of ${size} bytes: at most ${this.#options.bodySizeMax}`,
        { status: 413 },
      );
    }
    if (this.#draining) this.#startAnew();
    const rawSize = decompress(encoding, chunks, size, this.#scanner);
    this.#scan(rawSize, head);
    this.#table.register();
    return this.#lend();
  }

  /** Scans the body, and once more with an empty table if the table was full. */
  #scan(rawSize: number, { tenant }: BodyHead): void {
    const scan = (): number => this.#scanner.scan(rawSize, tenant.accountId, tenant.projectId);
    let code = scan();
    if (code === SCAN_TABLE_FULL && this.#scanner.keyCount > 0) {
      this.#startAnew();
      code = scan();
    }
    if (code >= 0) return;
    if (code === SCAN_BROKEN) {
      throw new InputError(
        "TIDELINE_BODY",
        `Cannot read a WriteRequest of ${rawSize} bytes: the field at byte ${this.#scanner.brokenAt} is broken`,
      );
    }
    const { rowCountMax, keyCountMax, arenaSize } = this.#scanner.limits;
    throw new InputError(
      "TIDELINE_BODY_SIZE",
      code === SCAN_ROWS_FULL
        ? `Cannot take a body of more than ${rowCountMax} samples`
        : `Cannot take a body of more than ${keyCountMax} series or ${arenaSize} bytes of labels`,
      { status: 413 },
    );
  }

  /** @throws {OverloadError} while batches are lent */
  #startAnew(): void {
    this.#draining = this.#lentCount > 0;
    if (this.#draining) {
      throw new OverloadError(
        "TIDELINE_SERIES_TABLE",
        "Cannot decode now: the table of known series is full and starts anew when the writes that run are done",
      );
    }
    this.#table.reset();
  }

  #lend(): DecodedBody {
    const scanner = this.#scanner;
    const rowCount = scanner.resolve();
    const columns = this.#columns.lend(rowCount);
    // Typed array to typed array: the bits of values survive (law 2).
    columns.refs.set(scanner.refs.subarray(0, rowCount));
    columns.timestampsMs.set(scanner.timestampsMs.subarray(0, rowCount));
    columns.values.set(scanner.values.subarray(0, rowCount));
    this.#lentCount += 1;
    let lent = true;
    return {
      batch: { series: this.#table, rowCount, ...columns },
      ignoredByReason: this.#table.ignoredByReason(),
      ...scanner.counts,
      release: () => {
        assert(lent, "a body is released once");
        lent = false;
        this.#lentCount -= 1;
        this.#columns.giveBack(columns);
      },
    };
  }

  stats(): DecoderStats {
    return {
      refCount: this.#table.refCount,
      keyCount: this.#scanner.keyCount,
      epoch: this.#table.epoch,
      arenaUsedSize: this.#scanner.arenaUsedSize,
      lentCount: this.#lentCount,
    };
  }
}
