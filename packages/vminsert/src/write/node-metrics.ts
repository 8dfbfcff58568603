/** The nodes as vminsert sees them, under VictoriaMetrics' names (reference 2.15). */
import {
  LINK_METRICS,
  type InsertClient,
  type InsertNodeStats,
  type NodeMetric,
} from "@tideline/cluster";
import { addMetricTable, type Metrics } from "@tideline/service";

const NODE_METRICS: readonly NodeMetric<InsertNodeStats>[] = [
  ...LINK_METRICS,
  {
    kind: "gauge",
    name: "vm_rpc_vmstorage_is_read_only",
    help: "1 while the node says that it takes no rows for want of room",
    value: ({ isReadOnly }) => (isReadOnly ? 1 : 0),
  },
  {
    kind: "counter",
    name: "vm_rpc_rows_pushed_total",
    help: "Rows handed to the node's stream",
    value: ({ rowsPushedCount }) => rowsPushedCount,
  },
  {
    kind: "counter",
    name: "vm_rpc_rows_sent_total",
    help: "Rows that the node has answered for",
    value: ({ rowsSentCount }) => rowsSentCount,
  },
  {
    kind: "gauge",
    name: "vm_rpc_rows_pending",
    help: "Rows that wait for the node's answer",
    value: ({ rowsInFlightCount }) => rowsInFlightCount,
  },
  {
    kind: "counter",
    name: "vm_rpc_sent_bytes_total",
    help: "Bytes of row blocks sent to the node",
    value: ({ sentSize }) => sentSize,
  },
  {
    kind: "gauge",
    name: "vm_rpc_buf_pending_bytes",
    help: "Bytes of row blocks that wait for the node's answer",
    value: ({ inFlightSize }) => inFlightSize,
  },
  {
    kind: "counter",
    name: "vm_rpc_send_duration_seconds_total",
    help: "Time from sending rows to their answers, summed up",
    value: ({ answerWaitMs }) => answerWaitMs / 1_000,
  },
];

export function addNodeMetrics(metrics: Metrics, client: InsertClient): void {
  addMetricTable(metrics, {
    rows: NODE_METRICS,
    items: () => client.stats(),
    labels: ["name", "addr"],
    labelsOf: (node) => ({ name: "vminsert", addr: node.name }),
  });
}
