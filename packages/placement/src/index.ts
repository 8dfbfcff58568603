/**
 * Which node keeps which series: pure arithmetic over node names, and how the names are given.
 */
export { placementOf, type Placement } from "./placement.ts";
export { parseStorageNodes, type StorageNode } from "./storage-nodes.ts";
