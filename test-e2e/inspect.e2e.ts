/** The command `bin/tideline-inspect` on the folder of a storage that runs, and on one that is damaged. */
import { execFile } from "node:child_process";
import { globSync, openSync, closeSync, readSync, writeSync } from "node:fs";
import { expect, test } from "vitest";
import { request } from "undici";
import { TemporaryFolder } from "./harness/folder.ts";
import { REPOSITORY } from "./harness/paths.ts";
import { Program } from "./harness/program.ts";
import { sample, type Series } from "./harness/samples.ts";
import { Writer } from "./harness/writer.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 120_000;

function series(count: number): Series[] {
  return Array.from({ length: count }, (_, index) => ({
    labels: { __name__: "seen", index: String(index) },
    samples: [sample(startMs, index), sample(startMs + 15_000, index)],
  }));
}

function inspect(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(`${REPOSITORY}/bin/tideline-inspect`, args, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

test("it tells a running folder sound, shows a series, and finds a flipped bit", async () => {
  using folder = new TemporaryFolder();
  const data = folder.at("data");
  const single = await Program.start({ program: "vmsingle", flags: [`-storageDataPath=${data}`] });
  try {
    await new Writer(`${single.url}/api/v1/write`).write(series(50));
    const flushed = await request(`${single.url}/internal/force_flush`);
    await flushed.body.dump();
    await new Writer(`${single.url}/api/v1/write`).write(series(10));
    const sound = await inspect("check", data);
    expect(sound).toMatchObject({ code: 0, err: "" });
    expect(sound.out).toMatch(/part g\d+\.part .* series, \d+ samples/);
    expect(sound.out).toMatch(/\nsound\n$/);
    const shown = await inspect("series", data, 'seen{index="7"}');
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(/index="7".*tenant 0:0\n.*\.part: 1 blocks\n +2 samples/);
    expect(shown.out).toMatch(/wal.*: 2 rows/);
  } finally {
    await single.stop();
  }
  const [part = ""] = globSync(`${data}/lane-*/parts/*.part`);
  const file = openSync(part, "r+");
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, 40);
  byte[0] = (byte[0] ?? 0) ^ 1;
  writeSync(file, byte, 0, 1, 40);
  closeSync(file);
  const damaged = await inspect("check", data, "--json");
  expect(damaged.code).toBe(1);
  expect(JSON.parse(damaged.out)).toMatchObject({ damage: [expect.stringContaining(part)] });
  expect((await inspect("list", data)).code).toBe(0);
  expect((await inspect("look", data)).code).toBe(2);
});
