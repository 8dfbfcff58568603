/** What was found in a data folder as lines for people. */
import { formatTenant, keyLabels, keyTenant, type SeriesDelete } from "@tideline/model";
import type { FolderInspection, FoundSeries } from "@tideline/storage";

export function* folderLines(dataPath: string, found: FolderInspection): Generator<string> {
  const { layout, nodeId, lanes, deletes, snapshots, damage } = found;
  const shape = layout
    ? `${layout.laneCount} lanes${layout.mixed ? ", parts of other lane counts among them" : ""}`
    : "no layout";
  yield `${dataPath}: ${shape}, node ${nodeId ?? "unknown"}`;
  for (const { path, parts, logs, quarantine } of lanes) {
    yield path;
    for (const part of parts) {
      const { size, facts } = part;
      const what = facts
        ? `${facts.seriesCount} series, ${facts.sampleCount} samples, ${range(facts.minMs, facts.maxMs)}, generation ${facts.generation}, deletes done ${facts.deletesDone}`
        : "cannot be read";
      yield `  part ${nameOf(part.path)}  ${size} bytes, ${what}${part.damage === null ? "" : "  DAMAGED"}`;
    }
    for (const log of logs) {
      const { report } = log;
      const what = report
        ? `${report.fileCount} files, ${report.definitionCount} series, ${report.rowCount} rows, deletes done ${report.deletesDone ?? "unknown"}, torn tail ${report.tornTailSize} bytes`
        : "cannot be read";
      yield `  wal  ${nameOf(log.path)}  ${what}${log.damage.length === 0 ? "" : "  DAMAGED"}`;
    }
    for (const aside of quarantine) yield `  quarantine ${nameOf(aside)}`;
  }
  for (const { number, createdMs, request } of deletes.records) {
    yield `delete ${number}  of ${time(createdMs)}: ${deleteText(request)}`;
  }
  for (const snapshot of snapshots) yield `snapshot ${snapshot}`;
  for (const line of damage) yield `DAMAGE: ${line}`;
  yield damage.length === 0 ? "sound" : `${damage.length} damaged`;
}

export function* seriesLines(found: FoundSeries): Generator<string> {
  const { key, where, blocks, rowCount, deleted } = found;
  yield `${labelsText(key)}  tenant ${formatTenant(keyTenant(key))}`;
  if (blocks.length === 0) yield `  ${where}: ${rowCount} rows`;
  else yield `  ${where}: ${blocks.length} blocks`;
  for (const { count, minMs, maxMs, value, timestamps } of blocks) {
    const { inGroup } = value;
    const values = inGroup
      ? `${inGroup.size} bytes at ${inGroup.start} in the group of ${unitText(value)}`
      : unitText(value);
    yield `    ${count} samples, ${range(minMs, maxMs)}, values ${values}, times ${unitText(timestamps)}`;
  }
  for (const { startMs, endMs } of deleted) yield `    deleted: ${range(startMs, endMs)}`;
}

function unitText({ size, offset }: { readonly size: number; readonly offset: number }): string {
  return `${size} bytes at ${offset}`;
}

function deleteText({ tenant, filters, startMs, endMs }: SeriesDelete): string {
  const selectors = filters.map((matchers) => {
    const texts = matchers.map(
      ({ name, operator, value }) => `${name}${operator}${JSON.stringify(value)}`,
    );
    return `{${texts.join(",")}}`;
  });
  return `tenant ${formatTenant(tenant)}, ${selectors.join(" or ")}, ${range(startMs, endMs)}`;
}

function labelsText(key: Uint8Array): string {
  const labels = keyLabels(key);
  return `{${labels.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).join(",")}}`;
}

function range(startMs: number, endMs: number): string {
  return `${time(startMs)} to ${time(endMs)}`;
}

/** Times that no date holds are the ends of all time. */
function time(ms: number): string {
  const date = new Date(ms);
  if (!Number.isNaN(date.getTime())) return date.toISOString();
  return ms < 0 ? "the beginning" : "the end";
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
