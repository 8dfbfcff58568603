/**
 * How a decoder's budgets are spent: limits of the scan, and tables beside it.
 *
 * A series costs 4 bytes a label and about 60, 67 at most: KEY_HEADER_SIZE (16), slots in the scan's table (10.7 to
 * 13.4), identity (16), slots in the identity index (8 to 16) and the ref's first key (4). A label costs its record as
 * received, LABEL_HEADER_SIZE and slots: once, and most series bring no label that nobody had.
 */
import { ENTRY_SLOTS_SIZE, writeScanMemorySize, type WriteScanLimits } from "@tideline/kernels";
import { IDENTITY_SIZE, InputError, type LabelLimits } from "@tideline/model";
import type { DecoderOptions } from "../decoder.ts";
import { IDENTITY_INDEX_SLOTS_PER_REF } from "./identity-index.ts";

/** What a ref takes besides the key's own tables: its identity, at most four slots in the index, its first key. */
const REF_TABLES_SIZE = IDENTITY_SIZE + 2 * IDENTITY_INDEX_SLOTS_PER_REF * 4 + 4;

/**
 * Budget per series from which the number of series is drawn, and as many labels that differ. Series of few labels run
 * out of numbers first, those with many labels of their own out of arena; tables that are not reached are never touched
 * and cost no memory.
 */
const SERIES_SIZE = 160;

/** The densest usual samples: a value of zero is left out, and a timestamp takes eight bytes. */
const SAMPLE_SIZE_MIN = 8;

/** A key may spell labels that are dropped (empty, or given twice), but not without bound. */
const KEY_SIZE_CEILING = 1 << 20;

const METADATA_COUNT_MAX = 65_536;

/** A kernel's memory ends below 4 GiB; some of it goes to rounding. */
const ADDRESS_SPACE = 2 ** 32 - (1 << 20);

/** Below it a table would start anew all the time. */
const TABLE_SIZE_MIN = 4_096;

/**
 * A table that does not fit the address space beside the room for bodies is cut to what does.
 *
 * @throws {InputError} when bodies alone do not fit
 */
export function scanLimits(options: DecoderOptions): WriteScanLimits {
  const { bodySizeMax, limits } = options;
  const bodies = {
    inputSizeMax: bodySizeMax,
    rawSizeMax: bodySizeMax,
    rowCountMax: Math.ceil(bodySizeMax / SAMPLE_SIZE_MIN),
    keyCountMax: 0,
    labelCountMax: 0,
    arenaSize: 0,
    keySizeMax: keySizeMax(limits),
    metadataCountMax: METADATA_COUNT_MAX,
  };
  const tableSize = Math.min(options.tableSize, ADDRESS_SPACE - writeScanMemorySize(bodies));
  if (tableSize < TABLE_SIZE_MIN) {
    throw new InputError(
      "TIDELINE_DECODER_BUDGET",
      `Cannot decode bodies of ${bodySizeMax} bytes with a table of ${options.tableSize}: ` +
        `the table needs ${TABLE_SIZE_MIN} bytes, and both together fit 4 GiB (a body takes 4.5 times its size)`,
    );
  }
  const keyCountMax = Math.floor(tableSize / SERIES_SIZE);
  const tables = Math.ceil(keyCountMax * (2 * ENTRY_SLOTS_SIZE + REF_TABLES_SIZE));
  const arenaSize = Math.floor((tableSize - tables) / 4) * 4;
  return { ...bodies, keyCountMax, labelCountMax: keyCountMax, arenaSize };
}

function keySizeMax({
  labelsPerSeriesMax,
  labelNameSizeMax,
  labelValueSizeMax,
}: LabelLimits): number {
  // 16: tags and lengths, twice as many as usual.
  return Math.min(
    KEY_SIZE_CEILING,
    labelsPerSeriesMax * (labelNameSizeMax + labelValueSizeMax + 16),
  );
}

/** Bytes that a decoder reserves. Columns that are lent come on top: 20 bytes a row in flight. */
export function remoteWriteMemorySize(options: DecoderOptions): number {
  const limits = scanLimits(options);
  return writeScanMemorySize(limits) + Math.ceil(limits.keyCountMax * REF_TABLES_SIZE);
}
