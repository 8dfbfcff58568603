/**
 * When V8 optimizes. Its last compiler, TurboFan, takes 2 to 15 ms of another thread for one of the functions that run per series, and makes
 * it little faster than the compiler before it (Maglev). It begins after 3,000 calls: five instant queries over 600 series. The first queries of a
 * program paid more for it than for all else; what runs per row still reaches ten times as many calls within seconds.
 */
import { setFlagsFromString } from "node:v8";

const CALLS_BEFORE_TURBOFAN = 30_000;

/** For all threads of the process. A V8 that does not know the flag goes on as it is. */
export function optimizeLate(): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${CALLS_BEFORE_TURBOFAN}`);
}
