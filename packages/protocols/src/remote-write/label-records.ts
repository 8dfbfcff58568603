/**
 * The labels in a key's records. The scan has checked the records before it made a key of them, so what
 * is read here is well-formed; usual spellings take a short way.
 */
import { ProtobufReader } from "@tideline/kernels";
import type { RawLabel } from "@tideline/model";

const EMPTY = new Uint8Array(0);

/** @param records borrowed; the labels are views of it */
export function labelsOf(records: Uint8Array): RawLabel[] {
  const labels: RawLabel[] = [];
  let at = 0;
  while (at < records.length) {
    // 0a <size> 0a <name size> <name> 12 <value size> <value>, sizes below 128 but for the value's.
    const nameSize = records[at + 3] as number;
    const valueAt = at + 4 + nameSize;
    const recordSize = records[at + 1] as number;
    const valueSize = records[valueAt + 1] as number;
    const usual =
      records[at] === 0x0a &&
      recordSize < 0x80 &&
      records[at + 2] === 0x0a &&
      nameSize < 0x80 &&
      records[valueAt] === 0x12 &&
      valueSize < 0x80 &&
      nameSize + valueSize + 4 === recordSize;
    if (usual) {
      labels.push({
        name: records.subarray(at + 4, valueAt),
        value: records.subarray(valueAt + 2, valueAt + 2 + valueSize),
      });
      at += 2 + recordSize;
      continue;
    }
    const reader = new ProtobufReader(records, at);
    reader.tag();
    labels.push(strangeLabel(reader.message()));
    at = reader.at;
  }
  return labels;
}

/** A label spelled in any legal way: absent fields are empty, of repeated ones the last counts. */
function strangeLabel(label: ProtobufReader): RawLabel {
  let name: Uint8Array = EMPTY;
  let value: Uint8Array = EMPTY;
  while (label.hasMore) {
    const tag = label.tag();
    if (tag === 0x0a) name = label.message().rest();
    else if (tag === 0x12) value = label.message().rest();
    else label.skip(tag);
  }
  return { name, value };
}
