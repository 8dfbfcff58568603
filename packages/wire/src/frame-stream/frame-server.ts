/**
 * Answers what a FrameClient at the other end of one connection asks: frames as far as it has credits,
 * stopped by its cancel. Errors go over as themselves.
 */
import { OverloadError } from "@tideline/model";
import { encodeFailure, isKnownError } from "../failure/codec.ts";
import { decodeReadRequest } from "../read-request/codec.ts";
import type { FrameSource } from "../series-frame/frame-source.ts";
import { isCompleteEnd } from "../series-frame/decode.ts";
import { frameKind } from "../series-frame/frame-start.ts";
import { answerFrames } from "./answer-frames.ts";
import { CreditGate } from "./credit-gate.ts";

/** Sends to the FrameClient at the other end. */
export interface AnswerTransport {
  /**
   * May wait until the connection has room. The frame is given away.
   *
   * @param isLast the answer ends with this frame and misses nothing: there is no end frame
   */
  frame(id: number, frame: Uint8Array, isLast: boolean): void | Promise<void>;
  failure(id: number, failure: Uint8Array): void;
}

export interface FrameServerOptions {
  readonly source: FrameSource;
  readonly transport: AnswerTransport;
  /** Told of errors that are none of the model's classes: faults of ours. */
  readonly onFault: (error: unknown) => void;
  /** The other end knows end frames alone, no last ones. */
  readonly endsApart?: boolean;
  /** Requests answered at a time; more are refused with an OverloadError. */
  readonly requestsMax?: number;
}

const REQUESTS_MAX = 1024;

interface Session {
  readonly gate: CreditGate;
  readonly abort: AbortController;
}

export class FrameServer {
  readonly #options: FrameServerOptions;
  readonly #requestsMax: number;
  readonly #sessions = new Map<number, Session>();

  constructor(options: FrameServerOptions) {
    this.#options = options;
    this.#requestsMax = options.requestsMax ?? REQUESTS_MAX;
  }

  /** Requests that are being answered. */
  get inFlightCount(): number {
    return this.#sessions.size;
  }

  /**
   * @param request untrusted bytes; read before this returns
   * @param credit frames that the asker has room for at first
   */
  onAsk(id: number, request: Uint8Array, credit = 0): void {
    if (this.#sessions.has(id)) return;
    if (this.#sessions.size >= this.#requestsMax) {
      const message = `Cannot answer more than ${this.#requestsMax} requests at a time`;
      const error = new OverloadError("TIDELINE_TOO_MANY_REQUESTS", message, { status: 429 });
      this.#options.transport.failure(id, encodeFailure(error));
      return;
    }
    const session: Session = { gate: new CreditGate(), abort: new AbortController() };
    this.#sessions.set(id, session);
    session.gate.add(credit);
    void this.#answer(id, request, session);
  }

  onCredit(id: number, count: number): void {
    this.#sessions.get(id)?.gate.add(count);
  }

  onCancel(id: number): void {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    session?.abort.abort();
  }

  /** The connection is gone: nobody reads the answers. */
  close(): void {
    for (const id of this.#sessions.keys()) this.onCancel(id);
  }

  /** Never rejects: an error is told to the asker, if it still listens. */
  async #answer(id: number, bytes: Uint8Array, { gate, abort }: Session): Promise<void> {
    const { source, transport, onFault, endsApart = false } = this.#options;
    const { signal } = abort;
    try {
      // A frame waits until it is known whether it is the last: then its end goes along, one message instead of two.
      let held: Uint8Array | null = null;
      for await (const frame of answerFrames(source, decodeReadRequest(bytes), signal)) {
        if (held) {
          const isLast = isCompleteEnd(frame);
          await transport.frame(id, held, isLast);
          held = null;
          if (isLast) return;
        }
        await gate.take(signal);
        if (endsApart || frameKind(frame) === "end") await transport.frame(id, frame, false);
        else held = frame;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isKnownError(error)) onFault(error);
      transport.failure(id, encodeFailure(error));
    } finally {
      this.#sessions.delete(id);
    }
  }
}
