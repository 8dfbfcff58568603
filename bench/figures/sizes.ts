/** Real data of a node_exporter on disk: its size, and how fast it is read. */
import { join } from "node:path";
import type { FigureCard } from "./card.ts";
import { numberIn, REPOSITORY, runNode } from "./run-command.ts";

const FILE = "../shared/tests/data/node_exporter_1s.f64.zst";

const MERGED = /merged by force, everything but the log\s+([0-9.]+)/;
const LOG = /the log, before it is flushed\s+([0-9.]+)/;
const WRITTEN = /written ([0-9.]+) times/;
const decodedAs = (what: string): RegExp => new RegExp(`${what} [^]*?decoded (\\d+) M samples`);

export const sizes: FigureCard = {
  name: "sizes",
  command: "node bench/node-exporter-size.ts (four copies), … FILE 1 (one)",
  figures: [
    {
      id: "fourCopies",
      what: "node_exporter, 462 series × 2,870 at 1 s, four copies: bytes per sample but for the log, merged",
      asked: "≤ 0.50",
      holds: (size) => size <= 0.5,
    },
    {
      id: "oneCopy",
      what: "… one copy, which shares its blocks with no other",
      asked: "≤ 0.50",
      holds: (size) => size <= 0.5,
    },
    {
      id: "decodeMPerS",
      what: "blocks read, unpacked and decoded, M samples/s per core",
      asked: "≥ 500",
      holds: (rate) => rate >= 500,
    },
    {
      id: "decodeZstdMPerS",
      what: "… out of zstd groups",
      asked: "≥ 150",
      holds: (rate) => rate >= 150,
    },
    {
      id: "walBytes",
      what: "bytes of log per sample",
      asked: "≤ 12",
      holds: (size) => size <= 12,
    },
    {
      id: "written",
      what: "bytes written to parts / bytes of the parts, flush and forced merge",
      asked: "≤ 4",
      holds: (times) => times <= 4,
    },
  ],
  async measure() {
    const file = join(REPOSITORY, FILE);
    const four = await runNode("bench/node-exporter-size.ts", file, "4");
    const one = await runNode("bench/node-exporter-size.ts", file, "1");
    return {
      fourCopies: numberIn(four, MERGED),
      oneCopy: numberIn(one, MERGED),
      decodeMPerS: numberIn(one, decodedAs("equal blocks once, no zstd")),
      decodeZstdMPerS: numberIn(one, decodedAs("equal blocks once, zstd")),
      written: numberIn(one, WRITTEN),
      walBytes: numberIn(one, LOG),
    };
  },
};
