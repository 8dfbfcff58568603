import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "@tideline/model";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog, type Log, type LogOptions } from "./logger.ts";

let folder = "";
let file = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tideline-log-"));
  file = openSync(join(folder, "log"), "w");
});
afterEach(() => {
  closeSync(file);
  rmSync(folder, { recursive: true });
});

function logging(options: Partial<LogOptions>, write: (log: Log) => void): string[] {
  write(
    createLog({ component: "vmtest", format: "default", level: "INFO", output: file, ...options }),
  );
  return readFileSync(join(folder, "log"), "utf8").split("\n").slice(0, -1);
}

test("a default line is time, level, component and message between tabs, then the fields", () => {
  const [line] = logging({}, (log) => {
    log.info({ partCount: 3, path: "/a b", name: "x" }, "merged parts");
  });
  const [time, ...rest] = (line ?? "").split("\t");
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(rest).toEqual(["info", "vmtest", 'merged parts partCount=3 path="/a b" name=x']);
});

test("without fields the message ends the line", () => {
  const [line] = logging({}, (log) => {
    log.info({}, "accepting vminsert conns at 127.0.0.1:8400");
  });
  expect(line).toMatch(/accepting vminsert conns at 127\.0\.0\.1:8400$/);
});

test("each line stays one line, whatever its fields hold", () => {
  const lines = logging({}, (log) => {
    log.error({ error: new Error("two\nlines") }, "failed");
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(String.raw`error="Error: two\nlines\n    at `);
});

test("an error of a known class shows its code in place of a stack", () => {
  const [line] = logging({}, (log) => {
    log.warn({ error: new InputError("TIDELINE_X", "Cannot") }, "failed");
  });
  expect(line).toMatch(/failed error="InputError: Cannot \(TIDELINE_X\)"$/);
});

test("json lines are objects with the level as a word", () => {
  const [line] = logging({ format: "json" }, (log) => {
    log.child({ component: "lane" }).warn({ rowCount: 2 }, "late rows");
  });
  expect(JSON.parse(line ?? "")).toMatchObject({
    level: "warn",
    msg: "late rows",
    rowCount: 2,
    component: "lane",
    ts: expect.any(String),
  });
});

test("a child's lines name the child once", () => {
  const [line, jsonLine] = [
    ...logging({}, (log) => {
      log.child({ component: "lane" }).info({}, "up");
    }),
  ];
  expect(line).toMatch(/\tinfo\tlane\tup$/);
  expect(jsonLine).toBeUndefined();
});

test("lines under the level are neither written nor counted", () => {
  const counted: string[] = [];
  const lines = logging({ level: "ERROR", onLine: (level) => counted.push(level) }, (log) => {
    log.info({}, "no");
    log.warn({}, "no");
    log.error({}, "yes");
    log.fatal({}, "yes");
  });
  expect(lines).toHaveLength(2);
  expect(counted).toEqual(["error", "fatal"]);
});
