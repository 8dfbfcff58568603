/** Deletes snapshots that have grown older than -snapshotsMaxAge: each holds on to parts that merges have replaced. */
import type { Clock } from "@tideline/common";
import { OverloadError } from "@tideline/model";
import type { Storage } from "@tideline/storage";

interface SnapshotAgeOptions {
  readonly snapshots: Pick<Storage["snapshots"], "deleteBefore">;
  /** 0 keeps them for good. */
  readonly ageMaxMs: number;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    error: SnapshotAgeOptions["log"]["info"];
  };
}

const INTERVAL_MS = 60_000;

/** Looks now and every minute. @returns stops it */
export function keepSnapshotsYoung({
  snapshots,
  ageMaxMs,
  clock,
  log,
}: SnapshotAgeOptions): () => void {
  if (ageMaxMs === 0) return () => undefined;
  const look = (): (() => void) => {
    try {
      const names = snapshots.deleteBefore(clock.nowMs() - ageMaxMs);
      if (names.length > 0) log.info({ names }, "deleted snapshots older than -snapshotsMaxAge");
    } catch (error) {
      if (!(error instanceof OverloadError)) throw error;
      log.error({ err: error }, "cannot delete old snapshots");
    }
    return clock.after(INTERVAL_MS, () => {
      cancel = look();
    });
  };
  let cancel = look();
  return () => {
    cancel();
  };
}
