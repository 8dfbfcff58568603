/**
 * Asks over one connection: gives requests their ids, grants credits as frames are taken, cancels what is
 * left. Knows nothing of the connection but how to send; whoever owns it passes on what arrives.
 */
import { COMPLETE, CorruptionError } from "@tideline/model";
import { decodeFailure } from "../failure/codec.ts";
import { encodeReadRequest, type ReadRequest } from "../read-request/codec.ts";
import { frameKind } from "../series-frame/frame-start.ts";
import { encodeEndFrame } from "../series-frame/encode.ts";
import { FrameQueue } from "./frame-queue.ts";

/** Frames of one request that may be on their way or waiting here: a few MB. */
export const FRAMES_IN_FLIGHT_MAX = 4;

/** Frames that are taken before their room is granted anew: a short answer needs no more than what it began with. */
export const FRAMES_PER_GRANT = 3;

/** Sends to the FrameServer at the other end. */
export interface AskTransport {
  /** @param credit frames that the server may send */
  ask(id: number, request: Uint8Array, credit: number): void;
  /** Allows the server to send `count` more frames. */
  credit(id: number, count: number): void;
  cancel(id: number): void;
}

/** What a last frame stands for. */
const COMPLETE_END = encodeEndFrame(COMPLETE);

export class FrameClient {
  readonly #transport: AskTransport;
  readonly #queues = new Map<number, FrameQueue>();
  #nextId = 1;

  constructor(transport: AskTransport) {
    this.#transport = transport;
  }

  /** Requests that wait for their end. */
  get inFlightCount(): number {
    return this.#queues.size;
  }

  /** Frames of the answer, the end frame last. Starts with the first `next`. */
  async *ask(request: ReadRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    const id = this.#nextId;
    this.#nextId += 1;
    const queue = new FrameQueue();
    const abort = (): void => {
      queue.fail(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#queues.set(id, queue);
    let isOver = false;
    let takenCount = 0;
    try {
      this.#transport.ask(id, encodeReadRequest(request), FRAMES_IN_FLIGHT_MAX);
      while (!isOver) {
        const frame = await queue.next();
        isOver = frameKind(frame) === "end";
        if (!isOver) takenCount += 1;
        if (takenCount === FRAMES_PER_GRANT) {
          this.#transport.credit(id, takenCount);
          takenCount = 0;
        }
        yield frame;
      }
    } finally {
      signal.removeEventListener("abort", abort);
      // A request that failed at the other end is no longer in the map: nothing to cancel there.
      if (this.#queues.delete(id) && !isOver) this.#transport.cancel(id);
    }
  }

  /**
   * A frame arrived. Late ones, of requests that were left, are dropped.
   *
   * @param isLast see AnswerTransport
   */
  onFrame(id: number, frame: Uint8Array, isLast = false): void {
    const queue = this.#queues.get(id);
    if (!queue) return;
    queue.push(frame);
    if (queue.length <= FRAMES_IN_FLIGHT_MAX) {
      if (isLast) queue.push(COMPLETE_END.slice());
    } else {
      queue.fail(
        new CorruptionError(
          "TIDELINE_FRAMES_FLOOD",
          "Cannot read an answer: more frames than credits",
        ),
      );
    }
  }

  /** The other end could not answer. */
  onFailure(id: number, failure: Uint8Array): void {
    this.fail(id, decodeFailure(failure));
  }

  /** The connection is gone: every request fails with `error`. */
  close(error: unknown): void {
    for (const id of this.#queues.keys()) this.fail(id, error);
  }

  /** A request is over without its end frame. */
  fail(id: number, error: unknown): void {
    this.#queues.get(id)?.fail(error);
    this.#queues.delete(id);
  }
}
