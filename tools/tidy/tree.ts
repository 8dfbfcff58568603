/** The source tree as the tests of the tree see it: packages, files, and what each file imports. */
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Package {
  /** Name of the folder, which is the name without the scope. */
  readonly name: string;
  /** Relative to the root. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface SourceFile {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** Tests, fixtures and benches may use more than the product may. */
  readonly isForTests: boolean;
}

export const SCOPE = "@tideline/";

/** Files of the tree by pattern, without what was installed or built; relative to the root, sorted. */
export function files(pattern: string): readonly string[] {
  return globSync(pattern, {
    cwd: ROOT,
    exclude: ["**/node_modules", "**/dist", "data"],
  }).toSorted();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(read(join(folder, "package.json"))) as Manifest;
}

export const packages: readonly Package[] = files("packages/*/package.json").map((path) => {
  const [, name = ""] = path.split("/");
  const folder = `packages/${name}`;
  return { name, folder, manifest: manifestOf(folder) };
});

export function sourceFiles(pattern: string): readonly SourceFile[] {
  return files(pattern)
    .filter((path) => !path.endsWith(".as.ts"))
    .map((path) => {
      const text = read(path);
      return { path, text, imports: importsOf(text), isForTests: isForTests(path) };
    });
}

/** `@scope/name` or `name` of a bare specifier, without the path behind it. */
export function packageNameOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function isForTests(path: string): boolean {
  return /\.test\.ts$|\/testing\/|\/bench\/|\/simulation\/|-fixtures\.ts$/.test(path);
}

const IMPORT =
  /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|\bnew URL\(\s*"(\.[^"]+)"/gm;

function importsOf(text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map(([, plain, dynamic, url]) => plain ?? dynamic ?? url ?? "");
}
