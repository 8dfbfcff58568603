/**
 * Where the series of one series table go: per ref its target and its stream ref there, in flat arrays.
 */
import { growBuffer } from "@tideline/common";
import type { SeriesTable } from "@tideline/model";

export class TableRoutes {
  /** Of the series table and of the router: when one of them has moved on, these routes mean nothing. */
  readonly epoch: number;
  readonly generation: number;
  /** Target index + 1 per ref; 0 = not chosen yet. */
  targets = new Uint16Array(1024);
  /** Stream ref per ref; valid where there is a target. */
  streamRefs = new Uint32Array(1024);

  constructor(epoch: number, generation: number) {
    this.epoch = epoch;
    this.generation = generation;
  }

  /** Makes room for refs below `refCount`. */
  grow(refCount: number): void {
    if (refCount <= this.targets.length) return;
    const length = Math.max(refCount, this.targets.length * 2);
    this.targets = new Uint16Array(growBuffer(this.targets.buffer, length * 2));
    this.streamRefs = new Uint32Array(growBuffer(this.streamRefs.buffer, length * 4));
  }

  isCurrent(series: SeriesTable, generation: number): boolean {
    return this.epoch === series.epoch && this.generation === generation;
  }
}
