/** vmselect: answers queries from all vmstorage nodes. */
import { randomUUID } from "node:crypto";
import { SelectClient, unreadyReason } from "@tideline/cluster";
import { parseStorageNodes } from "@tideline/placement";
import { runProgram, VERSION } from "@tideline/service";
import { flags } from "./config.ts";
import { addNodeMetrics } from "./query/node-metrics.ts";
import { startSelect } from "./start-select.ts";

const DEFAULT_PORT = 8401;

await runProgram({
  name: "vmselect",
  summary: "answers PromQL from vmstorage nodes",
  flags,
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
