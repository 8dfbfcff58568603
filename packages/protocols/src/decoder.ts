/**
 * The contract of the shelf: a protocol turns bodies of requests into rows.
 *
 * A decoder lives as long as the program and keeps the table of the series that its senders have named.
 * Decoding is synchronous, on one thread, and whole: what cannot be decoded leaves nothing behind (law 1).
 */
import type { LabelLimits, RowBatch, SeriesTable, Tenant } from "@tideline/model";

/** What is known of a request before its body. Header values as received; undefined = not given. */
export interface BodyHead {
  readonly tenant: Tenant;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
}

/** Budgets of a decoder, in bytes. All memory is reserved when it is made. */
export interface DecoderOptions {
  /** For the series that are known: their keys and tables. When it is full, the table starts anew. */
  readonly tableSize: number;
  /** Of a body, as received and also decompressed (-maxInsertRequestSize). */
  readonly bodySizeMax: number;
  readonly limits: LabelLimits;
}

/** One decoded body. */
export interface DecodedBody {
  /**
   * Its rows. The columns belong to the decoder and are lent until `release`: call it when the sink's
   * promise has settled, either way.
   */
  readonly batch: RowBatch;
  /** Rows that were taken out, by reason (the `reason` label of vm_rows_ignored_total). */
  readonly ignoredByReason: Readonly<Record<string, number>>;
  readonly seriesCount: number;
  /** Not stored yet; counted, so that it is not lost in silence. */
  readonly metadataCount: number;
  readonly exemplarCount: number;
  readonly histogramCount: number;
  /** Gives the columns back. Exactly once. */
  release(): void;
}

/** Figures for a program's own metrics. */
export interface DecoderStats {
  /** Series known at present, and spellings of them. */
  readonly refCount: number;
  readonly keyCount: number;
  /** How often the table started anew. */
  readonly epoch: number;
  /** Bytes of the arena of keys and labels in use. */
  readonly arenaUsedSize: number;
  /** Bodies that are decoded and not released. */
  readonly lentCount: number;
}

export interface BodyDecoder {
  /** The table behind every batch of this decoder. */
  readonly series: SeriesTable;

  /**
   * Says whether a body of this kind can be decoded, before it is received.
   *
   * @throws {InputError} with status 415
   */
  check(head: BodyHead): void;

  /**
   * @param chunks the body in pieces, as they came; borrowed. They are copied once, straight to where they
   *   are decompressed: collect them in a list, never concatenate them
   * @throws {InputError} 400 undecodable, 413 too large, 415 unknown encoding
   * @throws {OverloadError} the table must start anew, and batches of the old one are still lent
   */
  decode(head: BodyHead, chunks: readonly Uint8Array[]): DecodedBody;

  stats(): DecoderStats;
}

/** A card of the shelf. */
export interface Protocol {
  /** As in metrics: the `type` label of vm_rows_inserted_total. */
  readonly name: string;
  readonly help: string;
  /** What follows `/insert/<tenant>/` in the URL. */
  readonly paths: readonly string[];
  /** Bytes that a decoder reserves with these options. */
  memorySize(options: DecoderOptions): number;
  createDecoder(options: DecoderOptions): BodyDecoder;
}
