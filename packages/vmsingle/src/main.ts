/** vmsingle: storage, writing and querying in one process, without a network between them. */
import { runProgram } from "@tideline/service";
import { startInsert } from "@tideline/vminsert";
import { startSelect } from "@tideline/vmselect";
import { prometheusSnapshotRoute, startStorage } from "@tideline/vmstorage";
import { flags } from "./config.ts";

const GIB = 2 ** 30;

/** Shares of the allowed memory; what is left is for requests in flight and the main thread. */
const STORAGE_SHARE = 0.4;
const TABLE_SHARE = 0.15;
const QUERY_SHARE = 0.35;

/** Paths before `/api/v1/…`. */
const BASES = ["", "/prometheus"];

await runProgram({
  name: "vmsingle",
  summary: "stores samples and answers PromQL, all in one process",
  flags,
  answersQueries: true,
  async start(context) {
    const { allowedMemorySize } = context;
    const storage = await startStorage({
      context,
      flags: context.flags,
      memoryBudgetSize: Math.floor(allowedMemorySize * STORAGE_SHARE),
    });
    for (const base of BASES) {
      context.http.route(
        prometheusSnapshotRoute(storage.snapshots, context.flags.snapshotAuthKey, base),
      );
    }
    startInsert({
      context,
      flags: context.flags,
      sink: storage,
      pathsOf: singlePaths,
      tableSize: Math.min(2 * GIB, Math.floor(allowedMemorySize * TABLE_SHARE)),
    });
    startSelect({
      context: { ...context, allowedMemorySize: Math.floor(allowedMemorySize * QUERY_SHARE) },
      flags: context.flags,
      frames: storage,
      warmUpAfter: Promise.resolve(),
      rehearses: false,
      bases: BASES,
      deleteBases: BASES,
      deleteSeries: (request) => storage.deleteSeries(request),
      withPartial: false,
      denyPartial: false,
    });
  },
});

/** Paths that start with `prometheus/` are served without it, too; the bare prefix is not a path of its own here. */
function singlePaths(path: string): string[] {
  const short = path.replace(/^prometheus\//, "");
  return short === path || short === "" ? [] : [`/${path}`, `/${short}`];
}
