/** Fakes of the contracts, made of arrays. */
export {
  countLabels,
  fakeSeriesSource,
  type FakeSeries,
  type FakeSeriesSourceOptions,
} from "./fake-series-source.ts";
export { FakeRowSink } from "./fake-row-sink.ts";
export { describeRowSink, type OpenedSink, type OpenSink } from "./row-sink-contract.ts";
export { describeSeriesSource, type OpenSource } from "./series-source-contract.ts";
