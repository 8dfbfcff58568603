/** The floors: a package imports only from floors below its own, in what it declares and in what it writes. */
import { describe, expect, test } from "vitest";
import { FLOORS } from "./floors.ts";
import { packageNameOf, packages, SCOPE, sourceFiles } from "./tree.ts";

const floorByPackage = new Map(
  FLOORS.flatMap((names, floor) => names.map((name) => [name, floor] as const)),
);

test("every package has a floor, and every name on a floor is a package", () => {
  expect([...floorByPackage.keys()].toSorted()).toEqual(
    packages.map(({ name }) => name).toSorted(),
  );
});

describe.for([...packages])("$name", ({ name, folder, manifest }) => {
  const own = floorByPackage.get(name) ?? -1;
  const isUpward = (dependency: string): boolean =>
    dependency.startsWith(SCOPE) &&
    (floorByPackage.get(dependency.slice(SCOPE.length)) ?? Infinity) >= own;

  test("declares no package of its own floor or above", () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.keys(declared).filter(isUpward)).toEqual([]);
  });

  test("imports no package of its own floor or above", () => {
    const upward = sourceFiles(`${folder}/**/*.ts`).flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => isUpward(packageNameOf(specifier)))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(upward).toEqual([]);
  });
});
