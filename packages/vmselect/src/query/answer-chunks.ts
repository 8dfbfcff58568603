/**
 * An answer on its way from a query worker to its client. A small one is one message. Of a large one the worker writes as much as main
 * has room for: who reads slowly holds back the writing, and neither thread ever has the whole text.
 */
import type { CreditGate } from "@tideline/wire";
import {
  CHUNKS_IN_FLIGHT_MAX,
  WHOLE_SIZE_MAX,
  type AnswerRest,
  type FromWorker,
  type JobOutput,
} from "./jobs.ts";

/**
 * The worker's end: sends all that belongs to an answer.
 *
 * @param post hands over the buffers
 * @throws what writing throws; the signal's reason while it waits for credit
 */
export async function sendAnswer(
  jobId: number,
  { chunks, heldSize, ...facts }: JobOutput,
  gate: CreditGate,
  signal: AbortSignal,
  post: (message: FromWorker, buffers: ArrayBuffer[]) => void,
): Promise<void> {
  const writer = chunks[Symbol.iterator]();
  const first: Uint8Array[] = [];
  let size = 0;
  let next = writer.next();
  for (; next.done !== true && size <= WHOLE_SIZE_MAX; next = writer.next()) {
    first.push(next.value);
    size += next.value.length;
  }
  const isWhole = next.done === true;
  post(
    { type: "answer", jobId, facts, chunks: first, heldSize: isWhole ? null : heldSize },
    first.map(({ buffer }) => buffer as ArrayBuffer),
  );
  for (; next.done !== true; next = writer.next()) {
    await gate.take(signal);
    const chunk = next.value;
    post({ type: "chunk", jobId, chunk }, [chunk.buffer as ArrayBuffer]);
  }
  if (!isWhole) post({ type: "end", jobId }, []);
}

export interface ChunkQueueOptions {
  /** Bytes of what the worker writes from. */
  readonly workerSize: number;
  /** A chunk was read. */
  readonly onRead: () => void;
  readonly onCancel: () => void;
}

/** Main's end: chunks that arrived and wait for their one reader. */
export class ChunkQueue implements AnswerRest {
  readonly heldSize: number;
  readonly #options: ChunkQueueOptions;
  readonly #chunks: Uint8Array[] = [];
  #outcome: { readonly error: unknown } | "open" | "ended" = "open";
  #isLeft = false;
  #wake: () => void = () => undefined;

  constructor(options: ChunkQueueOptions) {
    this.#options = options;
    this.heldSize = options.workerSize + (CHUNKS_IN_FLIGHT_MAX + 1) * WHOLE_SIZE_MAX;
  }

  push(chunk: Uint8Array): void {
    if (!this.#isLeft) this.#chunks.push(chunk);
    this.#wake();
  }

  end(): void {
    this.#outcome = "ended";
    this.#wake();
  }

  /** What waits is dropped: an answer is whole or cut off. */
  fail(error: unknown): void {
    this.#outcome = { error };
    this.#chunks.length = 0;
    this.#wake();
  }

  cancel(): void {
    if (this.#isLeft || this.#outcome !== "open") return;
    this.#isLeft = true;
    this.#chunks.length = 0;
    this.#options.onCancel();
    this.#wake();
  }

  /** @throws what `fail` was given */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) {
          yield chunk;
          this.#options.onRead();
        } else if (this.#isLeft) {
          throw new Error("the answer was cancelled");
        } else if (this.#outcome === "open") {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        } else {
          if (this.#outcome !== "ended") throw this.#outcome.error;
          return;
        }
      }
    } finally {
      this.cancel();
    }
  }
}
