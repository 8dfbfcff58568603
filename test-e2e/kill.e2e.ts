/**
 * `kill -9` of each program in turn, under write load: afterwards every acknowledged sample is there with its
 * value, bit for bit, and nothing is there that nobody wrote.
 *
 * TIDELINE_KILL_ROUNDS sets the number of rounds (20), TIDELINE_SEED the seed.
 */
import { seededRandom } from "@tideline/common/testing";
import { request } from "undici";
import { expect, test } from "vitest";
import { Cluster } from "./harness/cluster.ts";
import { TemporaryFolder } from "./harness/folder.ts";
import { LoadWriter } from "./harness/load-writer.ts";
import { untilAllNodesReachable } from "./harness/metrics.ts";
import { Program } from "./harness/program.ts";
import { Reader } from "./harness/reader.ts";
import { waitFor } from "./harness/wait.ts";

const ROUND_COUNT = Number(process.env["TIDELINE_KILL_ROUNDS"] ?? 20);
const SEED = Number(process.env["TIDELINE_SEED"] ?? 1);
const WRITER_COUNT = 4;
/** Acknowledged requests of each round, at most, before the next kill. */
const ROUND_ACK_COUNT_MAX = 60;
/** Attempts to write, at most, while a program is away. */
const GAP_ATTEMPT_COUNT_MAX = 8;
/** How often a kill comes while parts are written. */
const FLUSH_CHANCE = 0.5;

interface KillOptions {
  readonly roundCount: number;
  readonly programs: readonly Program[];
  /** Those of them that have a disk: some kills are to hit the writing of a part. */
  readonly storages: readonly Program[];
  readonly writeUrl: string;
  readonly reader: Reader;
  /** Settles when all is well after a start. */
  readonly untilWell: () => Promise<void>;
}

/** Does not wait: the kill may come at any moment of it. */
function askToFlush(storage: Program): void {
  request(`${storage.url}/internal/force_flush`).then(
    async ({ body }) => body.dump(),
    () => {}, // it was killed meanwhile
  );
}

/** Kills the programs in turn under load, then all at once, and compares what is there with what was sent. */
async function killInTurn(options: KillOptions): Promise<void> {
  const { programs, roundCount, untilWell } = options;
  const random = seededRandom(SEED);
  const writers = Array.from(
    { length: WRITER_COUNT },
    (_, index) => new LoadWriter({ name: `w${index}`, url: options.writeUrl, random }),
  );
  const total = (count: "ackCount" | "attemptCount"): number =>
    writers.reduce((sum, writer) => sum + writer[count], 0);
  const untilMore = async (count: "ackCount" | "attemptCount", more: number): Promise<void> => {
    const wanted = total(count) + more;
    await waitFor(() => total(count) >= wanted, { what: `${more} more of ${count}` });
  };

  const running = writers.map(async (writer) => writer.run());
  for (let round = 0; round < roundCount; round += 1) {
    await untilMore("ackCount", 1 + random.below(ROUND_ACK_COUNT_MAX));
    if (random.chance(FLUSH_CHANCE)) for (const storage of options.storages) askToFlush(storage);
    const victim = programs[round % programs.length];
    await victim?.kill();
    // Sometimes the senders hardly notice, sometimes they do.
    await untilMore("attemptCount", random.below(GAP_ATTEMPT_COUNT_MAX));
    await victim?.startAgain();
  }
  await untilWell();
  await untilMore("ackCount", WRITER_COUNT);
  for (const writer of writers) writer.stop();
  await Promise.all(running);

  // Once more for all of them: what counts is on disk.
  await Promise.all(programs.map(async (program) => program.kill()));
  await Promise.all(programs.map(async (program) => program.startAgain()));
  await untilWell();

  for (const writer of writers) {
    const { lost, changed, unknown, kept } = await writer.compare(options.reader);
    expect({ lost, changed, unknown }).toEqual({ lost: [], changed: [], unknown: [] });
    expect(kept).toBeGreaterThan(0);
  }
}

const timeout = 60_000 + ROUND_COUNT * 30_000;

test(
  `a cluster loses nothing acknowledged over ${ROUND_COUNT} kills (seed ${SEED})`,
  { timeout },
  async () => {
    await using cluster = await Cluster.start();
    await killInTurn({
      roundCount: ROUND_COUNT,
      programs: cluster.programs,
      storages: cluster.storages,
      writeUrl: cluster.writer().url,
      reader: cluster.reader(),
      untilWell: async () => untilAllNodesReachable(cluster.insert, cluster.select),
    });
    expect(cluster.programs.map((program) => program.child.hasExited)).not.toContain(true);
  },
);

const singleRoundCount = Math.ceil(ROUND_COUNT / 4);

test(`nor does a vmsingle over ${singleRoundCount} (seed ${SEED})`, { timeout }, async () => {
  using folder = new TemporaryFolder();
  const flags = [`-storageDataPath=${folder.at("data")}`];
  const single = await Program.start({ program: "vmsingle", flags });
  await killInTurn({
    roundCount: singleRoundCount,
    programs: [single],
    storages: [single],
    writeUrl: `${single.url}/api/v1/write`,
    reader: new Reader(single.url),
    untilWell: async () => {},
  });
  expect(single.child.hasExited).toBe(false);
  await single.stop();
});
