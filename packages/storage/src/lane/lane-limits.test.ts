/** What floods a head without leaving a sample in it, or with what its part could not hold. */
import { seriesKey } from "@tideline/model";
import { encodeRowBlock, KeyedDefinitions } from "@tideline/wire";
import { expect, test } from "vitest";
import { batchOf, DAY_MS, everything, LaneRig, readSamples, TENANT } from "./lane-fixtures.ts";

const MIB = 2 ** 20;

function key(tenant: number, name: string, value: string): Uint8Array {
  return seriesKey({ accountId: tenant, projectId: 0 }, [{ name, value }]);
}

test("series whose samples are all refused do not use up the memory for good", async () => {
  const rig = await LaneRig.start({ headMemorySize: 2 * MIB });
  const oldMs = rig.clock.nowMs() - 400 * DAY_MS;
  for (let round = 0; round < 20; round += 1) {
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      key: key(0, "id", `series ${round * 1000 + i}`),
      ms: oldMs,
      bits: 0n,
    }));
    // A flush that runs may have it refused for the moment.
    await rig.write(rows).catch(() => undefined);
    await rig.lane.flush();
    await rig.lane.tick();
  }
  const good = { key: key(TENANT.accountId, "id", "good"), ms: rig.clock.nowMs(), bits: 1n };
  await rig.write([{ ...good, key: seriesKey(TENANT, [{ name: "id", value: "good" }]) }]);
  expect((await readSamples(rig.lane, everything())).samples.size).toBe(1);
  expect(rig.lane.stats().headMemorySize).toBeLessThan(2 * MIB);
});

test.for([
  { what: "tenants", keyOf: (i: number) => key(i, "id", "x"), sizeMin: 1024 },
  { what: "label names", keyOf: (i: number) => key(0, `name_${i}`, "x"), sizeMin: 256 },
])(
  "$what count for the memory of a head with what they take of the heap",
  async ({ keyOf, sizeMin }) => {
    const rig = await LaneRig.start();
    const ms = rig.clock.nowMs();
    const before = rig.lane.stats().headMemorySize;
    await rig.write(Array.from({ length: 2000 }, (_, i) => ({ key: keyOf(i), ms, bits: 0n })));
    expect(rig.lane.stats().headMemorySize - before).toBeGreaterThan(2000 * sizeMin);
  },
);

test.for([
  { what: "a label name over 65,535 bytes", key: key(0, "n".repeat(65_536), "x") },
  {
    what: "a key over 1 MiB",
    key: key(0, "id", "v".repeat(MIB)),
  },
])("$what is refused, and the rest is flushed", async ({ key: bad }) => {
  const rig = await LaneRig.start();
  const ms = rig.clock.nowMs();
  const good = seriesKey(TENANT, [{ name: "id", value: "good" }]);
  const ignored = await rig.write([bad, good].map((one) => ({ key: one, ms, bits: 1n })));
  expect(Object.values(ignored)).toEqual([1]);
  await rig.lane.flush();
  expect(rig.lane.stats().partSeries).toBe(1);
  expect(rig.faults).toEqual([]);
});

test("streams with many refs are forgotten, before they take the memory of heads for good", async () => {
  const rig = await LaneRig.start({ headMemorySize: 4 * MIB });
  const row = { key: key(0, "id", "x"), ms: rig.clock.nowMs(), bits: 0n };
  const batch = batchOf(rig.table, [row]);
  const streamRef = 100_000;
  // One row, under a ref as high as a sender of many series has them.
  const block = encodeRowBlock({
    dictionary: 1,
    batch,
    rows: Uint32Array.of(0),
    rowsFrom: 0,
    rowsTo: 1,
    streamRefs: Uint32Array.of(streamRef),
    definitions: new Uint32Array(0),
    definitionCount: 0,
    keyed: KeyedDefinitions.of([{ streamRef, ref: batch.refs[0] as number, key: row.key }]),
  });
  for (let stream = 100; stream < 130; stream += 1) {
    const statuses: string[] = [];
    rig.lane.append(stream, block, ({ status }) => statuses.push(status));
    rig.lane.commit();
    expect(statuses).toEqual(["kept"]);
  }
  expect(rig.lane.stats().streamCount).toBeLessThan(5);
  await rig.write([row]);
});
