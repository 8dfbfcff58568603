import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@tideline/common/testing";
import { expect, onTestFinished, test } from "vitest";
import { addRow, everything, readSamples, winner, type Samples } from "./lane/lane-fixtures.ts";
import { openStorage, testFolder, testOptions } from "./testing/open-storage.ts";
import { rowsOfRound } from "./testing/writing-child.ts";

const CHILD = fileURLToPath(new URL("./testing/writing-child.ts", import.meta.url));

/** Runs the child until it has told `count` rounds, then kills it; returns the last round that it told. */
async function writeAndKill(
  dataPath: string,
  { firstRound, startMs, count }: { firstRound: number; startMs: number; count: number },
): Promise<number> {
  const child = spawn(process.execPath, [CHILD, dataPath, String(firstRound), String(startMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const exited = once(child, "exit");
  let lastRound = firstRound - 1;
  for await (const line of createInterface({ input: child.stdout })) {
    lastRound = Number(line.replace("round ", ""));
    if (lastRound >= firstRound + count) child.kill("SIGKILL");
  }
  await exited;
  return lastRound;
}

test(
  "after kill -9 every acknowledged sample is there, bit for bit",
  { timeout: 240_000 },
  async () => {
    const dataPath = testFolder();
    const random = seededRandom(Number(process.env["TIDELINE_SEED"] ?? 1));
    const startMs = Date.now() - 3_600_000;
    const samples: Samples = new Map();
    let round = 0;
    for (let kill = 0; kill < 4; kill += 1) {
      const count = random.below(400);
      const lastRound = await writeAndKill(dataPath, { firstRound: round, startMs, count });
      for (; round <= lastRound; round += 1) {
        for (const row of rowsOfRound(round, startMs)) addRow(samples, row);
      }
      // The round that was on its way may be there or not; the next child writes it again.
      const storage = await openStorage(testOptions(dataPath));
      const found = await readSamples(storage, everything());
      expect(found.missing).toEqual([]);
      const lost: string[] = [];
      for (const [key, series] of samples) {
        for (const [ms, bits] of series) {
          const there = found.samples.get(key)?.get(ms);
          if (there === undefined || winner(there, bits) !== there) lost.push(`${key} ${ms}`);
        }
      }
      expect(lost).toEqual([]);
      await storage.close();
    }
  },
);
