/** The nodes as vminsert sees them, under VictoriaMetrics' names (reference 2.15). */
import type { InsertClient } from "@tideline/cluster";
import type { Metrics } from "@tideline/service";

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
