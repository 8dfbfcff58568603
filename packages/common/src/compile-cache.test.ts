import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";

test("a process leaves what it has compiled while it runs, so that it may be killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tideline-compiled-"));
  const source = new URL("compile-cache.ts", import.meta.url).href;
  const program = `import { keepCompiledSources } from "${source}"; keepCompiledSources(); setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: { ...process.env, NODE_COMPILE_CACHE: folder },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await vi.waitFor(
    () => {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true });
      expect(files.filter((file) => file.isFile())).not.toEqual([]);
    },
    { timeout: 20_000, interval: 50 },
  );
  expect(child.exitCode).toBeNull();
});
