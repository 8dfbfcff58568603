/**
 * Node writes what it has compiled to its cache (NODE_COMPILE_CACHE) when a thread ends well. A program that is killed would leave
 * nothing, and compile all of its sources again at the next start: so they are written once the start is over.
 */
import { flushCompileCache } from "node:module";

/** Most of what a program or worker loads is compiled by then. */
const STARTED_AFTER_MS = 1_000;

/** For each thread, once. Does nothing where there is no cache, and little where all is in it. */
export function keepCompiledSources(): void {
  setTimeout(flushCompileCache, STARTED_AFTER_MS).unref();
}
