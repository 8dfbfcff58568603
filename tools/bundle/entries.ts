/**
 * Which files of the tree become bundles, and which are copied beside them.
 *
 * A worker entry is every `packages/<package>/src/**\/<name>-worker.ts`: the name is the convention, so a new worker
 * needs no list. Base names are the names in the image, hence a clash is an error here and not a surprise there.
 */
import { existsSync, globSync } from "node:fs";
import { basename, join } from "node:path";

/** The programs, by package: each has its `main.ts`. */
const PROGRAMS = ["vminsert", "vmselect", "vmsingle", "vmstorage", "tideline-inspect"] as const;

interface Entry {
  /** Name of the bundle, without `.js`. */
  readonly name: string;
  /** Absolute path of its source. */
  readonly path: string;
}

/**
 * @param root folder of the repository
 * @throws {Error} when a program has no main.ts or two entries share a name
 */
export function findEntries(root: string): readonly Entry[] {
  const programs = PROGRAMS.map((name) => {
    const path = join(root, "packages", name, "src/main.ts");
    if (!existsSync(path)) throw new Error(`${path}: each program has a main.ts`);
    return { name, path };
  });
  const workers = sourcesOf(root, "packages/*/src/**/*-worker.ts").map((path) => ({
    name: basename(path, ".ts"),
    path,
  }));
  const entries = [...programs, ...workers];
  refuseClashes(entries.map((entry) => `${entry.name}.js`));
  return entries;
}

/**
 * @param root folder of the repository
 * @returns absolute paths of the .wasm and .proto files that programs read
 * @throws {Error} when two share a base name
 */
export function findAssets(root: string): readonly string[] {
  const assets = [...sourcesOf(root, "packages/**/*.wasm"), ...sourcesOf(root, "proto/**/*.proto")];
  refuseClashes(assets.map((path) => basename(path)));
  return assets;
}

function isForeign(path: string): boolean {
  return basename(path) === "node_modules";
}

function sourcesOf(root: string, pattern: string): string[] {
  return globSync(pattern, { cwd: root, exclude: isForeign })
    .toSorted()
    .map((path) => join(root, path));
}

function refuseClashes(names: readonly string[]): void {
  const clash = names.find((name, index) => names.indexOf(name) !== index);
  if (clash !== undefined) {
    throw new Error(`two files would be ${clash} in the image: give one of them another name`);
  }
}
