/**
 * Feeds a lane from a ring and sends its answers into another: what runs in a lane's thread.
 *
 * All blocks that wait in the ring share one write to the log. Between two rounds the event loop gets
 * its turn: searches, syncs and flushes go on there, in slices.
 */
import type { Clock, RingReader, RingWriter } from "@tideline/common";
import {
  encodeFailure,
  encodeRowBlockAnswer,
  FrameServer,
  type RowBlockAnswer,
} from "@tideline/wire";
import { Breather } from "./breather.ts";
import type { Lane } from "./lane.ts";
import { FromLane, messageHeader, readMessage, ToLane, type Message } from "./messages.ts";
import { Outbox } from "./outbox.ts";

/** Rows that share one write at most. */
const GROUP_ROWS_MAX = 256 * 1024;
/** Searches that run at a time; more are refused. */
const SEARCHES_MAX = 128;

export interface LaneServerOptions {
  readonly lane: Lane;
  readonly reader: RingReader;
  readonly writer: RingWriter;
  readonly clock: Clock;
  readonly tickIntervalMs: number;
}

export class LaneServer {
  readonly #options: LaneServerOptions;
  readonly #lane: Lane;
  readonly #outbox: Outbox;
  readonly #frames: FrameServer;
  #fault: { readonly error: unknown } | null = null;
  #closing: { readonly id: number; readonly retire: boolean } | null = null;
  #cancelTick: () => void = () => undefined;
  #ticking: Promise<void> = Promise.resolve();

  constructor(options: LaneServerOptions) {
    this.#options = options;
    this.#lane = options.lane;
    this.#outbox = new Outbox(options.writer);
    this.#frames = new FrameServer({
      source: options.lane,
      requestsMax: SEARCHES_MAX,
      onFault: (error) => {
        this.#fail(error);
      },
      transport: {
        frame: async (id, frame, isLast) => {
          await this.#outbox.send(messageHeader(FromLane.frame, id, isLast ? 1 : 0), frame);
        },
        failure: (id, failure) => {
          void this.#outbox.send(messageHeader(FromLane.askFailed, id), failure);
        },
      },
    });
  }

  /** What it has to do: nothing, requests to answer, or to end. */
  get state(): "idle" | "busy" | "ending" {
    if (this.#closing) return "ending";
    return this.#frames.inFlightCount > 0 ? "busy" : "idle";
  }

  /** Serves until it is told to close. @throws whatever went wrong that is our own fault */
  async run(): Promise<void> {
    const { reader, writer } = this.#options;
    this.#scheduleTick();
    const breather = new Breather();
    while (!this.#closing && (await reader.readable())) {
      this.#takeWaiting();
      if (this.#fault) throw this.#fault.error;
      if (breather.due) await breather.breathe();
    }
    this.#cancelTick();
    this.#frames.close();
    await this.#ticking;
    if (this.#fault) throw this.#fault.error;
    const id = this.#closing?.id ?? 0;
    const retire = this.#closing?.retire ?? false;
    await this.#answerDone(id, async () => {
      await this.#lane.close(retire);
      return null;
    });
    writer.close();
  }

  /** Handles what waits in the ring, and writes its rows to the log together. No waiting inside. */
  #takeWaiting(): void {
    const { reader, writer } = this.#options;
    writer.together(() => {
      for (let view = reader.read(); view; view = reader.read()) {
        this.#handle(readMessage(view));
        if (this.#lane.pendingRowCount >= GROUP_ROWS_MAX || this.#closing) break;
      }
      this.#lane.commit();
    });
    reader.release();
  }

  #handle({ type, id, argument, body }: Message): void {
    switch (type) {
      case ToLane.append:
        this.#lane.append(argument, body, (answer) => {
          this.#answerBlock(id, answer);
        });
        break;
      case ToLane.closeStream:
        this.#lane.closeStream(id);
        break;
      case ToLane.ask:
        this.#frames.onAsk(id, body, argument);
        break;
      case ToLane.credit:
        this.#frames.onCredit(id, argument);
        break;
      case ToLane.cancel:
        this.#frames.onCancel(id);
        break;
      case ToLane.flush:
        void this.#answerDone(id, async () => {
          await this.#lane.flush();
          return null;
        });
        break;
      case ToLane.forceMerge: {
        const prefix = Buffer.from(body).toString("utf8");
        void this.#answerDone(id, async () => {
          await this.#lane.forceMerge(prefix);
          return null;
        });
        break;
      }
      case ToLane.stats:
        void this.#answerDone(id, () => this.#lane.stats());
        break;
      case ToLane.applyDelete:
        void this.#answerDone(id, async () => {
          await this.#lane.applyDelete(argument);
          return null;
        });
        break;
      case ToLane.skipDelete:
        void this.#answerDone(id, async () => {
          await this.#lane.skipDelete(argument);
          return null;
        });
        break;
      case ToLane.snapshot: {
        const target = Buffer.from(body).toString("utf8");
        void this.#answerDone(id, async () => {
          await this.#lane.snapshot(target);
          return null;
        });
        break;
      }
      default:
        this.#closing = { id, retire: argument === 1 };
    }
  }

  #answerBlock(id: number, answer: RowBlockAnswer): void {
    void this.#outbox.send(messageHeader(FromLane.answer, id), encodeRowBlockAnswer(answer));
  }

  /** Answers with what `work` returns, as JSON, or with its failure. */
  async #answerDone(id: number, work: () => unknown): Promise<void> {
    let header = messageHeader(FromLane.done, id);
    let body: Uint8Array;
    try {
      body = Buffer.from(JSON.stringify(await work()));
    } catch (error) {
      header = messageHeader(FromLane.failed, id);
      body = encodeFailure(error);
    }
    await this.#outbox.send(header, body);
  }

  #scheduleTick(): void {
    const { clock, tickIntervalMs } = this.#options;
    this.#cancelTick = clock.after(tickIntervalMs, () => {
      this.#ticking = this.#tick();
    });
  }

  async #tick(): Promise<void> {
    try {
      await this.#lane.tick();
      if (!this.#closing) this.#scheduleTick();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A fault of ours: `run` rejects with it, and the thread ends. */
  #fail(error: unknown): void {
    this.#fault ??= { error };
    this.#options.reader.close();
  }
}
