/** Fakes for tests of rooms above: a lane in memory, a series table of arrays, a source of frames. */
export { ANY_QUERY, FakeFrameSource, fakeSeries } from "./fake-frame-source.ts";
export { FakeLane } from "./fake-lane.ts";
export { FakeSeriesTable, rowBatch } from "./fake-series-table.ts";
