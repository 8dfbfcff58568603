/**
 * Ground floor: what every room may stand on. Assertions, byte readers and writers, and the ports
 * (clock, disk, …) through which a program meets the world, so that tests can own it.
 */
export { assert, BugError, must, unreachable } from "./assert.ts";
export { ByteReader, ByteWriter, compareBytes } from "./bytes.ts";
export { systemClock, type Clock } from "./clock.ts";
export { errorCode, type Disk, type DiskFile, type OpenMode } from "./disk/disk.ts";
export { makeFolders, removeTree } from "./disk/folders.ts";
export { NodeDisk } from "./disk/node-disk.ts";
export { keepCompiledSources } from "./compile-cache.ts";
export { entryUrl } from "./entry.ts";
export { dropArray, growBuffer } from "./grow-buffer.ts";
export { ringMemory, RingReader, RingWriter } from "./ring.ts";
export { expandRuns, findRuns } from "./runs.ts";
