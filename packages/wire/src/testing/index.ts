/** Fakes for tests of rooms above: a lane in memory, a series table of arrays. */
export { FakeLane } from "./fake-lane.ts";
export { FakeSeriesTable, rowBatch } from "./fake-series-table.ts";
