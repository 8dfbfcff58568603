/** What every protocol of the shelf must do, whatever its bytes look like. */
import { forEachSeed } from "@tideline/common/testing";
import { DEFAULT_LABEL_LIMITS, identityOf, InputError, IDENTITY_SIZE } from "@tideline/model";
import { describe, expect, test } from "vitest";
import type { BodyDecoder, BodyHead, DecodedBody, Protocol } from "../decoder.ts";
import { CANONICAL_ROWS } from "./canonical-batch.ts";
import { rowsOf } from "./rows-of.ts";

/** A protocol, and how it spells the canonical batch. */
export interface ProtocolSample {
  readonly protocol: Protocol;
  readonly head: Omit<BodyHead, "tenant">;
  readonly canonicalBody: Uint8Array;
  /** Whether a body that is cut off can be told from a whole one. */
  readonly noticesTruncation: boolean;
}

const OPTIONS = { tableSize: 1 << 20, bodySizeMax: 1 << 16, limits: DEFAULT_LABEL_LIMITS };

export function describeProtocolContract(sample: ProtocolSample): void {
  const { protocol, canonicalBody } = sample;
  const head = { ...sample.head, tenant: { accountId: 7, projectId: 8 } };
  const make = (): BodyDecoder => protocol.createDecoder(OPTIONS);

  describe(`protocol ${protocol.name}`, () => {
    test("the canonical batch gives the canonical rows", () => {
      const body = make().decode(head, [canonicalBody]);
      expect(rowsOf(body.batch)).toEqual(CANONICAL_ROWS);
      expect(body.ignoredByReason).toEqual({});
    });

    test("identities are those of the canonical keys", () => {
      const { batch } = make().decode(head, [canonicalBody]);
      for (let ref = 0; ref < batch.series.refCount; ref += 1) {
        const identity = batch.series.identities.subarray(
          ref * IDENTITY_SIZE,
          (ref + 1) * IDENTITY_SIZE,
        );
        expect([...identity]).toEqual([...identityOf(batch.series.keyOf(ref))]);
      }
    });

    test("a second body of the same series has the same refs", () => {
      const decoder = make();
      const first = decoder.decode(head, [canonicalBody]);
      const second = decoder.decode(head, [canonicalBody]);
      expect(refsOf(second)).toEqual(refsOf(first));
      expect(rowsOf(first.batch)).toEqual(CANONICAL_ROWS);
      expect(rowsOf(second.batch)).toEqual(CANONICAL_ROWS);
    });

    test("it does not matter how a body is cut into chunks", () => {
      const decoder = make();
      forEachSeed(50, (random) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < canonicalBody.length;) {
          const size = random.below(20);
          chunks.push(canonicalBody.subarray(at, at + size));
          at += size;
        }
        const body = decoder.decode(head, chunks);
        expect(rowsOf(body.batch)).toEqual(CANONICAL_ROWS);
        body.release();
      });
    });

    test("an empty body is refused or has no rows", () => {
      for (const chunks of [[], [new Uint8Array(0)]]) {
        const rows = decodedRows(make(), head, chunks);
        expect(rows === null || rows.length === 0).toBe(true);
      }
    });

    test("a body cut off at any byte is refused, or gives the rows in front", () => {
      const decoder = make();
      for (let size = 0; size < canonicalBody.length; size += 1) {
        const rows = decodedRows(decoder, head, [canonicalBody.subarray(0, size)]);
        const inFront =
          rows && !sample.noticesTruncation ? CANONICAL_ROWS.slice(0, rows.length) : null;
        expect(rows, `cut off at ${size}`).toEqual(inFront);
      }
      // And none of that spoiled anything.
      expect(decodedRows(decoder, head, [canonicalBody])).toEqual(CANONICAL_ROWS);
    });

    test("a damaged body is refused or gives rows, and spoils nothing", () => {
      const decoder = make();
      forEachSeed(300, (random) => {
        const damaged = Uint8Array.from(canonicalBody);
        damaged[random.below(damaged.length)] = random.u32();
        decodedRows(decoder, head, [damaged]);
        expect(decodedRows(decoder, head, [canonicalBody])).toEqual(CANONICAL_ROWS);
      });
    });

    test("a body over the limit is refused with 413", () => {
      const large = new Uint8Array(OPTIONS.bodySizeMax / 2 + 1);
      expect(refusal(() => make().decode(head, [large, large])).status).toBe(413);
    });

    test("an encoding that nobody knows is refused with 415, before and with the body", () => {
      const odd = { ...head, contentEncoding: "br" };
      expect(refusal(() => make().check(odd)).status).toBe(415);
      expect(refusal(() => make().decode(odd, [canonicalBody])).status).toBe(415);
      make().check(head);
    });

    test("columns that were given back are used again, and others are left alone", () => {
      const decoder = make();
      const first = decoder.decode(head, [canonicalBody]);
      const second = decoder.decode(head, [canonicalBody]);
      first.release();
      const third = decoder.decode(head, [canonicalBody]);
      expect(third.batch.refs).toBe(first.batch.refs);
      expect(rowsOf(second.batch)).toEqual(CANONICAL_ROWS);
      expect(() => first.release()).toThrow("released once");
    });

    test("tells how much memory it reserves", () => {
      const size = protocol.memorySize(OPTIONS);
      expect(size).toBeGreaterThanOrEqual(OPTIONS.tableSize);
      expect(size).toBeLessThan(OPTIONS.tableSize + 8 * OPTIONS.bodySizeMax + (4 << 20));
    });
  });
}

function refsOf({ batch }: DecodedBody): number[] {
  return [...batch.refs.subarray(0, batch.rowCount)];
}

/** The rows, or null when the body is refused as undecodable. */
function decodedRows(
  decoder: BodyDecoder,
  head: BodyHead,
  chunks: readonly Uint8Array[],
): string[] | null {
  let body: DecodedBody;
  try {
    body = decoder.decode(head, chunks);
  } catch (error) {
    if (error instanceof InputError && [400, 413].includes(error.status)) return null;
    throw error;
  }
  const rows = rowsOf(body.batch);
  body.release();
  return rows;
}

function refusal(action: () => unknown): InputError {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
