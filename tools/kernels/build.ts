/**
 * `pnpm kernels:build` compiles every `*.as.ts` into the `.wasm` beside it; with `--check` it only
 * says which built files are out of date and fails if there are any.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileKernel, kernelSources } from "./compile.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const checkOnly = process.argv.includes("--check");
let staleCount = 0;
for (const { source, built } of kernelSources(root)) {
  const bytes = await compileKernel(root, source);
  const path = join(root, built);
  const fresh = existsSync(path) && Buffer.compare(readFileSync(path), bytes) === 0;
  if (fresh) continue;
  staleCount += 1;
  if (!checkOnly) writeFileSync(path, bytes);
  process.stdout.write(
    `${checkOnly ? "out of date:" : "built"} ${built} (${bytes.length} bytes)\n`,
  );
}
if (checkOnly && staleCount > 0) process.exitCode = 1;
