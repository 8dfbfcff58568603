/** vminsert: takes rows from senders and gives every series to its home node. */
import { randomUUID } from "node:crypto";
import { InsertClient, unreadyReason } from "@tideline/cluster";
import { parseStorageNodes } from "@tideline/placement";
import { runProgram, VERSION } from "@tideline/service";
import { flags } from "./config.ts";
import { startInsert } from "./start-insert.ts";
import { addNodeMetrics } from "./write/node-metrics.ts";

const DEFAULT_PORT = 8400;
const GIB = 2 ** 30;

await runProgram({
  name: "vminsert",
  summary: "accepts samples and spreads them over vmstorage nodes",
  flags,
  async start(context) {
    const client = await InsertClient.open({
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
    startInsert({
      context,
      flags: context.flags,
      sink: client,
      pathsOf: (path) => [`/insert/:tenant/${path}`],
      tableSize: Math.min(2 * GIB, Math.floor(context.allowedMemorySize / 2)),
    });
    addNodeMetrics(context.metrics, client);
    context.setReadiness(() => unreadyReason(client.stats(), process.uptime() * 1_000));
  },
});
