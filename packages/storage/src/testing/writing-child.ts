/**
 * A process of its own that writes to a storage until it is killed (storage-kill.test.ts). It tells each write on
 * stdout, but only once it is acknowledged: `round N`.
 */
import { seededRandom } from "@tideline/common/testing";
import { FakeSeriesTable } from "@tideline/wire/testing";
import { batchOf, randomRows, SILENT_LOG, type Row } from "../lane/lane-fixtures.ts";
import { defaultStorageOptions } from "../options.ts";
import { Storage } from "../storage.ts";

/** The rows of a round: the same in child and parent. */
export function rowsOfRound(round: number, startMs: number): Row[] {
  return randomRows(seededRandom(round + 1), startMs + round * 50, 100);
}

async function main(dataPath: string, firstRound: number, startMs: number): Promise<void> {
  const storage = await Storage.open(
    {
      ...defaultStorageOptions(dataPath),
      laneCount: 2,
      memoryBudgetSize: 2 ** 29,
      walSyncIntervalMs: 20,
      flushWalSize: 400_000,
    },
    {
      log: SILENT_LOG,
      onFatal: (error) => {
        throw error;
      },
    },
  );
  const table = new FakeSeriesTable();
  for (let round = firstRound; ; round += 1) {
    await storage.write(batchOf(table, rowsOfRound(round, startMs)));
    process.stdout.write(`round ${round}\n`);
  }
}

if (import.meta.main) {
  const [dataPath = "", firstRound, startMs] = process.argv.slice(2);
  await main(dataPath, Number(firstRound), Number(startMs));
}
