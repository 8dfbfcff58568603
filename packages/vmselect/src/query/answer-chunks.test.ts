import { COMPLETE } from "@tideline/model";
import { CreditGate } from "@tideline/wire";
import { describe, expect, test, vi } from "vitest";
import { ChunkQueue, sendAnswer } from "./answer-chunks.ts";
import { CHUNKS_IN_FLIGHT_MAX, WHOLE_SIZE_MAX, type FromWorker, type JobOutput } from "./jobs.ts";

const FACTS = {
  coverage: COMPLETE,
  warnings: [],
  infos: [],
  seriesFetchedCount: 0,
  samplesReadCount: 0,
};

/** Writes chunks of this size, and counts them. */
function output(chunkCount: number, chunkSize: number): JobOutput & { writtenCount: number } {
  const made: JobOutput & { writtenCount: number } = {
    ...FACTS,
    heldSize: 1_000,
    writtenCount: 0,
    chunks: {
      *[Symbol.iterator]() {
        for (let i = 0; i < chunkCount; i += 1) {
          made.writtenCount += 1;
          yield new Uint8Array(chunkSize).fill(i);
        }
      },
    },
  };
  return made;
}

/** What a worker posts for an answer, as far as it has credit. */
function send(answer: JobOutput, credit = CHUNKS_IN_FLIGHT_MAX) {
  const posted: FromWorker[] = [];
  const gate = new CreditGate();
  gate.add(credit);
  const cancel = new AbortController();
  const done = sendAnswer(7, answer, gate, cancel.signal, (message) => posted.push(message));
  done.catch(() => undefined);
  return { posted, gate, cancel, done };
}

const types = (posted: readonly FromWorker[]): string[] => posted.map(({ type }) => type);

describe("the worker", () => {
  test("sends a small answer as one message", async () => {
    const { posted, done } = send(output(3, 100), 0);
    await done;
    expect(posted).toMatchObject([{ type: "answer", jobId: 7, heldSize: null }]);
    expect(posted[0]).toHaveProperty("chunks.length", 3);
  });

  test("writes no more of a large answer than there is credit for", async () => {
    const answer = output(100, WHOLE_SIZE_MAX);
    const { posted, gate, done } = send(answer, 2);
    await vi.waitFor(() => {
      expect(types(posted)).toEqual(["answer", "chunk", "chunk"]);
    });
    expect(posted[0]).toMatchObject({ heldSize: 1_000 });
    expect(answer.writtenCount).toBeLessThan(7);
    gate.add(100);
    await done;
    expect(types(posted).slice(-2)).toEqual(["chunk", "end"]);
    expect(answer.writtenCount).toBe(100);
  });

  test("stops writing when the answer is cancelled", async () => {
    const answer = output(100, WHOLE_SIZE_MAX);
    const { posted, cancel, done } = send(answer, 1);
    cancel.abort(new Error("left"));
    await expect(done).rejects.toThrow("left");
    expect(types(posted)).not.toContain("end");
  });
});

function queue() {
  const said: string[] = [];
  const chunks = new ChunkQueue({
    workerSize: 0,
    onRead: () => said.push("read"),
    onCancel: () => said.push("cancel"),
  });
  return { said, chunks };
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<number[]> {
  const read: number[] = [];
  for await (const chunk of chunks) read.push(...chunk);
  return read;
}

describe("main", () => {
  test("reads chunks in order, and gives room for each one that it is done with", async () => {
    const { said, chunks } = queue();
    chunks.push(Uint8Array.of(1));
    const reading = readAll(chunks);
    chunks.push(Uint8Array.of(2));
    chunks.end();
    expect(await reading).toEqual([1, 2]);
    expect(said).toEqual(["read", "read"]);
  });

  test("fails with what the worker failed with, and cancels nothing then", async () => {
    const { said, chunks } = queue();
    chunks.push(Uint8Array.of(1));
    const reading = chunks[Symbol.asyncIterator]();
    expect(await reading.next()).toMatchObject({ done: false });
    const next = reading.next();
    chunks.fail(new Error("died"));
    await expect(next).rejects.toThrow("died");
    expect(said).toEqual(["read"]);
  });

  test("cancels what it does not read to the end, once", async () => {
    const { said, chunks } = queue();
    chunks.push(Uint8Array.of(1));
    for await (const chunk of chunks) {
      expect(chunk).toEqual(Uint8Array.of(1));
      break;
    }
    chunks.cancel();
    expect(said).toEqual(["cancel"]);
  });

  test("ends a reader that waits when the answer is cancelled under it", async () => {
    const { said, chunks } = queue();
    const reading = readAll(chunks);
    chunks.cancel();
    await expect(reading).rejects.toThrow("cancelled");
    expect(said).toEqual(["cancel"]);
  });
});
