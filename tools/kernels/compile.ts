/**
 * Compiles AssemblyScript to WASM in memory, with the one set of flags that all kernels share.
 *
 * The compiler's version is pinned in package.json, so the same source gives the same bytes; the built
 * file is committed and tools/tidy/kernels.test.ts compares.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { main } from "assemblyscript/asc";

const FLAGS = [
  "-O3",
  "--runtime",
  "stub",
  // The host reserves the memory at start and several kernels may share it (law 6).
  "--importMemory",
  "--enable",
  "simd",
  "--enable",
  "bulk-memory",
  // Bounds are checked by hand where bytes are untrusted; nothing here may trap or throw.
  "--noAssert",
];

/** A kernel's source and the file that is built from it; paths from the root of the tree. */
export interface KernelSource {
  readonly source: string;
  readonly built: string;
}

/** Ending of files that are compiled with the kernel beside them, which imports them. */
const PART_SUFFIX = ".part.as.ts";

/** All kernels of the tree, sorted by path. */
export function kernelSources(root: string): KernelSource[] {
  return globSync("packages/*/src/**/*.as.ts", { cwd: root })
    .filter((source) => !source.endsWith(PART_SUFFIX))
    .toSorted()
    .map((source) => ({ source, built: source.replace(/\.as\.ts$/, ".wasm") }));
}

/** @throws {Error} with the compiler's own words when the source does not compile */
export async function compileKernel(root: string, source: string): Promise<Uint8Array> {
  let built: Uint8Array | undefined;
  const complaints: string[] = [];
  const { error } = await main([basename(source), "--outFile", "kernel.wasm", ...FLAGS], {
    // Only the kernel and its parts are on disk; the compiler brings its library along.
    readFile: (name) =>
      name === basename(source) || name.endsWith(PART_SUFFIX)
        ? readFileSync(join(root, dirname(source), name), "utf8")
        : null,
    writeFile: (name, contents) => {
      if (name === "kernel.wasm") built = Buffer.from(contents);
    },
    listFiles: () => [],
    stderr: { write: (text: string | Uint8Array) => complaints.push(String(text)) },
  });
  if (error || !built) {
    throw new Error(`Cannot compile ${source}: ${complaints.join("")}`, { cause: error });
  }
  return built;
}
