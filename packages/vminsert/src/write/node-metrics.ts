/** The nodes as vminsert sees them, under VictoriaMetrics' names (reference 2.15). */
import type { InsertClient } from "@tideline/cluster";
import type { Metrics, Reading } from "@tideline/service";

type NodeStats = ReturnType<InsertClient["stats"]>[number];

export function addNodeMetrics(metrics: Metrics, client: InsertClient): void {
  const labels = ["name", "addr"];
  const read = (value: (node: NodeStats) => number) => () =>
    client.stats().map((node) => ({
      labels: { name: "vminsert", addr: node.name },
      value: value(node),
    }));
  metrics.gaugeFrom(
    {
      name: "vm_rpc_vmstorage_is_reachable",
      help: "1 while the stream to the node is up",
      labels,
    },
    read((node) => (node.state === "ready" ? 1 : 0)),
  );
  metrics.gaugeFrom(
    {
      name: "vm_rpc_vmstorage_is_read_only",
      help: "1 while the node says that it takes no rows for want of room",
      labels,
    },
    read((node) => (node.isReadOnly ? 1 : 0)),
  );
  metrics.counterFrom(
    { name: "vm_rpc_rows_pushed_total", help: "Rows handed to the node's stream", labels },
    read((node) => node.rowsPushedCount),
  );
  metrics.gaugeFrom(
    { name: "vm_rpc_rows_pending", help: "Rows that wait for the node's answer", labels },
    read((node) => node.rowsInFlightCount),
  );
  metrics.counterFrom(
    {
      name: "vm_rpc_send_duration_seconds_total",
      help: "Time from sending rows to their answers, summed up",
      labels,
    },
    read((node) => node.answerWaitMs / 1_000),
  );
  addLinkFailures(metrics, labels, read);
  metrics.counterFrom(
    { name: "vm_rpc_rows_sent_total", help: "Rows that the node has answered for", labels },
    read((node) => node.rowsSentCount),
  );
  metrics.counterFrom(
    { name: "vm_rpc_sent_bytes_total", help: "Bytes of row blocks sent to the node", labels },
    read((node) => node.sentSize),
  );
  metrics.counterFrom(
    { name: "vm_rpc_reconnects_total", help: "Streams to the node after the first", labels },
    read((node) => node.reconnectCount),
  );
  metrics.gaugeFrom(
    {
      name: "vm_rpc_buf_pending_bytes",
      help: "Bytes of row blocks that wait for the node's answer",
      labels,
    },
    read((node) => node.inFlightSize),
  );
}

function addLinkFailures(
  metrics: Metrics,
  labels: readonly string[],
  read: (value: (node: NodeStats) => number) => () => Reading[],
): void {
  metrics.counterFrom(
    { name: "vm_rpc_dial_errors_total", help: "Tries to reach the node that failed", labels },
    read((node) => node.failures.dialCount),
  );
  metrics.counterFrom(
    {
      name: "vm_rpc_handshake_errors_total",
      help: "Hellos of the node that could not be accepted",
      labels,
    },
    read((node) => node.failures.handshakeCount),
  );
  metrics.counterFrom(
    { name: "vm_rpc_connection_errors_total", help: "Streams to the node that broke", labels },
    read((node) => node.failures.connectionCount),
  );
}
