/**
 * Keeps the encoder of a search for the next one: its buffers have grown to the size of a frame by then, and to grow them anew costs
 * a small search as much as finding its series. One is kept; searches side by side make their own.
 */
import type { LeavesOnBlocks } from "@tideline/model";
import { type FrameQuery, SeriesFrameEncoder } from "@tideline/wire";

/**
 * Smaller than the usual frame: each search that runs has one in the making and one that waits for the ring. And below what glibc
 * maps anew each time, 128 KiB, in all of its copies: fresh pages cost more than the bytes in them.
 */
export const FRAME_SIZE_TARGET = 112 * 1024;

export class EncoderPool {
  readonly #leaves: LeavesOnBlocks | null;
  #idle: SeriesFrameEncoder | null = null;

  /** @param leaves works out leaves that are asked for; null: blocks are sent */
  constructor(leaves: LeavesOnBlocks | null) {
    this.#leaves = leaves;
  }

  /** For the answer to a search. */
  take({ offers, leaf }: FrameQuery): SeriesFrameEncoder {
    const encoder = this.#idle ?? new SeriesFrameEncoder({ frameSizeTarget: FRAME_SIZE_TARGET });
    this.#idle = null;
    encoder.begin(offers, (leaf && this.#leaves?.open(leaf)) ?? null);
    return encoder;
  }

  /** @param encoder all of whose frames were taken */
  giveBack(encoder: SeriesFrameEncoder): void {
    this.#idle = encoder;
  }
}
