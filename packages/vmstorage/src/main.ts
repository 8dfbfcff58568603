/** vmstorage: keeps its share of the series on local disk and answers for them. */
import { availableParallelism } from "node:os";
import { InsertServer, limitedSource, SelectServer } from "@tideline/cluster";
import { formatAddress, runProgram, VERSION } from "@tideline/service";
import { flags } from "./config.ts";
import { startStorage } from "./start-storage.ts";

/** The main thread's own heap, and the messages of gRPC under way; lanes share the rest. */
const MAIN_THREAD_SIZE = 96 * 2 ** 20;

/** What a search keeps of each series that it has found, in bytes, and how many searches are reckoned with. */
const SERIES_COST_SIZE = 200;
const SEARCHES_AT_A_TIME = 2 * availableParallelism();

await runProgram({
  name: "vmstorage",
  summary: "keeps samples on disk for vminsert and vmselect",
  flags,
  answersQueries: true,
  async start(context) {
    const { log } = context;
    const storage = await startStorage({
      context,
      flags: context.flags,
      memoryBudgetSize: Math.max(0, context.allowedMemorySize - MAIN_THREAD_SIZE),
    });
    const selectServer = new SelectServer({
      source: limitedSource(storage, {
        seriesCountMax:
          context.flags["search.maxUniqueTimeseries"] ||
          Math.floor(context.allowedMemorySize / SERIES_COST_SIZE / SEARCHES_AT_A_TIME),
        labelNamesMax: context.flags["search.maxTagKeys"],
        labelValuesMax: context.flags["search.maxTagValues"],
      }),
      deletes: storage,
      nodeId: storage.nodeId,
      bootId: storage.bootId,
      laneCount: storage.laneCount,
      log,
      programVersion: VERSION,
    });
    const insertServer = new InsertServer({ sink: storage, log, programVersion: VERSION });
    // Writers are cut off first, then readers, then the storage closes.
    context.onStop({ name: "vmselect server", stop: () => selectServer.close() });
    context.onStop({ name: "vminsert server", stop: () => insertServer.close() });
    const selectAddress = await selectServer.listen(formatAddress(context.flags.vmselectAddr));
    log.info({}, `accepting vmselect conns at ${selectAddress}`);
    const insertAddress = await insertServer.listen(formatAddress(context.flags.vminsertAddr));
    log.info({}, `accepting vminsert conns at ${insertAddress}`);
  },
});
