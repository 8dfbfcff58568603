/** A batch as lines of text: what tests compare. */
import { keyLabels, keyTenant, formatTenant, type RowBatch } from "@tideline/model";

/** One line per row: tenant, labels in canonical order, milliseconds, the value's bits in hex. */
export function rowsOf(batch: RowBatch): string[] {
  const bits = Buffer.from(batch.values.slice(0, batch.rowCount).buffer);
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const key = batch.series.keyOf(batch.refs[row] as number);
    const labels = keyLabels(key).map(({ name, value }) => `${name}=${value}`);
    const value = bits.subarray(row * 8, row * 8 + 8).toString("hex");
    return `${formatTenant(keyTenant(key))} ${labels.join(",")} ${batch.timestampsMs[row]} ${value}`;
  });
}
