/**
 * A lane in memory: takes row blocks as storage does (definitions, unknown refs, keys) and keeps its rows as
 * text, so that tests compare them without a codec.
 */
import { assert } from "@tideline/common";
import { IDENTITY_SIZE, identityOf, wordsOf } from "@tideline/model";
import { rowBlockAnswer, type RowBlockAnswer, type RowBlockStatus } from "../row-block/answer.ts";
import { blockTimestamps, decodeRowBlock, keyedKey, type RowBlock } from "../row-block/decode.ts";

interface Stream {
  dictionary: number;
  readonly identityOfRef: Map<number, string>;
}

export class FakeLane {
  /** `key time lowWord highWord` of every row kept, the key in hex. */
  readonly rows: string[] = [];
  blockCount = 0;
  rowCount = 0;
  definitionCount = 0;
  keyedCount = 0;
  blockSizeMax = 0;
  /** Answered with `kept`. */
  ignored: Readonly<Record<string, number>> = {};
  /** When set, blocks are refused unread. */
  refusal: { readonly status: RowBlockStatus; readonly retryAfterMs: number } | null = null;
  readonly #streams = new Map<number, Stream>();
  readonly #keys = new Map<string, Uint8Array>();

  async append(streamId: number, bytes: Uint8Array): Promise<RowBlockAnswer> {
    const { refusal } = this;
    if (refusal) return rowBlockAnswer(refusal.status, { retryAfterMs: refusal.retryAfterMs });
    const block = decodeRowBlock(bytes);
    const stream = this.#streamOf(streamId, block.dictionary);
    this.blockCount += 1;
    this.definitionCount += block.definitionRefs.length;
    this.keyedCount += block.keyedRefs.length;
    this.blockSizeMax = Math.max(this.blockSizeMax, bytes.length);
    this.#define(stream, block);
    const unknown = new Set<number>();
    for (const ref of block.refs) {
      if (!this.#keys.has(stream.identityOfRef.get(ref) ?? "")) unknown.add(ref);
    }
    if (unknown.size > 0) {
      return rowBlockAnswer("unknownRefs", { unknownRefs: Uint32Array.from(unknown) });
    }
    this.#keep(stream, block);
    // As from another thread: the answer comes later.
    await Promise.resolve();
    return rowBlockAnswer("kept", { ignoredByReason: this.ignored });
  }

  /** As after a broken stream. */
  forgetStreams(): void {
    this.#streams.clear();
  }

  /** As after a restart without data: series have to come with their keys again. */
  forgetSeries(): void {
    this.#keys.clear();
  }

  /** Identities of all series, in the order of their keys' arrival. */
  identities(): Uint8Array[] {
    return [...this.#keys.keys()].map((hex) => new Uint8Array(Buffer.from(hex, "hex")));
  }

  #streamOf(id: number, dictionary: number): Stream {
    const known = this.#streams.get(id);
    if (known?.dictionary === dictionary) return known;
    const stream: Stream = { dictionary, identityOfRef: new Map() };
    this.#streams.set(id, stream);
    return stream;
  }

  #define(stream: Stream, block: RowBlock): void {
    const define = (ref: number, identities: Uint8Array, index: number): string => {
      const identity = identities.subarray(index * IDENTITY_SIZE, (index + 1) * IDENTITY_SIZE);
      const hex = Buffer.from(identity).toString("hex");
      const earlier = stream.identityOfRef.get(ref);
      assert(earlier === undefined || earlier === hex, "a stream ref keeps its identity");
      stream.identityOfRef.set(ref, hex);
      return hex;
    };
    for (const [i, ref] of block.definitionRefs.entries()) {
      define(ref, block.definitionIdentities, i);
    }
    for (const [i, ref] of block.keyedRefs.entries()) {
      const hex = define(ref, block.keyedIdentities, i);
      const key = new Uint8Array(keyedKey(block, i));
      assert(Buffer.from(identityOf(key)).toString("hex") === hex, "an identity is its key's");
      this.#keys.set(hex, key);
    }
  }

  #keep(stream: Stream, block: RowBlock): void {
    const times = new Float64Array(block.rowCount);
    blockTimestamps(block, times);
    const words = wordsOf(block.values);
    for (const [i, ref] of block.refs.entries()) {
      const key = this.#keys.get(stream.identityOfRef.get(ref) as string) as Uint8Array;
      const name = Buffer.from(key).toString("hex");
      this.rows.push(`${name} ${times[i]} ${words[i * 2]} ${words[i * 2 + 1]}`);
    }
    this.rowCount += block.rowCount;
  }
}
