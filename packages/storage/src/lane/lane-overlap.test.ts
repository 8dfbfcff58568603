/** Work of a lane that overlaps: flushes, ticks and syncs, of which each may have to wait for another. */
import { FakeDisk } from "@tideline/common/testing";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { keyNumber, LaneRig, type Row } from "./lane-fixtures.ts";

function row(rig: LaneRig, i: number): Row {
  return { key: keyNumber(i), ms: rig.clock.nowMs() + i, bits: BigInt(i) };
}

/** A disk whose syncs beside the thread wait for `release`. */
function slowDisk(): { disk: FakeDisk; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { disk: new FakeDisk({ pause: () => promise }), release: resolve };
}

test("flushes that wait for the same one begin the next one once", async () => {
  const { disk, release } = slowDisk();
  const rig = await LaneRig.start({}, disk);
  await rig.write([row(rig, 1)]);
  const flushes = [rig.lane.flush()];
  await rig.write([row(rig, 2)]);
  flushes.push(rig.lane.flush(), rig.lane.flush());
  release();
  await Promise.all(flushes);
  expect(rig.lane.stats()).toMatchObject({ flushes: 2, flushErrors: 0, partCount: 2 });
});

test("a tick ends when all that was acknowledged before it is on the disk, also what was frozen meanwhile", async () => {
  const { disk, release } = slowDisk();
  const rig = await LaneRig.start({}, disk);
  await rig.write([row(rig, 1)]);
  const flushing = rig.lane.flush();
  const ticking = rig.lane.tick();
  const first = await Promise.race([ticking, nextTurn("the tick waits")]);
  expect(first).toBe("the tick waits");
  release();
  await Promise.all([ticking, flushing]);
});
