import type { ExecutionError } from "@tideline/model";
import { tooManySeries } from "@tideline/model";
import { ANY_QUERY, FakeFrameSource } from "@tideline/wire/testing";
import { expect, test } from "vitest";
import { limitedSource } from "./limited-source.ts";

const { signal } = new AbortController();
const NONE = { seriesCountMax: 0, labelNamesMax: 0, labelValuesMax: 0 };

async function readAll(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const read: Uint8Array[] = [];
  for await (const frame of frames) read.push(frame);
  return read;
}

test.for([
  { asked: 0, max: 7, is: 7 },
  { asked: 5, max: 7, is: 5 },
  { asked: 9, max: 7, is: 7 },
  { asked: 9, max: 0, is: 9 },
  { asked: 0, max: 0, is: 0 },
])(
  "of $asked series asked for and $max allowed, $is are looked for",
  async ({ asked, max, is }) => {
    const source = new FakeFrameSource();
    const limited = limitedSource(source, { ...NONE, seriesCountMax: max });
    const query = { ...ANY_QUERY, seriesCountMax: asked };
    expect(await readAll(limited.searchFrames(query, signal))).toEqual([]);
    await limited.seriesKeys(query, 0, signal);
    await limited.labelNames(query, 0, signal);
    await limited.labelValues("job", query, 0, signal);
    expect(source.queries.map(({ seriesCountMax }) => seriesCountMax)).toEqual([is, is, is, is]);
  },
);

test("the node names its own limit, and leaves that of the asker to it", async () => {
  const limited = limitedSource(new FakeFrameSource({ error: tooManySeries(7) }), {
    ...NONE,
    seriesCountMax: 7,
  });
  const ours = expect.objectContaining({
    code: "TIDELINE_NODE_SERIES_LIMIT",
    message: expect.stringContaining("-search.maxUniqueTimeseries=7 at vmstorage") as string,
  }) as ExecutionError;
  await expect(readAll(limited.searchFrames(ANY_QUERY, signal))).rejects.toEqual(ours);
  await expect(limited.seriesKeys(ANY_QUERY, 0, signal)).rejects.toEqual(ours);
  const theirs = { ...ANY_QUERY, seriesCountMax: 5 };
  await expect(limited.labelNames(theirs, 0, signal)).rejects.toMatchObject({
    code: "TIDELINE_SERIES_LIMIT",
  });
});

test("names and values past the limit are left out, and said to be missing", async () => {
  const source = new FakeFrameSource({ names: ["a", "b", "c"] });
  const limited = limitedSource(source, { ...NONE, labelNamesMax: 2, labelValuesMax: 3 });
  expect(await limited.labelNames(ANY_QUERY, 0, signal)).toEqual({
    items: ["a", "b"],
    coverage: {
      missing: [{ where: "-search.maxTagKeys=2 at vmstorage", reason: "results truncated" }],
    },
  });
  expect(await limited.labelValues("x", ANY_QUERY, 0, signal)).toEqual({
    items: ["x-a", "x-b", "x-c"],
    coverage: { missing: [] },
  });
  // An asker that allows as many itself sees by the third that there are more.
  expect((await limited.labelNames(ANY_QUERY, 3, signal)).items).toEqual(["a", "b", "c"]);
});
