import { join } from "node:path";
import { defineConfig } from "vitest/config";

/**
 * Threads that tests start read their sources from here, as programs do (bin/): without it each of them strips types anew, with a WebAssembly
 * module of Node's own, and V8 may crash when threads make and free such code at once (nodejs/node#64500).
 */
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/node");

/** V8 may abort when threads make and free WebAssembly code at once while it guards pages by memory keys (nodejs/node#64500). */
const execArgv = ["--no-memory-protection-keys"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          testTimeout: 60_000,
          execArgv,
        },
      },
      { test: { name: "tidy", include: ["tools/tidy/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "e2e",
          include: ["test-e2e/**/*.e2e.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          // After the quick projects.
          sequence: { groupOrder: 1 },
        },
      },
    ],
    reporters: ["default", "./tools/vitest/plain-summary.ts"],
  },
});
