/** What the write side counts: VictoriaMetrics' names where they mean the same here. */
import type { BodyDecoder, Protocol } from "@tideline/protocols";
import type { Metrics } from "@tideline/service";

export interface InsertCounters {
  /** Rows that are kept. */
  inserted(protocol: string, rowCount: number): void;
  /** Rows dropped for good, by reason. */
  ignored(byReason: Readonly<Record<string, number>>): void;
  /** What a body held beside samples and is not stored. */
  notStored(kind: "metadata" | "exemplar" | "histogram", count: number): void;
}

export function insertCounters(metrics: Metrics): InsertCounters {
  const inserted = metrics.tally(
    {
      name: "vm_rows_inserted_total",
      help: "Rows that are in the write-ahead log of their node",
    },
    "type",
  );
  const ignored = metrics.tally(
    {
      name: "vm_rows_ignored_total",
      help: "Rows dropped for good, by reason; the rest of their request is kept",
    },
    "reason",
  );
  const perInsert = metrics.histogram(
    { name: "vm_rows_per_insert", help: "Rows of a write request" },
    [1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000, 100_000],
  );
  const notStored = metrics.tally(
    {
      name: "tideline_not_stored_total",
      help: "Metadata, exemplars and native histograms that were accepted and are not stored",
    },
    "kind",
  );
  return {
    inserted(type, rowCount) {
      inserted.add(type, rowCount);
      perInsert.observe(rowCount);
    },
    ignored(byReason) {
      for (const [reason, count] of Object.entries(byReason)) ignored.add(reason, count);
    },
    notStored(kind, count) {
      if (count > 0) notStored.add(kind, count);
    },
  };
}

/** The table of known series of each decoder. */
export function addDecoderMetrics(
  metrics: Metrics,
  decoders: readonly { readonly protocol: Protocol; readonly decoder: BodyDecoder }[],
): void {
  const read = (value: (decoder: BodyDecoder) => number) => () =>
    decoders.map(({ protocol, decoder }) => ({
      labels: { type: protocol.name },
      value: value(decoder),
    }));
  const labels = ["type"];
  metrics.gaugeFrom(
    { name: "tideline_series_table_series", help: "Series that the decoder knows", labels },
    read((decoder) => decoder.stats().refCount),
  );
  metrics.gaugeFrom(
    {
      name: "tideline_series_table_used_bytes",
      help: "Bytes of keys and labels in the decoder's table",
      labels,
    },
    read((decoder) => decoder.stats().arenaUsedSize),
  );
  metrics.counterFrom(
    {
      name: "tideline_series_table_restarts_total",
      help: "Times that the decoder's table was full and started anew",
      labels,
    },
    read((decoder) => decoder.stats().epoch),
  );
}
