import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addKernelMetrics } from "./kernel-metrics.ts";
import { Metrics } from "./metrics.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tideline-kernel-"));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test("memory, input and output, and pressure are read from the kernel's files", async () => {
  put(
    "proc/self/status",
    "Name:\tnode\nVmSize:\t    2048 kB\nVmHWM:\t 9 kB\nRssAnon:\t 7 kB\nRssFile:\t 5 kB\nRssShmem:\t 0 kB\nThreads:\t11\n",
  );
  put(
    "proc/self/io",
    "rchar: 100\nwchar: 200\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n",
  );
  put("sys/fs/cgroup/memory.pressure", "some avg10=0.00 total=1500000\nfull avg10=0.00 total=2\n");
  put("proc/pressure/memory", "some avg10=0.00 total=1\n");
  put("proc/pressure/cpu", "some avg10=1.00 avg60=2.00 avg300=0.00 total=250000\n");
  const metrics = new Metrics();
  addKernelMetrics(metrics, root);
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("process_"));
  expect(lines.toSorted()).toEqual([
    "process_io_read_bytes_total 100",
    "process_io_read_syscalls_total 3",
    "process_io_storage_read_bytes_total 5",
    "process_io_storage_written_bytes_total 6",
    "process_io_write_syscalls_total 4",
    "process_io_written_bytes_total 200",
    "process_num_threads 11",
    "process_pressure_cpu_stalled_seconds_total 0",
    "process_pressure_cpu_waiting_seconds_total 0.25",
    "process_pressure_memory_stalled_seconds_total 0.000002",
    "process_pressure_memory_waiting_seconds_total 1.5",
    "process_resident_memory_anon_bytes 7168",
    "process_resident_memory_file_bytes 5120",
    "process_resident_memory_peak_bytes 9216",
    "process_resident_memory_shared_bytes 0",
    "process_virtual_memory_bytes 2097152",
  ]);
});

test("a system without these files has none of the metrics", async () => {
  const metrics = new Metrics();
  addKernelMetrics(metrics, root);
  expect(await metrics.text()).not.toMatch(/process_/);
});

test("of this process there is what the dashboards read", async () => {
  const metrics = new Metrics((error) => {
    throw error as Error;
  });
  addKernelMetrics(metrics);
  expect(await metrics.text()).toMatch(/^process_resident_memory_anon_bytes [1-9]/m);
});
