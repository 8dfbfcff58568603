/** Helpers for tests: seeded random numbers, and fakes of the ports to clock, disk and network. */
export { FakeClock } from "./fake-clock.ts";
export {
  DiskCrash,
  FakeDisk,
  type DiskFault,
  type DiskOperation,
  type FakeDiskOptions,
} from "./fake-disk.ts";
export { forEachSeed, seededRandom, seedList, type Random } from "./random.ts";
