/** A small program for run.test.ts: it starts and stops as its flags say. */
import { must } from "@tideline/common";
import { commonFlags } from "../flags/common.ts";
import { boolean, enumeration } from "../flags/kinds.ts";
import { runProgram } from "./run.ts";

await runProgram({
  name: "vmsample",
  summary: "a sample",
  flags: {
    ...commonFlags({ httpListenAddr: "127.0.0.1:0" }),
    fault: enumeration({
      words: ["none", "start", "later", "rejection", "stop", "hang"],
      default: "none",
      help: "What goes wrong",
    }),
    ready: boolean({ default: true, help: "Whether it is ready" }),
  },
  start: async ({ flags, log, http, metrics, onStop, fail, setReadiness }) => {
    if (flags.fault === "start") throw new Error("cannot open the storage");
    setReadiness(() => (flags.ready ? null : "no node answers"));
    metrics.counterFrom({ name: "vm_sample_total", help: "A sample" }, () => 7);
    http.route({
      path: "/fail",
      handle: async (exchange) => {
        await exchange.sendText("failing");
        if (flags.fault === "rejection") void Promise.reject(new Error("forgotten"));
        else fail(new Error("lane 0 is gone"));
      },
    });
    http.route({
      path: "/bug",
      handle: () => {
        must(undefined, "a value is there");
      },
    });
    for (const name of ["first", "second"]) {
      onStop({
        name,
        stop: async () => {
          log.info({}, `stopped ${name}`);
          if (flags.fault === "stop" && name === "second") throw new Error("cannot close");
          if (flags.fault === "hang") await new Promise(() => {});
        },
      });
    }
  },
});
