/**
 * How much memory a program may plan with. Without a limit cgroup v1 reports a giant number, so the
 * machine's own memory bounds it.
 */
import { totalmem } from "node:os";

/** Bytes of the machine or of the cgroup, whichever is less. */
export function availableMemorySize(): number {
  return boundedMemorySize(process.constrainedMemory(), totalmem());
}

/** @param constrainedSize 0 or giant when there is no limit */
export function boundedMemorySize(constrainedSize: number, totalSize: number): number {
  return constrainedSize > 0 ? Math.min(constrainedSize, totalSize) : totalSize;
}

/** Bytes to plan with by the common flags. */
export function allowedMemorySize(
  flags: {
    readonly "memory.allowedPercent": number;
    readonly "memory.allowedBytes": number;
  },
  availableSize: number = availableMemorySize(),
): number {
  const allowedSize = flags["memory.allowedBytes"];
  if (allowedSize > 0) return allowedSize;
  return Math.floor((availableSize * flags["memory.allowedPercent"]) / 100);
}
