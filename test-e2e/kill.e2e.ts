/**
 * `kill -9` of each program in turn, under write load: afterwards every acknowledged sample is there with its
 * value, bit for bit, and nothing is there that nobody wrote.
 *
 * TIDELINE_KILL_ROUNDS sets the number of rounds (20), TIDELINE_SEED the seed.
 */
import { seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { Cluster } from "./harness/cluster.ts";
import { LoadWriter } from "./harness/load-writer.ts";
import { untilAllNodesReachable } from "./harness/metrics.ts";
import { waitFor } from "./harness/wait.ts";

const ROUND_COUNT = Number(process.env["TIDELINE_KILL_ROUNDS"] ?? 20);
const SEED = Number(process.env["TIDELINE_SEED"] ?? 1);
const WRITER_COUNT = 4;
/** Acknowledged requests of each round, at most, before the next kill. */
const ROUND_ACK_COUNT_MAX = 60;

test(
  `nothing acknowledged is lost over ${ROUND_COUNT} kills (seed ${SEED})`,
  { timeout: 60_000 + ROUND_COUNT * 30_000 },
  async () => {
    const random = seededRandom(SEED);
    await using cluster = await Cluster.start({ storageFlags: ["-retentionPeriod=10y"] });
    const writers = Array.from(
      { length: WRITER_COUNT },
      (_, index) => new LoadWriter({ name: `w${index}`, url: cluster.writer().url, random }),
    );
    const ackCount = (): number => writers.reduce((sum, writer) => sum + writer.ackCount, 0);
    const untilAcks = async (more: number): Promise<void> => {
      const wanted = ackCount() + more;
      await waitFor(() => ackCount() >= wanted, { what: `${more} more acknowledgements` });
    };

    const running = writers.map((writer) => writer.run());
    for (let round = 0; round < ROUND_COUNT; round += 1) {
      await untilAcks(1 + random.below(ROUND_ACK_COUNT_MAX));
      const victim = cluster.programs[round % cluster.programs.length];
      if (!victim) throw new Error("a cluster has programs");
      await victim.kill();
      // Some senders see the gap, some do not.
      const attempts = writers[0]?.attemptCount ?? 0;
      const gap = random.below(8);
      await waitFor(() => (writers[0]?.attemptCount ?? 0) >= attempts + gap, {
        what: "attempts to write while a program is away",
      });
      await victim.startAgain();
    }
    await untilAllNodesReachable(cluster.insert, cluster.select);
    await untilAcks(WRITER_COUNT);
    for (const writer of writers) writer.stop();
    await Promise.all(running);

    // Once more for all of them: what counts is on disk.
    await Promise.all(cluster.programs.map((program) => program.kill()));
    await Promise.all(cluster.programs.map((program) => program.startAgain()));
    await untilAllNodesReachable(cluster.insert, cluster.select);

    for (const writer of writers) {
      const { lost, changed, unknown, kept } = await writer.compare(cluster.reader());
      expect({ lost, changed, unknown }).toEqual({ lost: [], changed: [], unknown: [] });
      expect(kept).toBeGreaterThan(0);
    }
  },
);
