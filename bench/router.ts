/**
 * CPU of the row router with its encoding: batches of known series over 2 × 4 lanes, all answered at once.
 *
 *   node bench/router.ts [seconds] [rows per batch]
 *
 * Prints CPU-µs per 1k rows, for timestamps that are all equal and for ones that differ.
 */
import { IDENTITY_SIZE, identityRange, type RowBatch } from "@tideline/model";
import { rowBlockAnswer, RowRouter, type RowTarget } from "@tideline/wire";
import { randomFillSync } from "node:crypto";

const SERIES_COUNT = 100_000;
const LANE_COUNT = 8;

const seconds = Number(process.argv[2] ?? 3);
const rowsPerBatch = Number(process.argv[3] ?? 10_000);
const identities = new Uint8Array(SERIES_COUNT * IDENTITY_SIZE);
randomFillSync(identities);
const series = { epoch: 0, refCount: SERIES_COUNT, identities, keyOf: () => new Uint8Array(200) };

function batchAt(start: number, spreadMs: number): RowBatch {
  return {
    series,
    rowCount: rowsPerBatch,
    refs: Uint32Array.from({ length: rowsPerBatch }, (_, i) => (start + i) % SERIES_COUNT),
    timestampsMs: Float64Array.from(
      { length: rowsPerBatch },
      (_, i) => 1_700_000_000_000 + (i % 100) * spreadMs,
    ),
    values: Float64Array.from({ length: rowsPerBatch }, (_, i) => i * 1.5),
  };
}

async function run(name: string, spreadMs: number): Promise<void> {
  let size = 0;
  const kept = Promise.resolve(rowBlockAnswer("kept"));
  const targets = Array.from({ length: LANE_COUNT }, (_, i): RowTarget => ({
    name: `lane-${i}`,
    send: (block) => {
      size += block.length;
      return kept;
    },
  }));
  const router = new RowRouter({
    targets,
    chooseTarget: (bytes, offset) => identityRange(bytes, LANE_COUNT, offset),
  });
  const batches = Array.from({ length: SERIES_COUNT / rowsPerBatch }, (_, i) =>
    batchAt(i * rowsPerBatch, spreadMs),
  );
  const rounds = async (untilMs: number): Promise<number> => {
    let rows = 0;
    while (performance.now() < untilMs) {
      for (const batch of batches) {
        await router.write(batch);
        rows += batch.rowCount;
      }
    }
    return rows;
  };
  await rounds(performance.now() + 1000);
  size = 0;
  const before = process.cpuUsage();
  const rows = await rounds(performance.now() + seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  const micros = ((user + system) / rows) * 1000;
  process.stdout.write(
    `${name}: ${micros.toFixed(1)} CPU-µs per 1k rows, ${(size / rows).toFixed(2)} bytes a row\n`,
  );
}

await run("equal timestamps", 0);
await run("timestamps that differ", 7);
