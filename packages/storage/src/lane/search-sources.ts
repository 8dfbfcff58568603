/** What a search of a lane reads: its parts, the generation that is being flushed, and the one that takes writes. */
import type { SearchQuery } from "@tideline/model";
import type { PartReader } from "../part/part-reader.ts";
import { MemtableSource } from "../search/memtable-source.ts";
import { PartSource } from "../search/part-source.ts";
import { firstTimestampId, type SearchSource } from "../search/source.ts";
import { SourceSet } from "../search/source-set.ts";
import type { Heads } from "./heads.ts";
import type { LaneParts } from "./lane-parts.ts";

export function openSources(
  { startMs, endMs }: SearchQuery,
  heads: Heads,
  parts: LaneParts,
  onDamage: (part: PartReader, cause: unknown) => void,
): SourceSet {
  const lease = parts.lease(startMs, endMs);
  const sources: SearchSource[] = lease.parts.map(
    (part, i) =>
      new PartSource({ part, startMs, endMs, firstTimestampId: firstTimestampId(i), onDamage }),
  );
  for (const memtable of [heads.frozen?.memtable, heads.memtable]) {
    if (!memtable || memtable.minMs > endMs || memtable.maxMs < startMs) continue;
    const id = firstTimestampId(sources.length);
    sources.push(new MemtableSource({ memtable, startMs, endMs, firstTimestampId: id }));
  }
  const missing = parts.damaged.map(({ name, reason }) => ({ where: name, reason }));
  return new SourceSet(sources, missing, () => {
    lease.release();
  });
}
