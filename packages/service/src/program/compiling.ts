/**
 * When V8 compiles. A storage that nobody has asked for a while, or a program that has just started, should answer its first queries
 * without compiling first.
 *
 * - Its last compiler, TurboFan, takes 2 to 15 ms of another thread for one of the functions that run per series, and makes it little
 *   faster than the compiler before it (Maglev). It would begin after 3,000 calls, which are five instant queries over 600 series: the
 *   first queries paid more for it than for all else. What runs per row reaches ten times as many calls within seconds.
 * - Code that was not used between a few collections is thrown away, whatever was learnt of it too: after ten minutes of writes queries
 *   began from nothing. It stays: a few MB.
 *
 * - Code depends on the shapes of the objects that it was made for. When no object of a shape is left after a collection, as is so between
 *   two queries, V8 forgets the shape and throws the code away: half of what a lane had compiled at its start was gone after a minute of
 *   writes. Shapes stay, in collections that are to save memory too.
 *
 * A program that only takes writes does the same all day, and is best left as V8 has it.
 */
import { setFlagsFromString } from "node:v8";

const CALLS_BEFORE_TURBOFAN = 30_000;
/** Collections of the old space that a shape lives through without objects: as good as all. */
const SHAPES_LIVE_FOR = 1_000_000;

/** For all threads of a process that answers queries; first of all. A V8 that does not know a flag says so on stderr and goes on. */
export function compileForQueries(): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${CALLS_BEFORE_TURBOFAN}`);
  setFlagsFromString("--no-flush-bytecode");
  setFlagsFromString(`--retain-maps-for-n-gc=${SHAPES_LIVE_FOR}`);
  setFlagsFromString("--no-memory-reducer-favors-memory");
}
