/** What any program tells of its link to a node, under VictoriaMetrics' names (reference 2.15); programs register it. */
import type { LinkFailures, LinkState } from "./node-link.ts";

export interface LinkStats {
  readonly state: LinkState;
  readonly reconnectCount: number;
  readonly failures: LinkFailures;
}

export interface NodeMetric<Stats> {
  readonly kind: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  readonly value: (stats: Stats) => number;
}

export const LINK_METRICS: readonly NodeMetric<LinkStats>[] = [
  {
    kind: "gauge",
    name: "vm_rpc_vmstorage_is_reachable",
    help: "1 while the stream to the node is up",
    value: ({ state }) => (state === "ready" ? 1 : 0),
  },
  {
    kind: "counter",
    name: "vm_rpc_reconnects_total",
    help: "Streams to the node after the first",
    value: ({ reconnectCount }) => reconnectCount,
  },
  {
    kind: "counter",
    name: "vm_rpc_dial_errors_total",
    help: "Tries to reach the node that failed",
    value: ({ failures }) => failures.dialCount,
  },
  {
    kind: "counter",
    name: "vm_rpc_handshake_errors_total",
    help: "Hellos of the node that could not be accepted",
    value: ({ failures }) => failures.handshakeCount,
  },
  {
    kind: "counter",
    name: "vm_rpc_connection_errors_total",
    help: "Streams to the node that broke",
    value: ({ failures }) => failures.connectionCount,
  },
];
