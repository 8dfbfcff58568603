/** Helpers for tests: seeded random numbers, and fakes of the ports to clock, disk and network. */
export { forEachSeed, seededRandom, type Random } from "./random.ts";
