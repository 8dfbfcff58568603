/**
 * Messages between the main thread and a lane, over two rings: a header of 16 bytes, then bytes.
 *
 * The header is type, id of the request (or of the stream), and one argument, as u32; the body starts at a
 * multiple of 8, so that a lane lays views over a row block in the ring.
 */
import { assert } from "@tideline/common";

export const MESSAGE_HEADER_SIZE = 16;

/** To a lane. */
export const ToLane = {
  /** id, stream; body: row block. */
  append: 1,
  /** stream as id. */
  closeStream: 2,
  /** id, count of frames that there is room for; body: read request. */
  ask: 3,
  /** id, count. */
  credit: 4,
  cancel: 5,
  flush: 6,
  stats: 7,
  /** id, 1 = flush first and leave no log. */
  close: 8,
  /** id, number of the delete. */
  applyDelete: 9,
  /** id, number of the delete, which failed. */
  skipDelete: 10,
  /** id; body: path of a data folder. */
  snapshot: 11,
  /** id; body: prefix of the months that are meant, as text. Answered when the merge is done. */
  forceMerge: 12,
} as const;

/** From a lane. */
export const FromLane = {
  /** id; body: row block answer. */
  answer: 1,
  /** id, 1 = the last one, there is no end frame; body: frame. */
  frame: 2,
  /** id; body: failure. Of what was asked. */
  askFailed: 3,
  /** id; body: JSON. Of flush, stats, close, deletes, snapshots and forced merges. */
  done: 4,
  /** id; body: failure. */
  failed: 5,
} as const;

export interface Message {
  readonly type: number;
  readonly id: number;
  readonly argument: number;
  /** A view into the ring. */
  readonly body: Uint8Array;
}

/** The header of a message; its body is given to the ring beside it. */
export function messageHeader(type: number, id: number, argument = 0): Uint8Array {
  const words = new Uint32Array(MESSAGE_HEADER_SIZE / 4);
  words[0] = type;
  words[1] = id;
  words[2] = argument;
  return new Uint8Array(words.buffer);
}

/** @param view as the ring gave it: 8-byte aligned */
export function readMessage(view: Uint8Array): Message {
  assert(view.length >= MESSAGE_HEADER_SIZE, "a message has a header");
  const words = new Uint32Array(view.buffer, view.byteOffset, MESSAGE_HEADER_SIZE / 4);
  return {
    type: words[0] as number,
    id: words[1] as number,
    argument: words[2] as number,
    body: view.subarray(MESSAGE_HEADER_SIZE),
  };
}
