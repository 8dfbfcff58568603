/**
 * Puts the label counts of lanes and nodes together: streams of count frames, each sorted, become one, in which the counts of a
 * label are added. Holds one frame of each stream.
 */
import { compareBytes } from "@tideline/common";
import { CountFrameCursor, CountFrameEncoder } from "./codec.ts";

/**
 * @param streams of count frames; an error of one is the error of all
 * Frames are owned by the consumer. Left early, it leaves the streams.
 */
export async function* mergeCountFrames(
  streams: readonly AsyncIterable<Uint8Array>[],
): AsyncGenerator<Uint8Array> {
  const [only, ...others] = streams;
  if (only !== undefined && others.length === 0) {
    yield* only;
    return;
  }
  const heads = streams.map((stream) => new StreamHead(stream[Symbol.asyncIterator]()));
  try {
    await Promise.all(heads.map((head) => head.advance()));
    const encoder = new CountFrameEncoder();
    for (let least = leastOf(heads); least !== null; least = leastOf(heads)) {
      const { name, value } = least;
      let seriesCount = 0;
      for (const head of heads) {
        if (head.isOver || head.compare(name, value) !== 0) continue;
        seriesCount += head.seriesCount;
        if (!head.advanceInFrame()) await head.advance();
      }
      encoder.append(name, value, seriesCount);
      if (encoder.isFull) yield encoder.take() as Uint8Array;
    }
    const rest = encoder.take();
    if (rest) yield rest;
  } finally {
    for (const head of heads) head.leave();
  }
}

/** Null when all streams are over. */
function leastOf(heads: readonly StreamHead[]): StreamHead["label"] | null {
  let least: StreamHead | null = null;
  for (const head of heads) {
    if (head.isOver) continue;
    if (least === null || head.compare(least.label.name, least.label.value) < 0) least = head;
  }
  return least && least.label;
}

/** Where one stream stands. */
class StreamHead {
  readonly #frames: AsyncIterator<Uint8Array>;
  #cursor: CountFrameCursor | null = null;
  isOver = false;

  constructor(frames: AsyncIterator<Uint8Array>) {
    this.#frames = frames;
  }

  /** Views that stay valid. */
  get label(): { readonly name: Uint8Array; readonly value: Uint8Array } {
    const { name, value } = this.#cursor as CountFrameCursor;
    return { name, value };
  }

  get seriesCount(): number {
    return (this.#cursor as CountFrameCursor).seriesCount;
  }

  compare(name: Uint8Array, value: Uint8Array): number {
    const cursor = this.#cursor as CountFrameCursor;
    return compareBytes(cursor.name, name) || compareBytes(cursor.value, value);
  }

  /** False where the frame is read to its end: `advance` then. */
  advanceInFrame(): boolean {
    return this.#cursor?.next() ?? false;
  }

  async advance(): Promise<void> {
    while (!this.isOver && !this.advanceInFrame()) {
      const result = await this.#frames.next();
      if (result.done === true) this.isOver = true;
      else this.#cursor = new CountFrameCursor(result.value);
    }
  }

  leave(): void {
    // What a stream says that is left no longer matters.
    if (!this.isOver) void Promise.resolve(this.#frames.return?.()).catch(() => undefined);
  }
}
