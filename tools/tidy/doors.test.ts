/**
 * The front doors: a package is entered through `src/index.ts` alone, which is a tour and a list and nothing else.
 */
import { describe, expect, test } from "vitest";
import { packageNameOf, packages, read, SCOPE, sourceFiles } from "./tree.ts";

const DOOR_LINES_MAX = 40;

describe.for([...packages])("the door of $name", ({ folder, manifest }) => {
  const path = `${folder}/src/index.ts`;

  test("is what the manifest exports, with ./testing beside it at most", () => {
    const { ".": door, "./testing": testing, ...others } = manifest.exports ?? {};
    expect(door).toBe("./src/index.ts");
    expect([undefined, "./src/testing/index.ts"]).toContain(testing);
    expect(others).toEqual({});
  });

  test(`opens with a tour and has ${DOOR_LINES_MAX} lines at most`, () => {
    const text = read(path);
    expect(text.startsWith("/**")).toBe(true);
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(DOOR_LINES_MAX);
  });

  test("holds named exports from files of the package and nothing else", () => {
    const code = read(path).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const statements = code.split(";").map((statement) => statement.trim());
    const others = statements.filter(
      (statement) =>
        statement !== "" && !/^export (?:type )?\{[^}]*\} from "\.\/[^"]+"$/.test(statement),
    );
    expect(others).toEqual([]);
  });

  test("is not used from inside", () => {
    const own = sourceFiles(`${folder}/**/*.ts`).flatMap((file) =>
      file.imports
        .filter((specifier) => {
          if (packageNameOf(specifier) === manifest.name) return true;
          const target = new URL(specifier, `file:///${file.path}`).pathname;
          return specifier.startsWith(".") && target === `/${path}`;
        })
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(own).toEqual([]);
  });
});

/** `packages/x`, or nothing for what lies outside of packages. */
function roomOf(path: string): string {
  return path.startsWith("packages/") ? path.split("/").slice(0, 2).join("/") : "";
}

describe("whoever is outside", () => {
  const outside = sourceFiles("{packages,tools,test-e2e,bench}/**/*.ts");
  const doors = new Set(
    packages.flatMap(({ manifest }) =>
      Object.keys(manifest.exports ?? {}).map((door) => manifest.name + door.slice(1)),
    ),
  );

  test("comes in by a door", () => {
    const windows = outside.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith(SCOPE) && !doors.has(specifier))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(windows).toEqual([]);
  });

  test("takes fakes and contract suites for tests alone", () => {
    const inProduct = sourceFiles("packages/*/src/**/*.ts")
      .filter(
        ({ isForTests, imports }) => !isForTests && imports.some((one) => one.endsWith("/testing")),
      )
      .map(({ path }) => path);
    expect(inProduct).toEqual([]);
  });

  test("never reaches into a package by a relative path", () => {
    const reaching = outside.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith("."))
        .filter((specifier) => {
          const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
          const isSource = target.endsWith(".ts") || target.endsWith(".wasm");
          return isSource && roomOf(target) !== "" && roomOf(target) !== roomOf(path);
        })
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(reaching).toEqual([]);
  });
});
