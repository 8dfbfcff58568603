/** What deletes have taken from the inputs of a merge, which leaves it out. */
import type { Disk } from "@tideline/common";
import { CorruptionError, keyTenant } from "@tideline/model";
import { DeleteSet } from "../deletes/delete-set.ts";
import type { TimeRange } from "../deletes/time-ranges.ts";
import type { PartReader } from "../part/part-reader.ts";

/** Which times of a series of a part are deleted: ascending, apart from each other. */
export type DeletedRangesOf = (
  part: PartReader,
  ordinal: number,
  key: Uint8Array,
) => readonly TimeRange[];

const NO_RANGES: readonly TimeRange[] = [];

/**
 * Reads the delete log as it is now. Deletes that are newer than the merge promises do no harm: they are applied to its result once more.
 *
 * @throws {CorruptionError} a delete that cannot be read, so that it cannot be applied either
 */
export function readDeletedRanges(disk: Disk, dataPath: string): DeletedRangesOf {
  const deletes = DeleteSet.read(disk, dataPath);
  const [damaged] = deletes.damaged;
  if (damaged) throw new CorruptionError("TIDELINE_DELETE_LOG", damaged.reason);
  const known = new Map<PartReader, TombstonesOfTenant>();
  return (part, ordinal, key) => {
    let ofTenant = known.get(part);
    if (!ofTenant) known.set(part, (ofTenant = new TombstonesOfTenant(deletes, part)));
    return ofTenant.rangesOf(ordinal, key);
  };
}

/** Series of a tenant lie side by side: what is found for one of them serves the next. */
class TombstonesOfTenant {
  readonly #deletes: DeleteSet;
  readonly #part: PartReader;
  #tenantBytes: Uint8Array = new Uint8Array(0);
  #tombstones: ReturnType<DeleteSet["tombstonesOf"]> = null;

  constructor(deletes: DeleteSet, part: PartReader) {
    this.#deletes = deletes;
    this.#part = part;
  }

  rangesOf(ordinal: number, key: Uint8Array): readonly TimeRange[] {
    const tenantBytes = key.subarray(0, 8);
    if (Buffer.compare(tenantBytes, this.#tenantBytes) !== 0) {
      this.#tenantBytes = tenantBytes.slice();
      const part = this.#part;
      const { deletesDone, minMs, maxMs } = part.facts;
      const source = { holder: part, index: part, deletesDone, minMs, maxMs };
      this.#tombstones = this.#deletes.tombstonesOf(source, keyTenant(key));
    }
    return this.#tombstones?.()?.rangesOf(ordinal) ?? NO_RANGES;
  }
}
