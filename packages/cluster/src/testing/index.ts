/** Fakes for tests of programs: a storage of fake lanes behind InsertServer, a log that keeps its lines. */
export { FakeSink } from "./fake-sink.ts";
export { SilentLog } from "./silent-log.ts";
