import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const PROGRAMS = ["vminsert", "vmselect", "vmsingle", "vmstorage", "tideline-inspect"];
const BIN = fileURLToPath(new URL("../../bin/", import.meta.url));

/** A launcher without its program's name and without the heap it starts with: those who answer queries have a larger one. */
function launcherText(program: string): string {
  return readFileSync(join(BIN, program), "utf8")
    .replaceAll(program, "PROGRAM")
    .replace(/ --initial-old-space-size=(32|64) /, " ");
}

test.for(PROGRAMS)("bin/%s is the same launcher but for its name and first heap", (program) => {
  expect(launcherText(program)).toBe(launcherText("vminsert"));
});

describe("a launcher in a house of its own", () => {
  let house = "";
  beforeAll(() => {
    house = mkdtempSync(join(tmpdir(), "tideline launchers "));
    cpSync(BIN, join(house, "bin"), { recursive: true });
    for (const folder of ["packages/vminsert/src", "node_modules/.bin", "elsewhere"]) {
      mkdirSync(join(house, folder), { recursive: true });
    }
    symlinkSync(process.execPath, join(house, "node_modules/.bin/node"));
    writeFileSync(
      join(house, "packages/vminsert/src/main.ts"),
      "process.stdout.write(JSON.stringify([process.ppid, process.argv.slice(2), process.env.NODE_COMPILE_CACHE]));",
    );
    symlinkSync("../bin/vminsert", join(house, "elsewhere/relative"));
    symlinkSync(join(house, "elsewhere/relative"), join(house, "elsewhere/absolute"));
  });
  afterAll(() => {
    rmSync(house, { recursive: true });
  });

  test.for([
    { name: "by its path", command: "bin/vminsert", folder: "/" },
    { name: "from its own folder", command: "bin/vminsert", folder: "bin" },
    { name: "through a relative link", command: "elsewhere/relative", folder: "/" },
    { name: "through a link to a link", command: "elsewhere/absolute", folder: "elsewhere" },
  ])(
    "becomes the program when called $name, with its arguments as they are",
    ({ command, folder }) => {
      const output = execFileSync(join(house, command), ["-a=b c", "", '-d="e,f"'], {
        cwd: folder === "/" ? folder : join(house, folder),
        encoding: "utf8",
        env: { PATH: "/usr/bin:/bin" },
      });
      expect(JSON.parse(output)).toEqual([
        process.pid,
        ["-a=b c", "", '-d="e,f"'],
        expect.stringMatching(/launchers [^/]*\/node_modules\/\.cache\/node$/),
      ]);
    },
  );

  test("says what is missing without Node 24", () => {
    rmSync(join(house, "node_modules/.bin/node"));
    const old = join(house, "old/node");
    mkdirSync(join(house, "old"));
    writeFileSync(old, "#!/bin/sh\necho 20\n");
    chmodSync(old, 0o755);
    const call = (path: string) => () =>
      execFileSync(join(house, "bin/vminsert"), { env: { PATH: path }, stdio: "pipe" });
    expect(call(`${join(house, "old")}:/usr/bin:/bin`)).toThrow("vminsert needs Node 24 or newer");
  });
});
