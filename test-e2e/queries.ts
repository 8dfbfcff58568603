/**
 * The queries that a real Prometheus and the cluster must agree on, by kind. They are about what node_exporter,
 * Prometheus and our own programs tell of themselves. `$middle` stands for a time in the middle of the data.
 *
 * Where Prometheus leaves a choice open (which of two equal values topk takes), the query avoids it.
 */
interface QueryKind {
  readonly kind: string;
  readonly queries: readonly string[];
}

export const QUERY_KINDS: readonly QueryKind[] = [
  {
    kind: "selectors with all matchers",
    queries: [
      "up",
      'node_cpu_seconds_total{cpu="0"}',
      'node_cpu_seconds_total{cpu!="0",mode=~"idle|user|sys.*"}',
      'node_memory_MemFree_bytes{job!~"prom.*"}',
      '{__name__=~"node_load.+",job="node"}',
      'prometheus_http_requests_total{handler=~".*query.*",code!~"5.."}',
      'up{job="nobody"}',
      '{job="vmstorage",__name__=~"vm_.*|process_.*"}',
    ],
  },
  {
    kind: "offset and @",
    queries: [
      "node_load1 offset 10s",
      "node_load1 offset -5s",
      "node_context_switches_total @ $middle",
      "node_context_switches_total @ start()",
      "rate(node_context_switches_total[15s] @ end() offset 3s)",
    ],
  },
  {
    kind: "subqueries",
    queries: [
      "max_over_time(rate(node_context_switches_total[10s])[20s:2s])",
      "sum_over_time((sum by (mode) (rate(node_cpu_seconds_total[8s])))[16s:4s] offset 4s)",
      "avg_over_time(node_load1[30s:])",
    ],
  },
  {
    kind: "rates and differences",
    queries: [
      "rate(node_cpu_seconds_total[15s])",
      "irate(node_cpu_seconds_total[15s])",
      "increase(prometheus_http_requests_total[20s])",
      "rate(process_cpu_seconds_total[30s])",
      "delta(node_memory_MemFree_bytes[15s])",
      "idelta(node_memory_MemFree_bytes[15s])",
      "deriv(node_memory_MemFree_bytes[20s])",
      'resets(process_start_time_seconds{job="node"}[1m])',
      'resets(go_memstats_alloc_bytes_total{job="node"}[1m])',
      "changes(up[1m])",
      "changes(node_load1[30s])",
    ],
  },
  {
    kind: "over time",
    queries: [
      "avg_over_time(node_load1[15s])",
      "min_over_time(node_memory_MemFree_bytes[15s])",
      "max_over_time(node_memory_MemFree_bytes[15s])",
      "sum_over_time(node_load5[15s])",
      "count_over_time(up[20s])",
      "stddev_over_time(node_memory_MemFree_bytes[15s])",
      "stdvar_over_time(node_load1[15s])",
      "quantile_over_time(0.9, node_memory_MemFree_bytes[15s])",
      "last_over_time(node_load1[15s])",
      "present_over_time(up[15s])",
      'absent_over_time(up{job="nobody"}[15s])',
      "mad_over_time(node_load1[15s])",
    ],
  },
  {
    kind: "aggregations",
    queries: [
      "sum(node_cpu_seconds_total)",
      "sum by (mode) (rate(node_cpu_seconds_total[15s]))",
      "avg without (cpu) (node_cpu_seconds_total)",
      "min by (job) (process_resident_memory_bytes)",
      "max by (job, instance) (process_resident_memory_bytes)",
      'count by (__name__) ({job="node"})',
      "group by (job) (up)",
      "stddev by (mode) (node_cpu_seconds_total)",
      "stdvar by (mode) (node_cpu_seconds_total)",
      "quantile by (cpu) (0.7, node_cpu_seconds_total)",
      'topk(3, node_cpu_seconds_total{cpu="0"})',
      'bottomk(2, {__name__=~"node_memory_(MemTotal|MemFree|Active|Cached)_bytes"})',
      'count_values("value", up)',
    ],
  },
  {
    kind: "binary operators",
    queries: [
      "node_memory_MemFree_bytes / node_memory_MemTotal_bytes * 100",
      "1 - node_memory_MemFree_bytes / node_memory_MemTotal_bytes",
      "node_load1 > 0.05",
      "node_load1 > bool 0.05",
      "node_cpu_seconds_total / on (cpu, instance) group_left () sum by (cpu, instance) (node_cpu_seconds_total)",
      "sum by (job) (up) * on (job) group_right () up",
      'node_cpu_seconds_total{mode="idle"} - ignoring (mode) node_cpu_seconds_total{mode="user"}',
      "node_load1 and on (instance) up == 1",
      "up or node_load1",
      'up unless on (job) up{job="node"}',
      "node_load1 % 0.1 ^ 2",
      "-node_load1 atan2 node_load5",
      "node_load1 <= node_load5 or node_load1 > node_load5",
    ],
  },
  {
    kind: "scalars, labels, histograms, absence",
    queries: [
      "time()",
      "time() - process_start_time_seconds",
      "vector(17.5)",
      "scalar(sum(up)) + vector(1)",
      "scalar(node_load1)",
      'label_replace(up, "host", "$1", "instance", "(.*):.*")',
      'label_join(up, "both", "/", "job", "instance")',
      "histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[30s])))",
      "histogram_quantile(0.5, rate(prometheus_tsdb_compaction_chunk_range_seconds_bucket[30s]))",
      "absent(up)",
      'absent(nothing{job="node"})',
      "sum(up) > 100",
    ],
  },
];

/** Asked as instant queries only: the order of the answer counts. */
export const ORDERED_QUERIES: readonly string[] = [
  'sort({__name__=~"node_memory_(MemTotal|MemFree|Active|Cached)_bytes"})',
  'sort_desc({__name__=~"node_memory_(MemTotal|MemFree|Active|Cached)_bytes"})',
];
