import { forEachSeed } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { crc32cPlain } from "./plain.ts";
import { crc32c } from "./wasm.ts";

/** One bit at a time, straight from the polynomial. */
function crc32cBitwise(bytes: Uint8Array): number {
  let rest = 0xffff_ffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1)
      rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0x82f6_3b78 : rest >>> 1;
  }
  return ~rest >>> 0;
}

describe.for([
  { name: "plain", sum: crc32cPlain },
  { name: "wasm", sum: crc32c },
])("crc32c, $name", ({ sum }) => {
  // RFC 3720, B.4, and the check value of the CRC catalogues.
  test.for([
    { name: "the catalogue's digits", bytes: Buffer.from("123456789"), expected: 0xe306_9283 },
    { name: "nothing", bytes: new Uint8Array(0), expected: 0 },
    { name: "32 zeroes", bytes: new Uint8Array(32), expected: 0x8a91_36aa },
    { name: "32 times 0xff", bytes: new Uint8Array(32).fill(0xff), expected: 0x62a8_ab43 },
    { name: "0 to 31", bytes: Uint8Array.from({ length: 32 }, (_, i) => i), expected: 0x46dd_794e },
  ])("$name", ({ bytes, expected }) => {
    expect(sum(bytes)).toBe(expected);
  });

  test("equals the polynomial's definition on any bytes, at any alignment", () => {
    forEachSeed(200, (random) => {
      const bytes = random.bytes(random.below(400)).subarray(random.below(8));
      expect(sum(bytes)).toBe(crc32cBitwise(bytes));
    });
  });

  test("pieces sum up to the whole", () => {
    forEachSeed(100, (random) => {
      const bytes = random.bytes(random.below(70_000));
      const cut = random.below(bytes.length + 1);
      expect(sum(bytes.subarray(cut), sum(bytes.subarray(0, cut)))).toBe(sum(bytes));
    });
  });
});
