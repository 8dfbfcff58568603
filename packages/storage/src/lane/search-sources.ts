/**
 * What a search of a lane reads: its parts, the generation that is being flushed, and the one that takes writes; each without
 * what was deleted of it.
 */
import type { SearchQuery } from "@tideline/model";
import type { DeleteSet } from "../deletes/delete-set.ts";
import type { PartReader } from "../part/part-reader.ts";
import { MemtableSource } from "../search/memtable-source.ts";
import { PartSource } from "../search/part-source.ts";
import { firstTimestampId, type SearchSource } from "../search/source.ts";
import { SourceSet } from "../search/source-set.ts";
import type { Heads } from "./heads.ts";
import type { LaneParts } from "./lane-parts.ts";

export interface LaneSources {
  readonly heads: Heads;
  readonly parts: LaneParts;
  readonly deletes: DeleteSet;
}

export function openSources(
  { tenant, startMs, endMs }: SearchQuery,
  { heads, parts, deletes }: LaneSources,
  onDamage: (part: PartReader, cause: unknown) => void,
): SourceSet {
  const lease = parts.lease(startMs, endMs);
  const sources: SearchSource[] = lease.parts.map(
    (part, i) =>
      new PartSource({
        part,
        startMs,
        endMs,
        firstTimestampId: firstTimestampId(i),
        marks: parts.marks,
        tombstonesOf: deletes.tombstonesOf(deletedPart(part.part), tenant),
        onDamage,
      }),
  );
  for (const head of [heads.frozen, heads]) {
    if (!head || head.memtable.minMs > endMs || head.memtable.maxMs < startMs) continue;
    const { memtable, deletesDone } = head;
    const { labels: index, minMs, maxMs } = memtable;
    const source = { holder: memtable, index, deletesDone, minMs, maxMs };
    sources.push(
      new MemtableSource({
        memtable,
        startMs,
        endMs,
        firstTimestampId: firstTimestampId(sources.length),
        tombstonesOf: deletes.tombstonesOf(source, tenant),
      }),
    );
  }
  const damagedParts = parts.damaged.map(({ name, reason }) => ({ where: name, reason }));
  return new SourceSet(sources, [...damagedParts, ...deletes.damaged], () => {
    lease.release();
  });
}

function deletedPart(part: PartReader) {
  const { deletesDone, minMs, maxMs } = part.facts;
  return { holder: part, index: part, deletesDone, minMs, maxMs };
}
