/** Where the samples of series lie in a data folder: the blocks of each part, the rows in the logs, and what was deleted. */
import { join } from "node:path";
import { errorCode, type Disk } from "@tideline/common";
import { wordsOf, type SearchQuery } from "@tideline/model";
import { DeleteSet } from "../deletes/delete-set.ts";
import { HeadDelete } from "../deletes/head-delete.ts";
import type { TimeRange } from "../deletes/time-ranges.ts";
import { listLaneFolders } from "../front/data-folder.ts";
import { Memtable, NO_SLOT } from "../head/memtable.ts";
import { compileFilters, selectSeries, type CompiledFilters } from "../index/select.ts";
import { laneFolder } from "../lane/lane-parts.ts";
import { PageCache } from "../part/page-cache.ts";
import { PART_SUFFIX } from "../part/part-name.ts";
import { PartReader } from "../part/part-reader.ts";
import type { PartBlock } from "../part/series-entry.ts";
import { generationOf } from "../wal/format.ts";
import { replayWal } from "../wal/wal-replay.ts";
import { checkFolder } from "./inspect-folder.ts";

export interface FoundSeries {
  readonly key: Uint8Array;
  /** Path of the part, or of the folder of a generation's log. */
  readonly where: string;
  /** Of a part; a log has none. */
  readonly blocks: readonly PartBlock[];
  /** Rows in a log that no delete in it took; 0 for a part. */
  readonly rowCount: number;
  /** Times whose samples are deleted there. */
  readonly deleted: readonly TimeRange[];
}

export type SeriesQuestion = Pick<SearchQuery, "tenant" | "filters">;

const PAGE_CACHE_SIZE = 16 * 1024 * 1024;

/**
 * Parts first, then logs, lane by lane.
 *
 * @throws {InputError} no folder, or a bad regular expression; {CorruptionError} what is damaged cannot be searched
 */
export function* inspectSeries(
  disk: Disk,
  dataPath: string,
  question: SeriesQuestion,
): Generator<FoundSeries> {
  checkFolder(disk, dataPath);
  const filters = compileFilters(question.filters);
  const deletes = DeleteSet.read(disk, dataPath);
  for (const number of listLaneFolders(disk, dataPath)) {
    const lane = laneFolder(dataPath, number);
    for (const name of listIfThere(disk, join(lane, "parts"))) {
      if (!name.endsWith(PART_SUFFIX)) continue;
      yield* inPart(disk, join(lane, "parts", name), { ...question, compiled: filters, deletes });
    }
    for (const name of listIfThere(disk, join(lane, "wal"))) {
      if (generationOf(name) === null) continue;
      yield* inLog(disk, join(lane, "wal", name), { ...question, compiled: filters, deletes });
    }
  }
}

interface Search extends SeriesQuestion {
  readonly compiled: CompiledFilters;
  readonly deletes: DeleteSet;
}

function* inPart(
  disk: Disk,
  path: string,
  { tenant, compiled, deletes }: Search,
): Generator<FoundSeries> {
  const part = openIfThere(disk, path);
  if (!part) return;
  try {
    const { deletesDone, minMs, maxMs } = part.facts;
    const source = { holder: part, index: part, deletesDone, minMs, maxMs };
    const tombstones = deletes.tombstonesOf(source, tenant)?.() ?? null;
    for (const ordinal of selectSeries(part, tenant, compiled)) {
      const { key, blocks } = part.series(ordinal);
      const deleted = tombstones?.rangesOf(ordinal) ?? [];
      yield { key, where: path, blocks, rowCount: 0, deleted };
    }
  } finally {
    part.close();
  }
}

function* inLog(
  disk: Disk,
  path: string,
  { tenant, compiled, deletes }: Search,
): Generator<FoundSeries> {
  const memtable = new Memtable();
  /** Slot of the log → slot of the memtable. */
  const slots = new Map<number, number>();
  const report = replayWal(disk, path, {
    definition(slot, identity, key) {
      const known = memtable.register(identity, 0, key);
      if (typeof known === "number") slots.set(slot, known);
    },
    rows(rowCount, rowSlots, timestampsMs, values) {
      const known = rowSlots.map((slot) => slots.get(slot) ?? NO_SLOT);
      memtable.append(known, timestampsMs, wordsOf(values), rowCount);
    },
    remove(request) {
      new HeadDelete(memtable, request).apply();
    },
  });
  const deletesDone = report.deletesDone ?? deletes.newestNumber;
  const { labels: index, minMs, maxMs } = memtable;
  const source = { holder: memtable, index, deletesDone, minMs, maxMs };
  const tombstones = deletes.tombstonesOf(source, tenant)?.() ?? null;
  for (const slot of selectSeries(memtable.labels, tenant, compiled)) {
    const deleted = tombstones?.rangesOf(slot) ?? [];
    const rowCount = memtable.countOf(slot);
    yield { key: memtable.keyOf(slot), where: path, blocks: [], rowCount, deleted };
  }
}

/** Null when a merge has taken it away meanwhile. */
function openIfThere(disk: Disk, path: string): PartReader | null {
  try {
    return PartReader.open(disk, path, new PageCache(PAGE_CACHE_SIZE));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function listIfThere(disk: Disk, path: string): string[] {
  return disk.kindOf(path) === "folder" ? disk.list(path) : [];
}
