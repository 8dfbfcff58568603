/** The nodes as vmselect sees them, under VictoriaMetrics' names where the meaning is the same. */
import type { SelectClient } from "@tideline/cluster";
import type { Metrics } from "@tideline/service";

type NodeStats = ReturnType<SelectClient["stats"]>[number];

export function addNodeMetrics(metrics: Metrics, client: SelectClient): void {
  const labels = ["name", "addr"];
  const read = (value: (node: NodeStats) => number) => () =>
    client.stats().map((node) => ({
      labels: { name: "vmselect", addr: node.name },
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
    { name: "vm_rpc_requests_total", help: "Requests to the node", labels },
    read((node) => node.requestCount),
  );
  metrics.counterFrom(
    { name: "vm_rpc_request_errors_total", help: "Requests to the node that failed", labels },
    read((node) => node.failureCount),
  );
  metrics.counterFrom(
    { name: "vm_rpc_received_bytes_total", help: "Bytes of series frames from the node", labels },
    read((node) => node.receivedSize),
  );
  metrics.counterFrom(
    { name: "vm_rpc_reconnects_total", help: "Streams to the node after the first", labels },
    read((node) => node.reconnectCount),
  );
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
