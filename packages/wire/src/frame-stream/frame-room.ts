/**
 * Frames that were copied out of a ring with room before them: a connection puts its own head there, and need not copy them again.
 * Hundreds of KB each, of which every copy costs fresh pages, and a share of the next full collection.
 */
import { assert } from "@tideline/common";

/** Bytes before such a frame; its ArrayBuffer ends with it. */
export const FRAME_ROOM_SIZE = 48;
/** Smaller ones are copied sooner than noted. */
const ROOMY_SIZE_MIN = 16 * 1024;

const roomy = new WeakSet<ArrayBufferLike>();

/** @param frame borrowed @returns a copy, owned by the caller */
export function copyWithRoom(frame: Uint8Array): Uint8Array {
  if (frame.length < ROOMY_SIZE_MIN) return new Uint8Array(frame);
  const { buffer } = Buffer.allocUnsafeSlow(FRAME_ROOM_SIZE + frame.length);
  const copy = new Uint8Array(buffer, FRAME_ROOM_SIZE);
  copy.set(frame);
  roomy.add(buffer);
  return copy;
}

/**
 * Puts a head before a frame, in the room that it has; the frame is its message's from then on.
 *
 * @param head at most FRAME_ROOM_SIZE bytes
 * @returns null when the frame has no room, or no more
 */
export function putBefore(frame: Uint8Array, head: Uint8Array): Buffer<ArrayBuffer> | null {
  const { buffer, byteOffset } = frame;
  if (!(buffer instanceof ArrayBuffer) || byteOffset !== FRAME_ROOM_SIZE) return null;
  if (!roomy.delete(buffer)) return null;
  assert(head.length <= FRAME_ROOM_SIZE, "a head fits the room before a frame");
  const start = FRAME_ROOM_SIZE - head.length;
  const message = Buffer.from(buffer, start, head.length + frame.length);
  message.set(head);
  return message;
}
