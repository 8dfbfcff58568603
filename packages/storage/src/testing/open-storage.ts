/** For tests of whole storages: folders that go away afterwards, and storages that are closed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { defaultStorageOptions, type StorageOptions } from "../options.ts";
import { Storage } from "../storage.ts";

const DAY_MS = 24 * 3_600_000;
const SILENT_LOG = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A folder for the test that is running. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tideline-storage-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function testOptions(dataPath: string, rest: Partial<StorageOptions> = {}): StorageOptions {
  return {
    ...defaultStorageOptions(dataPath),
    laneCount: 2,
    retentionMs: 10_000 * DAY_MS,
    memoryBudgetSize: 640 * 2 ** 20,
    walSyncIntervalMs: 50,
    ...rest,
  };
}

/** A storage on real threads; closed when the test ends, unless it was before. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const fatal: Error[] = [];
  const storage = await Storage.open(options, {
    log: SILENT_LOG,
    onFatal: (error) => fatal.push(error),
  });
  onTestFinished(async () => {
    await storage.close();
    if (fatal[0]) throw fatal[0];
  });
  return storage;
}
