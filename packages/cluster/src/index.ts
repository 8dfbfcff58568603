/**
 * The contracts over gRPC: InsertClient is a RowSink and SelectClient a FrameSource over all storage nodes,
 * InsertServer and SelectServer are what a storage node offers them. One long-lived stream each way per
 * pair of processes (NodeLink, EnvelopeServer), raw envelopes as messages. Wire: docs/formats/wire.md.
 */
export { InsertClient, type InsertClientOptions } from "./insert-client.ts";
export type { InsertLimits, InsertNodeStats } from "./insert-link.ts";
export {
  InsertServer,
  type BlockSink,
  type InsertServerOptions,
  type InsertServerStats,
} from "./insert-server.ts";
export { LINK_METRICS, type NodeMetric } from "./link-metrics.ts";
export type { Log } from "./log.ts";
export type { LinkState, LinkTimings } from "./node-link.ts";
export { SelectClient, type SelectClientOptions } from "./select-client.ts";
export type { SelectNodeStats } from "./select-link.ts";
export { limitedSource } from "./limited-source.ts";
export { SelectServer, type SelectServerOptions, type SelectServerStats } from "./select-server.ts";
export { FIRST_CONNECT_GRACE_MS, unreadyReason } from "./readiness.ts";
