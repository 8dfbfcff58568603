/** The nodes as vmselect sees them, under VictoriaMetrics' names where the meaning is the same. */
import {
  LINK_METRICS,
  type NodeMetric,
  type SelectClient,
  type SelectNodeStats,
} from "@tideline/cluster";
import { addMetricTable, type Metrics } from "@tideline/service";

const NODE_METRICS: readonly NodeMetric<SelectNodeStats>[] = [
  ...LINK_METRICS,
  {
    kind: "counter",
    name: "vm_rpc_requests_total",
    help: "Requests to the node",
    value: ({ requestCount }) => requestCount,
  },
  {
    kind: "counter",
    name: "vm_rpc_request_errors_total",
    help: "Requests to the node that failed",
    value: ({ failureCount }) => failureCount,
  },
  {
    kind: "counter",
    name: "vm_rpc_received_bytes_total",
    help: "Bytes of series frames from the node",
    value: ({ receivedSize }) => receivedSize,
  },
];

export function addNodeMetrics(metrics: Metrics, client: SelectClient): void {
  addMetricTable(metrics, {
    rows: NODE_METRICS,
    items: () => client.stats(),
    labels: ["name", "addr"],
    labelsOf: (node) => ({ name: "vmselect", addr: node.name }),
  });
}
