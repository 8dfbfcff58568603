/** What checksums would let through all the same: decoders of pages, entries and footers take any bytes and answer with a RangeError. */
import { ByteReader, ByteWriter } from "@tideline/common";
import { FakeDisk, forEachSeed, seededRandom, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { decodeDefinition, decodeRows, encodeDefinition, encodeRows } from "../wal/records.ts";
import { decodeSeriesRecord, SeriesRecordEncoder } from "../wal/series-record.ts";
import { SeriesFixture } from "../wal/wal-fixtures.ts";
import { decodePartFooter, encodePartFooter } from "./format.ts";
import { Page, PageBuilder } from "./page.ts";
import { decodeTreeRoot, firstAtOrAfter } from "./page-tree.ts";
import {
  openPart,
  randomSeries,
  randomTimes,
  randomValues,
  seriesEntryOf,
  writePart,
} from "./part-fixtures.ts";
import { decodePostings } from "./posting-set.ts";
import { packGroup, unpackGroup } from "./value-group.ts";
import { blockFacts, blockStatBits, encodeBlock } from "./series-entry.ts";

/** Sound bytes of each kind, to be spoiled. */
const MAKERS: Readonly<Record<string, (random: Random) => Uint8Array>> = {
  definition: (random) => {
    const writer = new ByteWriter();
    encodeDefinition(writer, random.u32(), random.bytes(16), random.bytes(random.below(50)));
    return writer.copy();
  },
  series: (random) => {
    const writer = new ByteWriter();
    const from = random.below(400);
    const series = new SeriesFixture();
    new SeriesRecordEncoder().encode(writer, from, from + 1 + random.below(9), series);
    return writer.copy();
  },
  rows: (random) => {
    const count = 1 + random.below(20);
    const writer = new ByteWriter();
    const times = random.chance(0.5) ? new Float64Array(count) : randomTimes(random, count, 0);
    encodeRows(writer, new Uint32Array(count), times, randomValues(random, count));
    return writer.copy();
  },
  page: (random) => {
    const page = new PageBuilder();
    for (let i = random.below(30); i >= 0; i -= 1) {
      const entry = new ByteWriter();
      entry.sized(random.bytes(random.below(12)));
      page.add(entry.bytes());
    }
    return page.finish();
  },
  entry: (random) => {
    const writer = new ByteWriter();
    writer.sized(random.bytes(20));
    writer.varint(2);
    for (let i = 0; i < 2; i += 1) {
      const values = randomValues(random, 1 + random.below(5));
      const pointer = { offset: random.u32(), size: random.below(100) };
      const inGroup = random.chance(0.5) ? { start: random.u32(), size: random.below(9) } : null;
      const facts = blockFacts(values, randomTimes(random, values.length, 0));
      encodeBlock(writer, facts, { ...pointer, inGroup }, pointer);
    }
    return writer.copy();
  },
  group: (random) => packGroup(random.bytes(random.below(300))),
  footer: (random) => {
    const facts = {
      laneRange: { index: 0, count: 1 },
      generation: 1,
      deletesDone: 0,
      minMs: 0,
      maxMs: 1,
      seriesCount: random.u32(),
      sampleCount: 1,
      blockCount: 1,
      timestampBlockCount: 1,
      replaces: ["a", "b"],
      writer: "w",
    };
    const section = { name: "data", offset: 16, size: 1, crc: 1, meta: random.bytes(5) };
    return encodePartFooter({ facts, sections: [section, section] });
  },
};

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  definition: decodeDefinition,
  series: decodeSeriesRecord,
  rows: decodeRows,
  group: unpackGroup,
  page: (bytes) => {
    const page = new Page(bytes);
    return firstAtOrAfter(page, Uint8Array.of(1, 2, 3));
  },
  entry: (bytes) => seriesEntryOf(bytes).blocks.map(blockStatBits),
  footer: decodePartFooter,
  root: decodeTreeRoot,
  postings: (bytes) => decodePostings(new ByteReader(bytes), 1000),
};

function spoiled(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice(0, random.chance(0.3) ? random.below(bytes.length + 1) : bytes.length);
  for (let i = random.below(4); i > 0 && copy.length > 0; i -= 1)
    copy[random.below(copy.length)] = random.chance(0.5) ? 0xff : random.below(256);
  return copy;
}

/** Null, or what was thrown that is no RangeError. */
function unexpected(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    decode(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) return error;
  }
  return null;
}

test.for(Object.keys(DECODERS))("spoiled bytes of a %s are a RangeError at worst", (kind) => {
  const decode = DECODERS[kind];
  if (!decode) throw new Error(kind);
  forEachSeed(3000, (random) => {
    const sound = MAKERS[kind]?.(random) ?? random.bytes(13);
    expect(unexpected(decode, spoiled(random, sound))).toBeNull();
    expect(unexpected(decode, random.bytes(random.below(60)))).toBeNull();
  });
});

test("sound bytes of each kind are taken", () => {
  const random = seededRandom(1);
  for (const [kind, make] of Object.entries(MAKERS))
    expect(() => DECODERS[kind]?.(make(random)), `a ${kind}`).not.toThrow();
});

test("a series key that holds any text is found again", async () => {
  const disk = new FakeDisk();
  const series = randomSeries(seededRandom(2), 30, 2);
  await writePart(disk, series);
  const part = openPart(disk);
  for (const tenant of part.tenants())
    expect(part.postings(tenant, "__name__", "\0\uffff\u{1f600}")).toHaveLength(0);
});
