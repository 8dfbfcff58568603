/** For tests of what is built on a storage: real ones, on folders that go away. */
export { openStorage, testFolder, testOptions } from "./open-storage.ts";
