/**
 * What the kernel tells of a process, from /proc/self and the cgroup's pressure files, under the names of
 * VictoriaMetrics' dashboards (reference 2.15). Other systems than Linux go without.
 */
import { existsSync, readFileSync } from "node:fs";
import type { Metrics } from "./metrics.ts";

interface Line {
  /** Of the file, up to the colon. */
  readonly key: string;
  readonly name: string;
  readonly help: string;
}

const KIB = 1_024;

const STATUS_LINES: readonly Line[] = [
  { key: "VmSize", name: "process_virtual_memory_bytes", help: "Address space of the process" },
  {
    key: "VmHWM",
    name: "process_resident_memory_peak_bytes",
    help: "Most resident memory the process had",
  },
  {
    key: "RssAnon",
    name: "process_resident_memory_anon_bytes",
    help: "Resident memory of no file: heaps and buffers",
  },
  {
    key: "RssFile",
    name: "process_resident_memory_file_bytes",
    help: "Resident memory that maps files: the kernel can take it back",
  },
  {
    key: "RssShmem",
    name: "process_resident_memory_shared_bytes",
    help: "Resident memory shared with other processes",
  },
];

const IO_LINES: readonly Line[] = [
  {
    key: "rchar",
    name: "process_io_read_bytes_total",
    help: "Bytes read by system calls, sockets and page cache included",
  },
  {
    key: "wchar",
    name: "process_io_written_bytes_total",
    help: "Bytes written by system calls, sockets and page cache included",
  },
  { key: "syscr", name: "process_io_read_syscalls_total", help: "System calls that read" },
  { key: "syscw", name: "process_io_write_syscalls_total", help: "System calls that wrote" },
  {
    key: "read_bytes",
    name: "process_io_storage_read_bytes_total",
    help: "Bytes read from disks",
  },
  {
    key: "write_bytes",
    name: "process_io_storage_written_bytes_total",
    help: "Bytes written to disks",
  },
];

const PRESSURES = ["cpu", "io", "memory"] as const;

export function addKernelMetrics(metrics: Metrics, root = ""): void {
  const status = `${root}/proc/self/status`;
  const io = `${root}/proc/self/io`;
  if (existsSync(status)) {
    for (const { key, name, help } of STATUS_LINES) {
      metrics.gaugeFrom({ name, help }, () => KIB * numberAfter(status, key));
    }
    metrics.gaugeFrom({ name: "process_num_threads", help: "Threads of the process" }, () =>
      numberAfter(status, "Threads"),
    );
  }
  if (existsSync(io)) {
    for (const { key, name, help } of IO_LINES) {
      metrics.counterFrom({ name, help }, () => numberAfter(io, key));
    }
  }
  for (const resource of PRESSURES) addPressure(metrics, resource, root);
}

/** Pressure stall information: of the cgroup where it has its own, else of the machine. */
function addPressure(metrics: Metrics, resource: (typeof PRESSURES)[number], root: string): void {
  const path = [
    `${root}/sys/fs/cgroup/${resource}.pressure`,
    `${root}/proc/pressure/${resource}`,
  ].find((candidate) => existsSync(candidate));
  if (path === undefined) return;
  const kinds = [
    ["some", "waiting", "some threads"],
    ["full", "stalled", "all threads"],
  ] as const;
  for (const [line, verb, who] of kinds) {
    metrics.counterFrom(
      {
        name: `process_pressure_${resource}_${verb}_seconds_total`,
        help: `Time in which ${who} of the cgroup (or of the machine) waited for ${resource}`,
      },
      () => secondsOf(readFileSync(path, "utf8"), line),
    );
  }
}

/** The number behind `key:`. @throws {Error} the file cannot be read any longer, or lacks the key */
function numberAfter(path: string, key: string): number {
  const found = new RegExp(String.raw`^${key}:\s+(\d+)`, "m").exec(readFileSync(path, "utf8"));
  if (!found) throw new Error(`${path} has no ${key}`);
  return Number(found[1]);
}

/** `some avg10=0.00 … total=4711`: total is in microseconds. A kernel may lack the line "full" of cpu: 0. */
function secondsOf(text: string, line: string): number {
  const found = new RegExp(String.raw`^${line} .*total=(\d+)`, "m").exec(text);
  return found ? Number(found[1]) / 1e6 : 0;
}
