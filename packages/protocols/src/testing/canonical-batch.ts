/** The same rows for every protocol: text that needs UTF-8, values whose bits are easily lost, any order of labels. */
import { bitsOf, encodeWriteRequest, type RequestSeries } from "@tideline/kernels/testing";
import { compress } from "snappyjs";

const STALE = Uint8Array.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]);

const SERIES: readonly RequestSeries[] = [
  {
    labels: [
      ["__name__", "up"],
      ["job", "node"],
      ["instance", "ä:9100"],
    ],
    samples: [
      { bits: bitsOf(1), timestampMs: 1_700_000_000_000n },
      { bits: STALE, timestampMs: 1_700_000_015_000n },
    ],
  },
  {
    labels: [
      ["__name__", "load"],
      ["empty", ""],
      ["instance", "b"],
    ],
    samples: [{ bits: bitsOf(-0), timestampMs: 1_700_000_000_001n }],
  },
  {
    labels: [["__name__", "zero"]],
    samples: [{ bits: bitsOf(0), timestampMs: 1_700_000_000_002n }],
  },
];

/** As `rowsOf` spells them, of tenant 7:8. */
export const CANONICAL_ROWS: readonly string[] = [
  "7:8 __name__=up,instance=ä:9100,job=node 1700000000000 000000000000f03f",
  "7:8 __name__=up,instance=ä:9100,job=node 1700000015000 020000000000f07f",
  "7:8 __name__=load,instance=b 1700000000001 0000000000000080",
  "7:8 __name__=zero 1700000000002 0000000000000000",
];

export function canonicalRemoteWriteBody(): Uint8Array {
  return compress(encodeWriteRequest(SERIES));
}
