/**
 * The storage of a program: opened from its flags, with its routes and metrics. vmstorage serves it to the
 * cluster, vmsingle uses it itself.
 */
import { availableParallelism } from "node:os";
import { entryUrl, systemClock } from "@tideline/common";
import type { FlagValues, ProgramContext } from "@tideline/service";
import { defaultStorageOptions, Storage } from "@tideline/storage";
import type { storageFlags } from "./config.ts";
import { forceRoutes } from "./force-routes.ts";
import { keepSnapshotsYoung } from "./snapshot-age.ts";
import { snapshotRoutes } from "./snapshot-routes.ts";
import { addLimitMetrics } from "./limit-metrics.ts";
import { addStorageMetrics } from "./storage-metrics.ts";

type StorageFlagTable = ReturnType<typeof storageFlags>;

export interface StartStorageOptions {
  readonly context: Pick<
    ProgramContext<StorageFlagTable>,
    "log" | "metrics" | "http" | "onStop" | "fail"
  >;
  readonly flags: FlagValues<StorageFlagTable>;
  readonly memoryBudgetSize: number;
}

/** One core is the main thread's, which speaks gRPC and HTTP: a lane there would cost more in turns than it does. */
function defaultLaneCount(): number {
  return Math.max(1, availableParallelism() - 1);
}

export async function startStorage(options: StartStorageOptions): Promise<Storage> {
  const { context, flags, memoryBudgetSize } = options;
  const startedMs = performance.now();
  const storage = await Storage.open(
    {
      ...defaultStorageOptions(flags.storageDataPath),
      laneCount: flags["storage.lanes"] || defaultLaneCount(),
      retentionMs: flags.retentionPeriod,
      futureRetentionMs: flags.futureRetention,
      memoryBudgetSize,
      walSync: flags["storage.walSync"],
      walSyncIntervalMs: flags["storage.walSyncInterval"],
      minFreeDiskSpaceSize: flags["storage.minFreeDiskSpaceBytes"],
      hourlySeriesMax: flags["storage.maxHourlySeries"],
      dailySeriesMax: flags["storage.maxDailySeries"],
      dedupIntervalMs: flags["dedup.minScrapeInterval"],
    },
    {
      log: context.log,
      onFatal: (error) => {
        context.fail(error);
      },
      laneEntry: entryUrl(new URL("./leaf-lane-worker.ts", import.meta.url)),
    },
  );
  context.onStop({ name: "storage", stop: () => storage.close() });
  context.log.info(
    { laneCount: storage.laneCount, durationMs: Math.round(performance.now() - startedMs) },
    `successfully opened storage "${flags.storageDataPath}"`,
  );
  addStorageMetrics(context.metrics, storage);
  addLimitMetrics(context.metrics, storage, {
    minFreeDiskSpaceSize: flags["storage.minFreeDiskSpaceBytes"],
    hourlyMax: flags["storage.maxHourlySeries"],
    dailyMax: flags["storage.maxDailySeries"],
  });
  context.http.route(...forceRoutes(storage, context.log, flags));
  context.http.route(...snapshotRoutes(storage.snapshots, flags.snapshotAuthKey));
  const stopAgeing = keepSnapshotsYoung({
    snapshots: storage.snapshots,
    ageMaxMs: flags.snapshotsMaxAge,
    clock: systemClock,
    log: context.log,
  });
  context.onStop({
    name: "age of snapshots",
    stop() {
      stopAgeing();
      return Promise.resolve();
    },
  });
  return storage;
}
