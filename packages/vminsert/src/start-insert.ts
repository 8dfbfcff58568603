/**
 * The write side of a program over any RowSink: decoders, routes, metrics. vminsert mounts it over its
 * nodes, vmsingle over its own storage.
 */
import { availableParallelism } from "node:os";
import type { RowSink } from "@tideline/model";
import { PROTOCOLS } from "@tideline/protocols";
import {
  addConcurrencyMetrics,
  ByteBudget,
  ConcurrencyLimit,
  type FlagValues,
  type ProgramContext,
} from "@tideline/service";
import type { insertFlags } from "./config.ts";
import { addDecoderMetrics, insertCounters } from "./write/insert-metrics.ts";
import { insertRoutes } from "./write/insert-routes.ts";

export interface StartInsertOptions {
  readonly context: Pick<
    ProgramContext<typeof insertFlags>,
    "metrics" | "http" | "allowedMemorySize"
  >;
  readonly flags: FlagValues<typeof insertFlags>;
  readonly sink: RowSink;
  /** Where a path of a protocol is mounted; a `:tenant` in it names the tenant. */
  readonly pathsOf: (protocolPath: string) => readonly string[];
  /** Memory for the tables of known series, over all protocols. */
  readonly tableSize: number;
}

export function startInsert(options: StartInsertOptions): void {
  const { context, flags, sink } = options;
  const { metrics, http } = context;
  const limit = new ConcurrencyLimit({
    noun: "writes",
    concurrentMax: flags.maxConcurrentInserts || 2 * availableParallelism(),
    queueTimeoutMs: flags["insert.maxQueueDuration"],
    status: 503,
  });
  addConcurrencyMetrics(metrics, "insert", limit);
  const counters = insertCounters(metrics);
  const bodySizeMax = flags.maxInsertRequestSize;
  const bodies = new ByteBudget({
    noun: "bodies of writes",
    sizeMax: Math.max(
      bodySizeMax,
      flags["insert.maxBufferedBytes"] || Math.floor(context.allowedMemorySize / 10),
    ),
  });
  metrics.gaugeFrom(
    { name: "tideline_insert_buffered_bytes", help: "Memory of bodies that are received or wait" },
    () => bodies.usedSize,
  );
  metrics.gaugeFrom(
    { name: "tideline_insert_buffered_max_bytes", help: "Memory that such bodies may take" },
    () => bodies.sizeMax,
  );
  const decoders = PROTOCOLS.map((protocol) => ({
    protocol,
    decoder: protocol.createDecoder({
      tableSize: Math.floor(options.tableSize / PROTOCOLS.length),
      bodySizeMax,
      limits: {
        labelsPerSeriesMax: flags.maxLabelsPerTimeseries,
        labelNameSizeMax: flags.maxLabelNameLen,
        labelValueSizeMax: flags.maxLabelValueLen,
      },
    }),
  }));
  addDecoderMetrics(metrics, decoders);
  const { pathsOf } = options;
  for (const { protocol, decoder } of decoders) {
    http.route(
      ...insertRoutes({ pathsOf, protocol, decoder, sink, limit, bodySizeMax, bodies, counters }),
    );
  }
}
