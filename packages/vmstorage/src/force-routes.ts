/**
 * What a storage does before its time, when it is asked to. As VictoriaMetrics has it: a flush answers when it is done, a merge when it
 * has begun (metric vm_active_force_merges).
 */
import { OverloadError } from "@tideline/model";
import { guardBy, type Route } from "@tideline/service";
import type { Log, Storage } from "@tideline/storage";

export interface ForceKeys {
  readonly forceFlushAuthKey: string;
  readonly forceMergeAuthKey: string;
}

export function forceRoutes(storage: Storage, log: Log, keys: ForceKeys): readonly Route[] {
  const methods = ["GET", "POST"] as const;
  return [
    {
      path: "/internal/force_flush",
      methods,
      guard: guardBy(keys.forceFlushAuthKey, "forceFlushAuthKey"),
      handle: async (exchange) => {
        await storage.forceFlush();
        await exchange.sendText("OK");
      },
    },
    {
      path: "/internal/force_merge",
      methods,
      guard: guardBy(keys.forceMergeAuthKey, "forceMergeAuthKey"),
      handle: async (exchange) => {
        void forceMerge(storage, log, exchange.query.get("partition_prefix") ?? "");
        await exchange.sendText("");
      },
    },
  ];
}

async function forceMerge(storage: Storage, log: Log, prefix: string): Promise<void> {
  const startMs = performance.now();
  try {
    await storage.forceMerge(prefix);
    const durationMs = Math.round(performance.now() - startMs);
    log.info({ prefix, durationMs }, "forced merge is done");
  } catch (error) {
    if (!(error instanceof OverloadError)) throw error;
    log.error({ err: error, prefix }, "cannot finish a forced merge");
  }
}
