/** The query side over any frames, mounted under /p on a server of its own: for tests. */
import { parseFlags } from "@tideline/service";
import { serveRoutes } from "@tideline/service/testing";
import type { FrameSource } from "@tideline/wire";
import { searchFlags } from "./config.ts";
import { startSelect } from "./start-select.ts";

/** @param cleanups gets what ends it; to be called last one first */
export async function serveSelect(
  frames: FrameSource,
  cleanups: (() => unknown)[],
  moreFlags: readonly string[] = [],
) {
  const running = await serveRoutes([]);
  cleanups.push(() => running.stop());
  const { http, metrics, log } = running;
  const line = parseFlags(searchFlags, ["-search.workers=1", ...moreFlags], {});
  if (line.want !== "run") throw new Error("flags to run with");
  startSelect({
    context: {
      log,
      metrics,
      http,
      allowedMemorySize: 2 ** 28,
      onStop: (part) => cleanups.push(() => part.stop()),
      fail: (error) => {
        throw error;
      },
    },
    flags: line.values,
    frames,
    bases: ["/p"],
    deleteBases: [],
    deleteSeries: () => Promise.resolve(),
    warmUpAfter: Promise.resolve(),
    rehearses: false,
    withPartial: true,
    denyPartial: false,
  });
  return running;
}
