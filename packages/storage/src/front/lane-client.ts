/**
 * A lane as the main thread sees it: a worker behind two rings. Moves bytes; knows which answer belongs to whom.
 */
import { Worker } from "node:worker_threads";
import { assert, entryUrl, ringMemory, RingReader, RingWriter } from "@tideline/common";
import { InputError, OverloadError } from "@tideline/model";
import {
  copyWithRoom,
  decodeFailure,
  decodeRowBlockAnswer,
  FrameClient,
  frameSourceOf,
  type FrameSource,
  type RowBlockAnswer,
} from "@tideline/wire";
import type { MergeThreadOptions } from "../compaction/merge-thread.ts";
import type { LaneOptions } from "../lane/lane-options.ts";
import type { LaneWorkerData, LaneWorkerMessage } from "../lane/run-lane.ts";
import {
  FromLane,
  MESSAGE_HEADER_SIZE,
  messageHeader,
  readMessage,
  ToLane,
  type Message,
} from "../lane/messages.ts";
import { Outbox } from "../lane/outbox.ts";
import type { Log } from "../options.ts";
import type { LaneStats } from "../stats.ts";

export interface LaneClientOptions {
  readonly lane: LaneOptions;
  /** Limit of the lane's JavaScript heap, in bytes. */
  readonly heapSizeMax: number;
  readonly merging: MergeThreadOptions | null;
  readonly log: Log;
  /** The lane died: told once, unless it was closed. */
  readonly onFatal: (error: Error) => void;
  /** Of its thread, which calls `runLane`. Default: one without leaves. */
  readonly entry?: URL | undefined;
}

const ENTRY = entryUrl(new URL("../lane/lane-worker.ts", import.meta.url));

/** Bytes of the rings to and from a lane. */
export const TO_LANE_RING_SIZE = 8 * 1024 * 1024;
export const FROM_LANE_RING_SIZE = 4 * 1024 * 1024;

/** Short-lived objects of a lane's heap: three spaces of 4 MiB, as the launchers say for all threads. */
export const YOUNG_HEAP_SIZE = 12 * 1024 * 1024;

const NO_BODY = new Uint8Array(0);

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export class LaneClient {
  readonly #options: LaneClientOptions;
  readonly #worker: Worker;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #outbox: Outbox;
  /** Messages of this tick, in parts. */
  #posted: (readonly Uint8Array[])[] = [];
  readonly #frames: FrameClient;
  readonly #blocks = new Map<number, Pending<RowBlockAnswer>>();
  readonly #calls = new Map<number, Pending<unknown>>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #isClosing = false;
  #death: Error | null = null;
  #newestDelete = 0;
  /** What the lane holds, over its ring. */
  readonly source: FrameSource;

  private constructor(options: LaneClientOptions) {
    this.#options = options;
    const toLane = ringMemory(TO_LANE_RING_SIZE);
    const fromLane = ringMemory(FROM_LANE_RING_SIZE);
    this.#writer = new RingWriter(toLane);
    this.#reader = new RingReader(fromLane);
    this.#outbox = new Outbox(this.#writer);
    const { lane, merging } = options;
    const workerData: LaneWorkerData = { options: lane, toLane, fromLane, merging };
    this.#worker = new Worker(options.entry ?? ENTRY, {
      name: `lane-${options.lane.lane}`,
      workerData,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.ceil(options.heapSizeMax / 2 ** 20),
        maxYoungGenerationSizeMb: YOUNG_HEAP_SIZE / 2 ** 20,
      },
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        resolve();
      });
    });
    this.#frames = new FrameClient({
      ask: (id, request, credit) => {
        this.#checkOpen("read");
        this.#post(messageHeader(ToLane.ask, id, credit), request);
      },
      credit: (id, count) => {
        this.#post(messageHeader(ToLane.credit, id, count));
      },
      cancel: (id) => {
        this.#post(messageHeader(ToLane.cancel, id));
      },
    });
    this.source = frameSourceOf((request, signal) => this.#frames.ask(request, signal));
  }

  /** Starts the thread; settles when the lane has replayed its log and opened its parts. */
  static async start(options: LaneClientOptions): Promise<LaneClient> {
    const client = new LaneClient(options);
    await client.#opened();
    void client.#readForever();
    return client;
  }

  /**
   * Gives a row block to the lane. Blocks arrive in the order of the calls; waits while the ring is full.
   *
   * @param block borrowed until it settles
   * @throws {InputError} the block is too large; {OverloadError} the lane is closing
   */
  append(stream: number, block: Uint8Array): Promise<RowBlockAnswer> {
    const sizeMax = this.#writer.messageSizeMax - MESSAGE_HEADER_SIZE;
    if (block.length > sizeMax) {
      throw new InputError(
        "TIDELINE_ROW_BLOCK_SIZE",
        `Cannot take a row block of ${block.length} bytes: at most ${sizeMax}`,
      );
    }
    return this.#request(this.#blocks, (id) => [messageHeader(ToLane.append, id, stream), block]);
  }

  closeStream(stream: number): void {
    this.#post(messageHeader(ToLane.closeStream, stream));
  }

  async flush(): Promise<void> {
    await this.#call(ToLane.flush);
  }

  /** As it was when the lane was opened. */
  get newestDelete(): number {
    return this.#newestDelete;
  }

  /** See Lane.applyDelete. */
  async applyDelete(number: number): Promise<void> {
    await this.#call(ToLane.applyDelete, number);
  }

  /** See Lane.skipDelete. */
  async skipDelete(number: number): Promise<void> {
    await this.#call(ToLane.skipDelete, number);
  }

  /** See Lane.snapshot. */
  async snapshot(target: string): Promise<void> {
    await this.#request(this.#calls, (id) => [
      messageHeader(ToLane.snapshot, id),
      Buffer.from(target),
    ]);
  }

  /** Settles when it is done. @param prefix of the months that are meant */
  async forceMerge(prefix: string): Promise<void> {
    await this.#call(ToLane.forceMerge, 0, Buffer.from(prefix));
  }

  async stats(): Promise<LaneStats> {
    return (await this.#call(ToLane.stats)) as LaneStats;
  }

  /** Ends the thread. @param retire flushes first and leaves no log behind */
  async close(retire = false): Promise<void> {
    if (this.#isClosing || this.#death) return this.#exited;
    const closed = this.#call(ToLane.close, retire ? 1 : 0);
    this.#isClosing = true;
    try {
      await closed;
    } finally {
      await this.#exited;
      this.#drop(new OverloadError("TIDELINE_LANE_CLOSED", "Cannot read: the storage is closing"));
    }
  }

  #call(type: number, argument = 0, body = NO_BODY): Promise<unknown> {
    return this.#request(this.#calls, (id) => [messageHeader(type, id, argument), body]);
  }

  #request<T>(
    pending: Map<number, Pending<T>>,
    message: (id: number) => readonly Uint8Array[],
  ): Promise<T> {
    this.#checkOpen("write");
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffff_ffff) + 1;
    assert(!pending.has(id), "the id of a request is free");
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      this.#post(...message(id));
    });
  }

  /** @throws {OverloadError} nobody would answer any more */
  #checkOpen(verb: "read" | "write"): void {
    if (!this.#isClosing && !this.#death) return;
    throw new OverloadError("TIDELINE_LANE_CLOSED", `Cannot ${verb}: the storage is closing`);
  }

  /**
   * The messages of a tick go together, so that the lane is woken once. What is posted to a lane that is gone is
   * answered by its death.
   */
  #post(...parts: readonly Uint8Array[]): void {
    this.#posted.push(parts);
    if (this.#posted.length > 1) return;
    queueMicrotask(() => {
      const posted = this.#posted;
      this.#posted = [];
      this.#writer.together(() => {
        for (const message of posted) void this.#outbox.send(...message);
      });
    });
  }

  async #opened(): Promise<void> {
    const { log } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#worker.on("message", (message: LaneWorkerMessage) => {
        if (message.type === "log") log[message.level](message.fields, message.message);
        else if (message.type === "opened") {
          this.#newestDelete = message.newestDelete;
          resolve();
        } else reject(decodeFailure(message.failure));
      });
      this.#worker.once("error", reject);
      this.#worker.once("exit", (code) => {
        reject(new Error(`lane ended with code ${code} before it was open`));
      });
    });
    this.#worker.once("error", (error) => {
      this.#die(error instanceof Error ? error : new Error(String(error)));
    });
    this.#worker.once("exit", (code) => {
      if (!this.#isClosing) this.#die(new Error(`lane ended with code ${code}`));
    });
  }

  async #readForever(): Promise<void> {
    const reader = this.#reader;
    while (await reader.readable()) {
      for (let view = reader.read(); view; view = reader.read()) this.#receive(readMessage(view));
      reader.release();
    }
  }

  #receive({ type, id, argument, body }: Message): void {
    if (type === FromLane.answer) settle(this.#blocks, id)?.resolve(decodeRowBlockAnswer(body));
    else if (type === FromLane.frame) this.#frames.onFrame(id, copyWithRoom(body), argument === 1);
    else if (type === FromLane.askFailed) this.#frames.onFailure(id, new Uint8Array(body));
    else if (type === FromLane.done) settle(this.#calls, id)?.resolve(parseJson(body));
    else settle(this.#calls, id)?.reject(decodeFailure(new Uint8Array(body)));
  }

  #die(error: Error): void {
    if (this.#death) return;
    this.#death = error;
    this.#writer.close();
    this.#drop(
      new OverloadError("TIDELINE_LANE_DIED", "Cannot go on: a lane died", { cause: error }),
    );
    this.#options.onFatal(error);
  }

  /** Rejects all that waits for the lane. */
  #drop(error: OverloadError): void {
    for (const pending of [...this.#blocks.values(), ...this.#calls.values()])
      pending.reject(error);
    this.#blocks.clear();
    this.#calls.clear();
    this.#frames.close(error);
  }
}

function settle<T>(pending: Map<number, Pending<T>>, id: number): Pending<T> | undefined {
  const found = pending.get(id);
  pending.delete(id);
  return found;
}

function parseJson(body: Uint8Array): unknown {
  return JSON.parse(Buffer.from(body).toString("utf8"));
}
