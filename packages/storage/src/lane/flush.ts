/**
 * Memtable → part. Sorting and writing go in slices; samples are put in order and merged on the way.
 */
import type { Disk } from "@tideline/common";
import { slotsInPartOrder } from "../head/flush-order.ts";
import type { SampleColumns } from "../head/sample-chains.ts";
import type { Memtable } from "../head/memtable.ts";
import type { LaneRange } from "../lane-range.ts";
import { flushPartName } from "../part/part-name.ts";
import { PartWriter, type PartSummary } from "../part/part-writer.ts";
import { Breather } from "./breather.ts";

export interface FlushOptions {
  readonly disk: Disk;
  /** The lane's `parts` folder. */
  readonly folder: string;
  readonly laneRange: LaneRange;
  readonly generation: number;
  /** Of the generation: deletes up to this number came before its first row. */
  readonly deletesDone: number;
}

/**
 * Writes a part of all samples; when it settles the part survives a power cut.
 *
 * @returns null when there is no sample, and so no part
 * @throws {OverloadError} the disk is full or failed; nothing is left behind
 */
export async function flushMemtable(
  memtable: Memtable,
  options: FlushOptions,
): Promise<PartSummary | null> {
  if (memtable.sampleCount === 0) return null;
  const breather = new Breather();
  const order = await slotsInPartOrder(memtable.labels.rows, breather);
  const writer = PartWriter.create({ ...options, name: flushPartName(options.generation) });
  try {
    const columns: SampleColumns = {
      timestampsMs: new Float64Array(0),
      values: new Float64Array(0),
    };
    let key = new Uint8Array(4096);
    const { rows } = memtable.labels;
    for (const slot of order) {
      const count = memtable.read(slot, columns);
      if (count === 0) continue;
      const keySize = rows.keySize(slot);
      if (keySize > key.length) key = new Uint8Array(keySize * 2);
      rows.copyKey(slot, key);
      writer.addSeries({
        key: key.subarray(0, keySize),
        identity: memtable.identityOf(slot),
        timestampsMs: columns.timestampsMs.subarray(0, count),
        values: columns.values.subarray(0, count),
      });
      if (breather.due) await breather.breathe();
    }
  } catch (error) {
    writer.abort();
    throw error;
  }
  return await writer.finish();
}
