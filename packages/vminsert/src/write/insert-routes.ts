/**
 * The routes of one ingestion protocol: body in, 204 out when every row is kept. Rows that are dropped for
 * good are counted and told in a header; the rest of their request is kept.
 */
import type { RowSink, Tenant } from "@tideline/model";
import { DEFAULT_TENANT, parseTenant } from "@tideline/model";
import type { BodyDecoder, DecodedBody, Protocol } from "@tideline/protocols";
import {
  readBodyChunks,
  type ByteBudget,
  type ConcurrencyLimit,
  type Exchange,
  type Route,
} from "@tideline/service";
import type { InsertCounters } from "./insert-metrics.ts";

export interface InsertRoutesOptions {
  /** Where a path of the protocol is mounted; a `:tenant` in it names the tenant. */
  readonly pathsOf: (protocolPath: string) => readonly string[];
  readonly protocol: Protocol;
  readonly decoder: BodyDecoder;
  readonly sink: RowSink;
  readonly limit: ConcurrencyLimit;
  readonly bodySizeMax: number;
  /** Of all writes together. */
  readonly bodies: ByteBudget;
  readonly counters: InsertCounters;
}

/** Tells how many rows were dropped and why: `too_long_label_name=2, small_timestamp=1`. */
const IGNORED_HEADER = "X-Tideline-Rows-Ignored";

export function insertRoutes(options: InsertRoutesOptions): Route[] {
  return options.protocol.paths.flatMap(options.pathsOf).map((path) => ({
    path,
    methods: ["POST", "PUT"],
    errors: "text",
    handle: (exchange) => insert(exchange, tenantOf(exchange, path), options),
  }));
}

async function insert(
  exchange: Exchange,
  tenant: Tenant,
  options: InsertRoutesOptions,
): Promise<void> {
  const { decoder, limit, bodySizeMax, bodies } = options;
  const head = {
    tenant,
    contentType: exchange.request.headers["content-type"],
    contentEncoding: exchange.request.headers["content-encoding"],
  };
  // A body that nobody can read is refused before it is received.
  decoder.check(head);
  const { chunks, size } = await readBodyChunks(exchange, {
    sizeMax: bodySizeMax,
    budget: bodies,
  });
  let ignored: Record<string, number>;
  try {
    // A place is taken only once the body is here: a slow sender holds up nobody.
    ignored = await limit.run(
      () => keep(decoder.decode(head, chunks), options),
      limit.isFull ? exchange.signal : undefined,
    );
  } finally {
    bodies.giveBack(size);
  }
  const reasons = Object.entries(ignored).filter(([, count]) => count > 0);
  if (reasons.length === 0) return exchange.send({ status: 204 });
  options.counters.ignored(ignored);
  const text = reasons.map(([reason, count]) => `${reason}=${count}`).join(", ");
  return exchange.send({ status: 204, headers: { [IGNORED_HEADER]: text } });
}

/** Writes the rows of a body; returns what was dropped, by reason. */
async function keep(
  body: DecodedBody,
  options: InsertRoutesOptions,
): Promise<Record<string, number>> {
  const { counters, sink, protocol } = options;
  try {
    const ignored = { ...body.ignoredByReason };
    const { rowCount } = body.batch;
    if (rowCount > 0) {
      const outcome = await sink.write(body.batch);
      let droppedCount = 0;
      for (const [reason, count] of Object.entries(outcome.ignoredByReason)) {
        ignored[reason] = (ignored[reason] ?? 0) + count;
        droppedCount += count;
      }
      counters.inserted(protocol.name, rowCount - droppedCount);
    }
    counters.notStored("metadata", body.metadataCount);
    counters.notStored("exemplar", body.exemplarCount);
    counters.notStored("histogram", body.histogramCount);
    return ignored;
  } finally {
    body.release();
  }
}

function tenantOf(exchange: Exchange, path: string): Tenant {
  return path.includes(":tenant") ? parseTenant(exchange.parameter("tenant")) : DEFAULT_TENANT;
}
