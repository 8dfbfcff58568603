/** What a file imports is declared where it stands: nothing works by the accident of what others installed. */
import { describe, expect, test } from "vitest";
import { type Manifest, manifestOf, packageNameOf, packages, sourceFiles } from "./tree.ts";

const root = Object.keys(manifestOf(".").devDependencies ?? {});

/** Each folder with a manifest of its own. */
const rooms = [
  ...packages.map(({ folder, manifest }) => ({ folder, manifest, isProduct: true })),
  ...["bench", "test-e2e", "tools"].map((folder) => ({
    folder,
    manifest: manifestOf(folder),
    isProduct: false,
  })),
];

describe.for(rooms)("$folder", ({ folder, manifest, isProduct }) => {
  test("imports only what its manifest declares", () => {
    const undeclared = sourceFiles(`${folder}/**/*.ts`).flatMap(({ path, imports, isForTests }) => {
      const declared = declaredNames(manifest, isForTests || !isProduct);
      return imports
        .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
        .filter((specifier) => !declared.has(packageNameOf(specifier)))
        .map((specifier) => `${path} imports ${specifier}`);
    });
    expect(undeclared).toEqual([]);
  });
});

/** What ships may not lean on what is there for development; tests may, and on the tools of the root too. */
function declaredNames(manifest: Manifest, isForDevelopment: boolean): ReadonlySet<string> {
  const names = Object.keys(manifest.dependencies ?? {});
  if (isForDevelopment) names.push(...Object.keys(manifest.devDependencies ?? {}), ...root);
  return new Set(names);
}
