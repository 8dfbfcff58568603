import { FakeDisk } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { EXIT_SOUND, EXIT_USAGE, inspect } from "./inspect.ts";

function call(...args: string[]) {
  const disk = new FakeDisk();
  disk.mkdir("/empty");
  const out: string[] = [];
  const err: string[] = [];
  const code = inspect(args, {
    disk,
    print: (line) => out.push(line),
    complain: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

test.for(["--help", "-help", "-h"])("%s tells the commands", (arg) => {
  const { code, out, err } = call(arg);
  expect(code).toBe(EXIT_SOUND);
  expect(out).toMatch(/check DIR[\s\S]*list DIR[\s\S]*series DIR SELECTOR[\s\S]*Exit codes/);
  expect(err).toBe("");
});

test.for([
  [],
  ["check"],
  ["check", "/empty", "more"],
  ["series", "/empty"],
  ["fly", "/empty"],
  ["check", "--deep", "/empty"],
  ["series", "/empty", "up{"],
  ["series", "/empty", "up", "--tenant=nobody"],
  ["check", "/empty"],
  ["check", "/nowhere"],
])("%j is a matter of usage", (args) => {
  const { code, out, err } = call(...args);
  expect(code).toBe(EXIT_USAGE);
  expect(out).toBe("");
  expect(err).toMatch(/^tideline-inspect: /);
});
