import { forEachSeed, type Random } from "@tideline/common/testing";
import { ProtobufReader } from "@tideline/kernels";
import {
  encodeWriteRequest,
  strangeWriteRequest,
  type RequestSeries,
} from "@tideline/kernels/testing";
import { canonicalKey, DEFAULT_LABEL_LIMITS } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { labelsOf } from "./label-records.ts";
import { writeUsualKey } from "./usual-key.ts";

const TENANT = { accountId: 0xfedc_ba98, projectId: 3 };
const LIMITS = { labelsPerSeriesMax: 5, labelNameSizeMax: 20, labelValueSizeMax: 60 };

/** The records of a request's only series, which has no samples and no unknown fields. */
function recordsOf(request: Uint8Array): Uint8Array {
  const reader = new ProtobufReader(request);
  reader.tag();
  return reader.message().rest();
}

function keyOf(records: Uint8Array, limits = DEFAULT_LABEL_LIMITS): Uint8Array | null {
  const target = new Uint8Array(4_096);
  const size = writeUsualKey(records, TENANT, limits, target);
  return size === 0 ? null : target.subarray(0, size);
}

function plainRecords(labels: RequestSeries["labels"]): Uint8Array {
  return recordsOf(encodeWriteRequest([{ labels, samples: [] }]));
}

describe("the short way to a key", () => {
  test.for([
    {
      name: "sorted labels",
      labels: [
        ["a", "1"],
        ["ab", "2"],
        ["b", "3"],
      ],
      usual: true,
    },
    { name: "no labels", labels: [], usual: false },
    {
      name: "unsorted labels",
      labels: [
        ["b", "1"],
        ["a", "2"],
      ],
      usual: false,
    },
    {
      name: "a name in front of its prefix",
      labels: [
        ["ab", "1"],
        ["a", "2"],
      ],
      usual: false,
    },
    {
      name: "a name given twice",
      labels: [
        ["a", "1"],
        ["a", "2"],
      ],
      usual: false,
    },
    {
      name: "an empty value",
      labels: [
        ["a", "1"],
        ["b", ""],
      ],
      usual: false,
    },
    { name: "an empty name", labels: [["", "1"]], usual: false },
    { name: "a value of 128 bytes", labels: [["a", "x".repeat(128)]], usual: false },
    {
      name: "more than the target holds",
      labels: Array.from({ length: 40 }, (_, i) => [`l${10 + i}`, "x".repeat(110)]),
      usual: false,
    },
  ] as { name: string; labels: RequestSeries["labels"]; usual: boolean }[])(
    "$name: $usual",
    ({ labels, usual }) => {
      expect(keyOf(plainRecords(labels)) !== null).toBe(usual);
    },
  );

  test("texts that are no UTF-8 are not usual, even where two halves would make one character", () => {
    const records = Uint8Array.from(
      plainRecords([
        ["a", "?"],
        ["b", "?"],
      ]),
    );
    records[records.indexOf(0x3f)] = 0xc3;
    expect(keyOf(records)).toBeNull();
    records[records.lastIndexOf(0x3f)] = 0xa4;
    expect(keyOf(records)).toBeNull();
  });

  test("leads where the long way leads, or nowhere", () => {
    let usualCount = 0;
    forEachSeed(3_000, (random) => {
      const records = anyRecords(random);
      const limits = random.chance(0.5) ? LIMITS : DEFAULT_LABEL_LIMITS;
      const key = keyOf(records, limits);
      if (key === null) return;
      usualCount += 1;
      const long = canonicalKey(TENANT, labelsOf(records), limits);
      expect(Buffer.from(key).toString("hex")).toBe(
        Buffer.from(long as Uint8Array).toString("hex"),
      );
    });
    expect(usualCount).toBeGreaterThan(300);
  });

  test("is taken by every sorted series within the limits", () => {
    forEachSeed(200, (random) => {
      const names = [
        ...new Set(Array.from({ length: 1 + random.below(8) }, () => anyName(random))),
      ];
      const labels = names
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map((name) => [name, `v${random.below(1_000)}`] as const);
      expect(keyOf(plainRecords(labels))).not.toBeNull();
    });
  });
});

describe("the long way", () => {
  test("reads labels in every spelling", () => {
    forEachSeed(500, (random) => {
      const labels = Array.from(
        { length: random.below(6) },
        () => [anyName(random), anyValue(random)] as const,
      );
      // Around them may be unknown fields of the series, which a scan leaves out.
      const reader = new ProtobufReader(strangeWriteRequest(random, [{ labels, samples: [] }]));
      const records: Uint8Array[] = [];
      while (reader.hasMore) {
        const tag = reader.tag();
        if (tag === 0x0a) records.push(labelRecords(reader.message()));
        else reader.skip(tag);
      }
      const seen = labelsOf(Buffer.concat(records)).map(({ name, value }) => [
        text(name),
        text(value),
      ]);
      expect(seen).toEqual(labels.map((label) => [...label]));
    });
  });
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function labelRecords(series: ProtobufReader): Uint8Array {
  const records: Uint8Array[] = [];
  while (series.hasMore) {
    const start = series.at;
    const tag = series.tag();
    series.skip(tag);
    if (tag === 0x0a) records.push(series.bytes.subarray(start, series.at));
  }
  return Buffer.concat(records);
}

function anyName(random: Random): string {
  return random.pick(["__name__", "a", "ab", "job", "ü", "x".repeat(1 + random.below(30))]);
}

function anyValue(random: Random): string {
  return random.pick(["", "1", "näh", "v".repeat(random.below(140))]);
}

function anyRecords(random: Random): Uint8Array {
  const labels = Array.from(
    { length: random.below(7) },
    () => [anyName(random), anyValue(random)] as const,
  );
  if (random.chance(0.7)) labels.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return plainRecords(labels);
}
