/** Kernels: what is committed is what the sources give, and bundles can lay all of it into one folder. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compileKernel, kernelSources } from "../kernels/compile.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kernels = kernelSources(root);

describe.for(kernels)("$source", ({ source, built }) => {
  test("gives the committed .wasm byte for byte (else run `pnpm kernels:build`)", async () => {
    const bytes = await compileKernel(root, source);
    expect(Buffer.compare(readFileSync(join(root, built)), bytes)).toBe(0);
  });
});

test("no two kernels share a file name", () => {
  const names = kernels.map(({ built }) => basename(built));
  expect(names).toEqual([...new Set(names)]);
});
