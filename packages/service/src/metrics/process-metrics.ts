/** What every program tells of itself: process_* from the kernel, vm_app_* and flags. */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { FlagState } from "../flags/parse.ts";
import { addKernelMetrics } from "./kernel-metrics.ts";
import type { Metrics } from "./metrics.ts";

export interface ProcessFacts {
  /** Program and version: `vminsert-tideline-0.1.0`. */
  readonly version: string;
  readonly shortVersion: string;
  readonly availableMemorySize: number;
  readonly allowedMemorySize: number;
  readonly flags: readonly FlagState[];
}

export function addProcessMetrics(metrics: Metrics, facts: ProcessFacts): void {
  const startSeconds = performance.timeOrigin / 1_000;
  addCpuMetrics(metrics);
  addMemoryMetrics(metrics, facts);
  addFileMetrics(metrics);
  addKernelMetrics(metrics);
  metrics.gaugeFrom(
    {
      name: "process_start_time_seconds",
      help: "Start of the process, in seconds of Unix time",
    },
    () => startSeconds,
  );
  metrics
    .gauge({
      name: "vm_app_version",
      help: "Always 1; the labels are the version",
      labels: ["version", "short_version"],
    })
    .set({ version: facts.version, short_version: facts.shortVersion }, 1);
  metrics
    .gauge({
      name: "vm_app_start_timestamp",
      help: "Start of the program, in seconds of Unix time",
    })
    .set(Math.floor(startSeconds));
  metrics.gaugeFrom(
    { name: "vm_app_uptime_seconds", help: "Time since the start of the program" },
    () => Math.floor(performance.now() / 1_000),
  );
  const flag = metrics.gauge({
    name: "flag",
    help: "Always 1; the labels are a flag, its value and whether it was given",
    labels: ["name", "value", "is_set"],
  });
  for (const { name, text, isSet } of facts.flags) {
    flag.set({ name, value: text, is_set: String(isSet) }, 1);
  }
}

function addCpuMetrics(metrics: Metrics): void {
  const cpu = {
    process_cpu_seconds_total: "CPU time used, by the program and for it in the kernel",
    process_cpu_seconds_user_total: "CPU time used by the program itself",
    process_cpu_seconds_system_total: "CPU time used in the kernel for the program",
  };
  const read = {
    process_cpu_seconds_total: ({ user, system }: NodeJS.CpuUsage) => user + system,
    process_cpu_seconds_user_total: ({ user }: NodeJS.CpuUsage) => user,
    process_cpu_seconds_system_total: ({ system }: NodeJS.CpuUsage) => system,
  };
  for (const name of Object.keys(cpu) as (keyof typeof cpu)[]) {
    metrics.counterFrom({ name, help: cpu[name] }, () => read[name](process.cpuUsage()) / 1e6);
  }
  metrics
    .gauge({ name: "vm_available_cpu_cores", help: "CPU cores that the program may use" })
    .set(availableParallelism());
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  metrics.gaugeFrom(
    {
      name: "tideline_event_loop_delay_seconds",
      help: "99th percentile of how late the main thread's event loop was since the last reading",
    },
    () => {
      const seconds = delay.percentile(99) / 1e9;
      delay.reset();
      return seconds;
    },
  );
}

function addMemoryMetrics(metrics: Metrics, facts: ProcessFacts): void {
  metrics.gaugeFrom(
    { name: "process_resident_memory_bytes", help: "Resident memory of the process" },
    () => process.memoryUsage.rss(),
  );
  metrics.gaugeFrom(
    { name: "tideline_heap_used_bytes", help: "JavaScript heap in use in the main thread" },
    () => process.memoryUsage().heapUsed,
  );
  metrics
    .gauge({
      name: "vm_available_memory_bytes",
      help: "Memory of the machine or of the cgroup, whichever is less",
    })
    .set(facts.availableMemorySize);
  metrics
    .gauge({ name: "vm_allowed_memory_bytes", help: "Memory that the program may plan with" })
    .set(facts.allowedMemorySize);
}

/** File descriptors as /proc tells them; other systems than Linux go without. */
function addFileMetrics(metrics: Metrics): void {
  const limit = /^Max open files\s+(\d+)/m.exec(readProc("/proc/self/limits"));
  if (!limit) return;
  metrics
    .gauge({ name: "process_max_fds", help: "Most file descriptors the process may have open" })
    .set(Number(limit[1]));
  metrics.gaugeFrom(
    { name: "process_open_fds", help: "File descriptors the process has open" },
    () => readdirSync("/proc/self/fd").length,
  );
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
