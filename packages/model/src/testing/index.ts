/** Fakes of the contracts, made of arrays. */
export {
  fakeSeriesSource,
  type FakeSeries,
  type FakeSeriesSourceOptions,
} from "./fake-series-source.ts";
