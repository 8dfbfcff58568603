import { forEachSeed, type Random } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { compress, uncompress } from "snappyjs";
import { KernelMemory } from "../kernel-memory.ts";
import { UNSNAP_BROKEN, UNSNAP_TOO_LARGE, unsnapPlain } from "./plain.ts";
import { loadUnsnap } from "./wasm.ts";

const REGION_SIZE = 1 << 20;
const memory = new KernelMemory(2 * REGION_SIZE + 1024);
const sourceAt = memory.reserve(REGION_SIZE);
const targetAt = memory.reserve(REGION_SIZE);
const unsnapAt = loadUnsnap(memory);

/** Runs the kernel on a byte string; past the source lie bytes that would be noticed in the result. */
function unsnapWasm(source: Uint8Array, target: Uint8Array): number {
  memory.bytes.fill(0xa5, sourceAt, sourceAt + source.length + 64);
  memory.bytes.set(source, sourceAt);
  const size = unsnapAt(sourceAt, source.length, targetAt, target.length);
  if (size > 0) target.set(memory.bytes.subarray(targetAt, targetAt + size));
  return size;
}

/** Text with repetitions of many lengths and distances, and stretches that do not compress. */
function compressible(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(random.below(20_000));
  let at = 0;
  while (at < bytes.length) {
    const size = Math.min(bytes.length - at, 1 + random.below(random.pick([4, 20, 70, 3_000])));
    const distance = 1 + random.below(Math.min(at + 1, random.pick([2, 9, 20, 70_000])));
    if (random.chance(0.4) || at < distance) bytes.set(random.bytes(size), at);
    else for (let i = 0; i < size; i += 1) bytes[at + i] = bytes[at + i - distance] as number;
    at += size;
  }
  return bytes;
}

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

describe.for([
  { name: "plain", unsnap: unsnapPlain },
  { name: "wasm", unsnap: unsnapWasm },
])("unsnap, $name", ({ unsnap }) => {
  const run = (source: Uint8Array, targetSize = 4_096): number | string => {
    const target = new Uint8Array(targetSize);
    const size = unsnap(source, target);
    return size < 0 ? size : Buffer.from(target.subarray(0, size)).toString("latin1");
  };

  test.for([
    { name: "nothing announced, nothing there", source: "00", expected: "" },
    { name: "a literal", source: "03 08 616263", expected: "abc" },
    { name: "a literal with its size in one byte", source: "03 f0 02 616263", expected: "abc" },
    { name: "… in two", source: "03 f4 0200 616263", expected: "abc" },
    { name: "… in three", source: "03 f8 020000 616263", expected: "abc" },
    { name: "… in four", source: "03 fc 02000000 616263", expected: "abc" },
    { name: "a run by a copy into itself", source: "09 00 61 11 01", expected: "aaaaaaaaa" },
    { name: "a copy with two bytes of offset", source: "06 08 616263 0a 0300", expected: "abcabc" },
    { name: "… with four", source: "06 08 616263 0b 03000000", expected: "abcabc" },
    {
      name: "an announced size of five bytes",
      source: "83 80 80 80 00 08 616263",
      expected: "abc",
    },
  ])("reads $name", ({ source, expected }) => {
    expect(run(hex(source))).toBe(expected);
  });

  test.for([
    { name: "an empty block", source: "" },
    { name: "an announced size that does not end", source: "83" },
    { name: "an announced size past 32 bits", source: "83 80 80 80 10" },
    { name: "an announced size of six bytes", source: "83 80 80 80 80 00" },
    { name: "fewer bytes than announced", source: "04 08 616263" },
    { name: "more bytes than announced", source: "02 08 616263" },
    { name: "a literal past the end of the source", source: "08 1c 616263" },
    { name: "a long literal past the end of the source", source: "ff01 f0fe 616263" },
    { name: "a literal of 2^32 bytes", source: "03 fc ffffffff 616263" },
    { name: "a literal's size cut off", source: "03 fc 0200" },
    { name: "a copy before anything was written", source: "04 01 01" },
    { name: "a copy of offset 0", source: "07 08 616263 01 00" },
    { name: "a copy from before the start", source: "07 08 616263 01 04" },
    { name: "a copy past what was announced", source: "06 08 616263 01 03" },
    { name: "a copy's offset cut off (1)", source: "07 08 616263 01" },
    { name: "a copy's offset cut off (2)", source: "06 08 616263 0a 03" },
    { name: "a copy's offset cut off (4)", source: "06 08 616263 0b 030000" },
  ])("refuses $name", ({ source }) => {
    expect(run(hex(source))).toBe(UNSNAP_BROKEN);
  });

  test("refuses a bomb before it writes anything", () => {
    // Announces 4 GiB - 1.
    expect(run(hex("ff ff ff ff 0f 00 61"))).toBe(UNSNAP_TOO_LARGE);
    expect(run(hex("03 08 616263"), 2)).toBe(UNSNAP_TOO_LARGE);
  });

  test("returns what snappyjs compressed", () => {
    forEachSeed(150, (random) => {
      const bytes = compressible(random);
      const target = new Uint8Array(bytes.length + random.below(3));
      expect(unsnap(compress(bytes), target)).toBe(bytes.length);
      expect(Buffer.compare(target.subarray(0, bytes.length), bytes)).toBe(0);
    });
  });

  test("refuses every truncation", () => {
    forEachSeed(5, (random) => {
      const packed = compress(compressible(random).subarray(0, 2_000));
      for (let size = 0; size < packed.length; size += 1) {
        // A block may only be whole at its own size: what was announced is not there yet.
        expect(run(packed.subarray(0, size))).toBe(UNSNAP_BROKEN);
      }
    });
  });
});

test("the twins agree on damaged blocks, and with snappyjs where it accepts", () => {
  forEachSeed(1_500, (random) => {
    const packed = compress(compressible(random).subarray(0, random.pick([50, 500, 20_000])));
    const damage = 1 + random.below(3);
    for (let i = 0; i < damage; i += 1) {
      const at = random.below(random.chance(0.5) ? Math.min(packed.length, 8) : packed.length);
      if (random.chance(0.5)) packed[at] = (packed[at] as number) ^ (1 << random.below(8));
      else packed[at] = random.pick([0, 0xff, 0xf0, 0xfc, 0xfe, 1, 2, 3, random.u32()]);
    }
    const plainTarget = new Uint8Array(40_000);
    const wasmTarget = new Uint8Array(40_000);
    const size = unsnapPlain(packed, plainTarget);
    expect(unsnapWasm(packed, wasmTarget)).toBe(size);
    if (size < 0) return;
    expect(Buffer.compare(plainTarget.subarray(0, size), wasmTarget.subarray(0, size))).toBe(0);
    expect(Buffer.compare(uncompress(packed), plainTarget.subarray(0, size))).toBe(0);
  });
});

test("the kernel writes nothing past the slack of its target", () => {
  const untouched = new Uint8Array(REGION_SIZE).fill(0x5a);
  forEachSeed(200, (random) => {
    const packed = compress(compressible(random));
    memory.bytes.fill(0x5a, targetAt, targetAt + REGION_SIZE);
    memory.bytes.set(packed, sourceAt);
    const size = unsnapAt(sourceAt, packed.length, targetAt, REGION_SIZE);
    const rest = memory.bytes.subarray(targetAt + size + 64, targetAt + REGION_SIZE);
    expect(Buffer.compare(rest, untouched.subarray(0, rest.length))).toBe(0);
  });
});
