/** A storage of fake lanes, as InsertServer wants it. */
import type { RowBlockAnswer } from "@tideline/wire";
import { FakeLane } from "@tideline/wire/testing";
import type { BlockSink } from "../insert-server.ts";

export class FakeSink implements BlockSink {
  readonly nodeId: string;
  readonly bootId: string;
  readonly lanes: readonly FakeLane[];
  readonly openStreams = new Set<number>();
  /** When set, blocks are not answered before it resolves. */
  hold: Promise<void> | null = null;
  heldCount = 0;
  #nextStream = 1;

  constructor(nodeId: string, laneCount: number) {
    this.nodeId = nodeId;
    this.bootId = `boot of ${nodeId}`;
    this.lanes = Array.from({ length: laneCount }, () => new FakeLane());
  }

  get laneCount(): number {
    return this.lanes.length;
  }

  openStream(): number {
    const id = this.#nextStream;
    this.#nextStream += 1;
    this.openStreams.add(id);
    return id;
  }

  closeStream(streamId: number): void {
    this.openStreams.delete(streamId);
  }

  async appendBlock(lane: number, streamId: number, block: Uint8Array): Promise<RowBlockAnswer> {
    const answer = (this.lanes[lane] as FakeLane).append(streamId, block);
    if (this.hold) {
      this.heldCount += 1;
      await this.hold;
      this.heldCount -= 1;
    }
    return answer;
  }

  /** Rows of all lanes, as FakeLane has them. */
  rows(): string[] {
    return this.lanes.flatMap((lane) => lane.rows);
  }
}
