import { describe, expect, test } from "vitest";
import { planOptions, startFlags } from "../start/flags.ts";
import { planCluster } from "../start/plan.ts";
import { type FlagTable, parseFlags } from "@tideline/service";
import { flags as vminsert } from "@tideline/vminsert";
import { flags as vmselect } from "@tideline/vmselect";
import { flags as vmstorage } from "@tideline/vmstorage";

function plan(...commandLine: string[]): ReturnType<typeof planCluster> {
  const parsed = parseFlags(startFlags, commandLine, {});
  if (parsed.want !== "run") throw new Error(`wants ${parsed.want}`);
  return planCluster(planOptions(parsed.values, { INIT_CWD: "/home/ada" }));
}

function flagOf(flags: readonly string[], name: string): string[] {
  return flags
    .filter((flag) => flag.startsWith(`-${name}=`))
    .map((flag) => flag.slice(name.length + 2));
}

function nodes(...commandLine: string[]): string[] {
  return plan(...commandLine)
    .stages.flat()
    .flatMap(({ flags }) => flagOf(flags, "storageNode"));
}

const TABLES: Readonly<Record<string, FlagTable>> = { vminsert, vmselect, vmstorage };

describe("the plan of `pnpm start`", () => {
  test("has the default ports, each once, and storage before those who dial it", () => {
    const { stages, remoteWriteUrl, dataSourceUrl } = plan();
    expect(stages.map((stage) => stage.map(({ name }) => name))).toEqual([
      ["vmstorage-1", "vmstorage-2"],
      ["vminsert", "vmselect"],
    ]);
    expect(stages.flat().flatMap(({ ports }) => ports)).toEqual([
      8482, 8400, 8401, 8483, 8402, 8403, 8480, 8481,
    ]);
    expect(remoteWriteUrl).toBe("http://127.0.0.1:8480/insert/0/prometheus/api/v1/write");
    expect(dataSourceUrl).toBe("http://127.0.0.1:8481/select/0/prometheus");
  });

  test("gives each program flags that it takes", () => {
    for (const { program, flags } of plan().stages.flat()) {
      expect(parseFlags(TABLES[program] ?? {}, flags, {}).want).toBe("run");
    }
  });

  test("listens on 127.0.0.1 alone", () => {
    for (const { flags } of plan().stages.flat()) {
      for (const name of ["httpListenAddr", "vminsertAddr", "vmselectAddr"]) {
        for (const address of flagOf(flags, name)) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
      }
    }
  });

  test("gives all programs together what is allowed", () => {
    const { stages } = plan("-memory.allowedBytes=1000MB");
    const sizes = stages
      .flat()
      .flatMap(({ flags }) => flagOf(flags, "memory.allowedBytes").map(Number));
    expect(sizes).toHaveLength(4);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1e9);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(0.99e9);
  });

  test("keeps node names, and so each node's series, when ports move", () => {
    expect(nodes("-portOffset=1000")).toContain("vmstorage-1@127.0.0.1:9400");
    expect(nodes("-portOffset=1000").map((node) => node.split("@")[0])).toEqual(
      nodes().map((node) => node.split("@")[0]),
    );
  });

  test.for([["-data=x"], ["--data", "x"], ["-storageDataPath=/home/ada/x"]])(
    "%j moves the data, from where it was called",
    (commandLine) => {
      const [storage] = plan(...commandLine).stages.flat();
      expect(flagOf(storage?.flags ?? [], "storageDataPath")).toEqual(["/home/ada/x/vmstorage-1"]);
    },
  );
});
