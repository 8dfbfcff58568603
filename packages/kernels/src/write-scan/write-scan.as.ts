// Scan of a remote-write body. What it does: scanner.ts; its definition: plain.ts.
//
// Reads never leave [at, end) in effect: vector and eight-byte loads may touch the slack behind a region,
// and what they bring from there is masked or refused before it counts.
//
// This file is what the host sees; the parts are one module with it.

export { initRegions, initLimits, setSlots, setLabelSlots, place, placeLabel, reset } from "./memory.part.as";
export { gatherKey } from "./key-table.part.as";
export { scan, resolve } from "./scan.part.as";
