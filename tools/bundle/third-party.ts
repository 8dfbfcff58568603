/**
 * The licences of the packages that went into the bundles, as one text: their terms ask that the notice travels
 * along, and inside a bundle nothing else of the package is left.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

/**
 * @param root folder of the repository
 * @param inputs files that were bundled, relative to `root`
 * @throws {Error} when a package names no licence
 */
export function thirdPartyNotice(root: string, inputs: readonly string[]): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    if (input.includes("node_modules/")) folders.add(packageFolder(join(root, input)));
  }
  const notices = [...folders].map((folder) => notice(folder)).toSorted();
  return `The programs in this folder contain the following packages.\n\n${notices.join("\n")}`;
}

/** The nearest folder above whose manifest has a name and a version (some have inner manifests for the module type). */
function packageFolder(path: string): string {
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) {
    if (!existsSync(join(folder, "package.json"))) continue;
    const { name, version } = manifestOf(folder);
    if (name !== undefined && version !== undefined) return folder;
  }
  throw new Error(`${path}: belongs to no package`);
}

function notice(folder: string): string {
  const { name, version, license } = manifestOf(folder);
  const files = globSync("{LICEN[CS]E,COPYING,NOTICE}{,.*,-*}", { cwd: folder }).toSorted();
  if (license === undefined && files.length === 0) {
    throw new Error(`${folder}: names no licence, so it cannot go into an image`);
  }
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`== ${name} ${version} (${license ?? "see below"})`, ...texts, ""].join("\n\n");
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}
