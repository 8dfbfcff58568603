import { expect, test } from "vitest";
import { copyWithRoom, FRAME_ROOM_SIZE, putBefore } from "./frame-room.ts";

const FRAME = new Uint8Array(20_000).map((_, i) => i % 251);

test("a large frame takes a head before it, once", () => {
  const frame = copyWithRoom(FRAME);
  expect(frame).toEqual(FRAME);
  const message = putBefore(frame, Uint8Array.of(1, 2, 3));
  expect(message).toEqual(Buffer.concat([Uint8Array.of(1, 2, 3), FRAME]));
  expect(putBefore(frame, Uint8Array.of(4))).toBeNull();
  expect(frame).toEqual(FRAME);
});

test("small frames, views of others and those that only look alike have no room", () => {
  const head = Uint8Array.of(1);
  expect(putBefore(copyWithRoom(FRAME.subarray(0, 100)), head)).toBeNull();
  expect(putBefore(copyWithRoom(FRAME).subarray(1), head)).toBeNull();
  const alike = new Uint8Array(new ArrayBuffer(FRAME_ROOM_SIZE + 20_000), FRAME_ROOM_SIZE);
  expect(putBefore(alike, head)).toBeNull();
});
