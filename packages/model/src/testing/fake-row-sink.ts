/** A RowSink that keeps rows in a map: for tests of what writes. */
import { NOTHING_IGNORED, type RowBatch, type RowSink, type WriteOutcome } from "../row-sink.ts";
import { beats, wordsOf } from "../sample-merge.ts";

export class FakeRowSink implements RowSink {
  /** `key ms` → bits; the key as latin1 text. */
  readonly kept = new Map<string, bigint>();
  batchCount = 0;
  /** When set, the next write rejects with it. */
  failure: Error | null = null;
  /** Told of every write that is kept. */
  ignored: WriteOutcome = NOTHING_IGNORED;

  async write(batch: RowBatch): Promise<WriteOutcome> {
    await Promise.resolve();
    const { failure } = this;
    this.failure = null;
    if (failure) throw failure;
    this.batchCount += 1;
    const words = wordsOf(batch.values);
    for (let row = 0; row < batch.rowCount; row += 1) {
      const key = Buffer.from(batch.series.keyOf(batch.refs[row] as number)).toString("latin1");
      const place = `${key} ${batch.timestampsMs[row]}`;
      const known = this.kept.get(place);
      const knownWords = new Uint32Array(BigUint64Array.of(known ?? 0n).buffer);
      if (known !== undefined && !beats(words, row, knownWords, 0)) continue;
      const bits = words.slice(row * 2, row * 2 + 2);
      this.kept.set(place, new BigUint64Array(bits.buffer)[0] as bigint);
    }
    return this.ignored;
  }
}
