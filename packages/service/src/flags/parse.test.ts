import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, expectTypeOf, test } from "vitest";
import { flagsMarkdown, helpText } from "./help.ts";
import {
  address,
  addressList,
  boolean,
  byteSize,
  durationMs,
  enumeration,
  type FlagValues,
  integer,
  list,
  number,
  retentionMs,
  secret,
  text,
} from "./kinds.ts";
import { FlagError, parseFlags } from "./parse.ts";

const table = {
  storageDataPath: text({ default: "./data", help: "Where data lives" }),
  storageNode: list({ help: "Nodes" }),
  "search.maxQueryDuration": durationMs({ default: "30s", help: "Longest query" }),
  retentionPeriod: retentionMs({ default: "1", minMs: 86_400_000, help: "How long" }),
  maxSize: byteSize({ default: "32MiB", min: 1, help: "Largest body" }),
  lanes: integer({ default: 0, max: 64, help: "Lanes" }),
  percent: number({ default: 60, min: 1, max: 100, help: "Share" }),
  fast: boolean({ help: "Faster | better" }),
  format: enumeration({ words: ["default", "json"], default: "default", help: "Format" }),
  password: secret({ help: "Password" }),
  listen: address({ default: ":8480", help: "Where" }),
  listens: addressList({ default: ":8480,127.0.0.1:0", help: "Where" }),
  "envflag.enable": boolean({ help: "Read the environment" }),
  "envflag.prefix": text({ help: "Prefix" }),
};

function run(
  commandLine: readonly string[],
  environment: Record<string, string> = {},
): FlagValues<typeof table> {
  const parsed = parseFlags(table, commandLine, environment);
  if (parsed.want !== "run") throw new Error(`wants ${parsed.want}`);
  return parsed.values;
}

test("values have the types of their flags, and defaults when not given", () => {
  const values = run([]);
  expect(values).toEqual({
    storageDataPath: "./data",
    storageNode: [],
    "search.maxQueryDuration": 30_000,
    retentionPeriod: 31 * 86_400_000,
    maxSize: 32 * 2 ** 20,
    lanes: 0,
    percent: 60,
    fast: false,
    format: "default",
    password: "",
    listen: { host: "", port: 8480 },
    listens: [
      { host: "", port: 8480 },
      { host: "127.0.0.1", port: 0 },
    ],
    "envflag.enable": false,
    "envflag.prefix": "",
  });
  expectTypeOf(values.storageNode).toEqualTypeOf<readonly string[]>();
  expectTypeOf(values.format).toEqualTypeOf<"default" | "json">();
  expectTypeOf(values.lanes).toEqualTypeOf<number>();
});

describe("command lines", () => {
  test.for([
    { commandLine: ["-lanes=4"], name: "lanes", value: 4 },
    { commandLine: ["--lanes=4"], name: "lanes", value: 4 },
    { commandLine: ["-lanes", "4"], name: "lanes", value: 4 },
    { commandLine: ["-lanes=4", "-lanes=5"], name: "lanes", value: 5 },
    { commandLine: ["-fast"], name: "fast", value: true },
    { commandLine: ["-fast=true"], name: "fast", value: true },
    { commandLine: ["-fast=1"], name: "fast", value: true },
    { commandLine: ["-fast=0"], name: "fast", value: false },
    { commandLine: ["-fast", "-lanes=4"], name: "fast", value: true },
    { commandLine: ["-storageDataPath="], name: "storageDataPath", value: "" },
    { commandLine: ["-storageDataPath=a=b"], name: "storageDataPath", value: "a=b" },
    { commandLine: ["-storageDataPath", "-x"], name: "storageDataPath", value: "-x" },
    {
      commandLine: ["-storageNode=a,b", "-storageNode=c"],
      name: "storageNode",
      value: ["a", "b", "c"],
    },
    { commandLine: ['-storageNode="a,b",c'], name: "storageNode", value: ["a,b", "c"] },
    {
      commandLine: ["-search.maxQueryDuration=1h30m"],
      name: "search.maxQueryDuration",
      value: 5_400_000,
    },
    { commandLine: ["-retentionPeriod=100y"], name: "retentionPeriod", value: 36_500 * 86_400_000 },
    { commandLine: ["-maxSize=64KB"], name: "maxSize", value: 64_000 },
    { commandLine: ["-percent=12.5"], name: "percent", value: 12.5 },
    { commandLine: ["-format=json"], name: "format", value: "json" },
    { commandLine: ["-listen=[::1]:0"], name: "listen", value: { host: "::1", port: 0 } },
  ] as const)("$commandLine", ({ commandLine, name, value }) => {
    expect(run(commandLine)[name]).toEqual(value);
  });

  test.for([
    {
      commandLine: ["-storageNodes=a"],
      message: /^Unknown flag -storageNodes; the nearest known one is -storageNode\./,
    },
    {
      commandLine: ["-search.maxQueryDurations=5s"],
      message: /-search\.maxQueryDurations; .* -search\.maxQueryDuration\./,
    },
    { commandLine: ["-toString=1"], message: /Unknown flag -toString/ },
    {
      commandLine: ["-lanes=many"],
      message: /^Cannot read -lanes="many": want an integer from 0 to 64$/,
    },
    { commandLine: ["-lanes=65"], message: /-lanes="65"/ },
    { commandLine: ["-lanes"], message: /^Cannot find the value of -lanes/ },
    { commandLine: ["-search.maxQueryDuration=5"], message: /="5": want a duration/ },
    { commandLine: ["-retentionPeriod=5h"], message: /at least 24h/ },
    { commandLine: ["-maxSize=0"], message: /at least 1 bytes/ },
    { commandLine: ["-percent=101"], message: /from 1 to 100/ },
    { commandLine: ["-fast=maybe"], message: /-fast="maybe": want true, false/ },
    { commandLine: ["-fast", "true"], message: /^Cannot take "true"/ },
    { commandLine: ["-format=xml"], message: /want one of default, json/ },
    { commandLine: ["-listen=8480"], message: /want host:port/ },
    { commandLine: ["-listens=:1,8480"], message: /want host:port/ },
    { commandLine: ['-storageNode="a'], message: /separated by commas/ },
    { commandLine: ["storageNode=a"], message: /^Cannot take "storageNode=a"/ },
    { commandLine: ["-"], message: /^Cannot take "-"/ },
    { commandLine: ["-storageDataPath=%{TIDELINE_NONE}"], message: /no such environment variable/ },
    { commandLine: ["-password=file:///no/such/file"], message: /-password="secret"/ },
  ])("$commandLine is refused", ({ commandLine, message }) => {
    expect(() => run(commandLine)).toThrow(FlagError);
    expect(() => run(commandLine)).toThrow(message);
  });

  test.for([["-help"], ["--help"], ["-h"], ["-lanes=4", "-help"]])(
    "%j wants help",
    (commandLine) => {
      expect(parseFlags(table, commandLine, {}).want).toBe("help");
    },
  );

  test("-version wants the version", () => {
    expect(parseFlags(table, ["-version"], {}).want).toBe("version");
  });
});

describe("the environment", () => {
  const environment = {
    VM_search_maxQueryDuration: "5s",
    VM_storageNode: "a,b",
    lanes: "3",
    VM_fast: "",
  };

  test("is asked only with -envflag.enable", () => {
    expect(run([], environment).lanes).toBe(0);
    expect(run(["-envflag.enable=false"], environment).lanes).toBe(0);
    expect(run(["-envflag.enable"], environment).lanes).toBe(3);
  });

  test("has underscores for dots, and a prefix", () => {
    const values = run(["-envflag.enable", "-envflag.prefix=VM_"], environment);
    expect(values["search.maxQueryDuration"]).toBe(5_000);
    expect(values.storageNode).toEqual(["a", "b"]);
    expect(values.lanes).toBe(0);
    expect(values.fast).toBe(false);
  });

  test("gives way to the command line", () => {
    const values = run(["-envflag.enable", "-envflag.prefix=VM_", "-storageNode=c"], environment);
    expect(values.storageNode).toEqual(["c"]);
  });

  test("fills %{NAME} inside values", () => {
    expect(run(["-storageDataPath=/data/%{POD}/%{POD}"], { POD: "x-0" }).storageDataPath).toBe(
      "/data/x-0/x-0",
    );
  });
});

test("a secret is read from a file and shown nowhere", () => {
  const folder = mkdtempSync(join(tmpdir(), "tideline-flags-"));
  try {
    const path = join(folder, "password");
    writeFileSync(path, "open sesame\n");
    const parsed = parseFlags(table, [`-password=${pathToFileURL(path).href}`], {});
    if (parsed.want !== "run") throw new Error("wants a run");
    expect(parsed.values.password).toBe("open sesame");
    expect(parsed.states).toContainEqual({ name: "password", text: "secret", isSet: true });
    expect(parsed.states).toContainEqual({ name: "lanes", text: "0", isSet: false });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("help and the docs name each flag with its default", () => {
  const help = helpText("vmtest", "tests flags", table);
  const markdown = flagsMarkdown(table);
  for (const name of Object.keys(table)) {
    expect(help).toContain(`  -${name} `);
    expect(markdown).toContain(`| \`-${name}\` |`);
  }
  expect(help).toContain("Longest query (default 30s)");
  expect(markdown).toContain("Faster \\| better");
});
