import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { isZstd, zstdContentSize } from "./zstd-frame.ts";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("the content size of a zstd frame", () => {
  test.for([0, 1, 255, 256, 257, 65_791, 65_792, 1_000_000])("of %d bytes is found", (size) => {
    expect(zstdContentSize(zstdCompressSync(new Uint8Array(size), { pledgedSrcSize: size }))).toBe(
      size,
    );
  });

  test.for([
    { name: "is left out", frame: "28b52ffd 00 58", expected: null },
    {
      name: "may stand behind a dictionary's id",
      frame: "28b52ffd 62 0102 3412",
      expected: 0x1234 + 256,
    },
    {
      name: "may be of eight bytes",
      frame: "28b52ffd c0 58 ffffffff 01000000",
      expected: 2 ** 33 - 1,
    },
    {
      name: "is not in another kind of frame",
      frame: "184d2a50 e0 0000000000000000",
      expected: null,
    },
    { name: "is cut off", frame: "28b52ffd a0 000000", expected: null },
    { name: "is behind a magic number that is all there is", frame: "28b52ffd", expected: null },
  ])("$name", ({ frame, expected }) => {
    expect(zstdContentSize(hex(frame))).toBe(expected);
  });

  test("is left out by a sender who did not know it", () => {
    const options = { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } };
    const frame = zstdCompressSync(new Uint8Array(1_000), options);
    expect(isZstd(frame)).toBe(true);
    expect(zstdContentSize(frame)).toBeNull();
  });
});
