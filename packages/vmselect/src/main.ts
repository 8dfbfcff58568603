/** vmselect: answers queries from all vmstorage nodes. */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { FIRST_CONNECT_GRACE_MS, SelectClient, unreadyReason } from "@tideline/cluster";
import { parseStorageNodes } from "@tideline/placement";
import { runProgram, VERSION } from "@tideline/service";
import { flags } from "./config.ts";
import { addNodeMetrics } from "./query/node-metrics.ts";
import { startSelect } from "./start-select.ts";

const DEFAULT_PORT = 8401;
/** After all nodes are there: then the rest of the cluster nearly is, too. */
const SETTLE_MS = 150;

await runProgram({
  name: "vmselect",
  summary: "answers PromQL from vmstorage nodes",
  flags,
  answersQueries: true,
  start(context) {
    const client = new SelectClient({
      nodes: parseStorageNodes(context.flags.storageNode, DEFAULT_PORT),
      bootId: randomUUID(),
      log: context.log,
      programVersion: VERSION,
    });
    context.onStop({
      name: "streams to nodes",
      stop() {
        client.close();
        return Promise.resolve();
      },
    });
    startSelect({
      context,
      flags: context.flags,
      frames: client,
      warmUpAfter: settled(client),
      rehearses: true,
      bases: ["/select/:tenant/prometheus"],
      deleteBases: ["/delete/:tenant/prometheus"],
      deleteSeries: (request, signal) => client.deleteSeries(request, signal),
      withPartial: true,
      denyPartial: context.flags["search.denyPartialResponse"],
    });
    addNodeMetrics(context.metrics, client);
    context.setReadiness(() => unreadyReason(client.stats(), process.uptime() * 1_000));
    return Promise.resolve();
  },
});

/** Settles when the start of the cluster is over, or when a node stays away. */
async function settled(client: SelectClient): Promise<void> {
  await Promise.race([client.reached().then(() => wait(SETTLE_MS)), wait(FIRST_CONNECT_GRACE_MS)]);
}

/** Keeps no process alive. */
function wait(durationMs: number): Promise<void> {
  return setTimeout(durationMs, undefined, { ref: false });
}
