import { describe } from "vitest";
import { FakeRowSink } from "./fake-row-sink.ts";
import { fakeSeriesSource } from "./fake-series-source.ts";
import { describeRowSink } from "./row-sink-contract.ts";
import { describeSeriesSource } from "./series-source-contract.ts";

describe("the fake SeriesSource", () => {
  describeSeriesSource(async (series) => fakeSeriesSource(series));
});

describe("the fake RowSink", () => {
  describeRowSink(async () => {
    const sink = new FakeRowSink();
    return { sink, read: async () => sink.kept };
  });
});
