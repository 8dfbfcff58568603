/**
 * vmstorage's side of writing: takes row blocks of lanes from any number of vminserts, gives them to the
 * lanes in order of arrival, and answers an envelope when all its lanes have answered.
 */
import { OverloadError } from "@tideline/model";
import {
  decodeLaneBlocks,
  encodeLaneBlocks,
  encodeRowBlockAnswer,
  rowBlockAnswer,
  rowCountOf,
  type LaneBlock,
  type RowBlockAnswer,
} from "@tideline/wire";
import { encodeEnvelope, KIND_ROWS, type Envelope } from "./envelope.ts";
import { EnvelopeServer, type Connection, type Session } from "./envelope-server.ts";
import type { Log } from "./log.ts";
import { WIRE_VERSIONS, type Hello } from "./proto.ts";

/** The lanes of a storage, as its front offers them. */
export interface BlockSink {
  readonly laneCount: number;
  /** Of the data directory. */
  readonly nodeId: string;
  /** Of this run. */
  readonly bootId: string;
  /** A new stream: lanes keep its dictionary under the number returned. */
  openStream(): number;
  /** The stream is gone, and its dictionary with it. */
  closeStream(streamId: number): void;
  /**
   * Blocks of one stream come to a lane in the order of the calls.
   *
   * @param block untrusted bytes, borrowed until the promise settles
   */
  appendBlock(lane: number, streamId: number, block: Uint8Array): Promise<RowBlockAnswer>;
}

export interface InsertServerOptions {
  readonly sink: BlockSink;
  readonly log: Log;
  readonly programVersion?: string;
  /** Past it a stream is not read until lanes have answered. */
  readonly inFlightSizeMaxPerStream?: number;
}

export interface InsertServerStats {
  readonly streamCount: number;
  readonly envelopeCount: number;
  readonly rowCount: number;
  readonly receivedSize: number;
  readonly inFlightSize: number;
}

const IN_FLIGHT_SIZE_MAX = 32 * 1024 * 1024;

/** Counters that all streams share. */
interface Counters {
  envelopeCount: number;
  rowCount: number;
  receivedSize: number;
  inFlightSize: number;
}

export class InsertServer {
  readonly #server: EnvelopeServer;
  readonly #counters: Counters = {
    envelopeCount: 0,
    rowCount: 0,
    receivedSize: 0,
    inFlightSize: 0,
  };

  constructor({ sink, log, programVersion, inFlightSizeMaxPerStream }: InsertServerOptions) {
    const hello = (): Hello => ({
      wireVersions: WIRE_VERSIONS,
      features: [],
      nodeId: sink.nodeId,
      bootId: sink.bootId,
      laneCount: sink.laneCount,
      placementHash: "",
      clockMs: Date.now(),
      programVersion: programVersion ?? "",
    });
    this.#server = new EnvelopeServer({
      service: "Insert",
      hello,
      log,
      openSession: (connection) =>
        new InsertSession({
          sink,
          connection,
          log,
          counters: this.#counters,
          inFlightSizeMax: inFlightSizeMaxPerStream ?? IN_FLIGHT_SIZE_MAX,
        }),
    });
  }

  /** @see EnvelopeServer.listen */
  listen(address: string): Promise<string> {
    return this.#server.listen(address);
  }

  /** Answers the blocks that have arrived; later ones are answered `overloaded`. */
  close(): Promise<void> {
    return this.#server.close();
  }

  stats(): InsertServerStats {
    return { streamCount: this.#server.streamCount, ...this.#counters };
  }
}

interface SessionOptions {
  readonly sink: BlockSink;
  readonly connection: Connection;
  readonly log: Log;
  readonly counters: Counters;
  readonly inFlightSizeMax: number;
}

class InsertSession implements Session {
  readonly #options: SessionOptions;
  readonly #streamId: number;
  readonly #running = new Set<Promise<void>>();
  #inFlightSize = 0;
  #isPaused = false;
  #isDraining = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#streamId = options.sink.openStream();
  }

  onEnvelope({ id, kind, body }: Envelope): boolean {
    if (kind !== KIND_ROWS) return false;
    const { counters, connection, inFlightSizeMax } = this.#options;
    const blocks = decodeLaneBlocks(body);
    counters.envelopeCount += 1;
    counters.receivedSize += body.length;
    counters.inFlightSize += body.length;
    this.#inFlightSize += body.length;
    if (this.#inFlightSize > inFlightSizeMax && !this.#isPaused) {
      this.#isPaused = true;
      connection.pause();
    }
    const run = this.#append(id, blocks).finally(() => {
      this.#running.delete(run);
      counters.inFlightSize -= body.length;
      this.#inFlightSize -= body.length;
      if (this.#isPaused && this.#inFlightSize <= inFlightSizeMax / 2) {
        this.#isPaused = false;
        connection.resume();
      }
    });
    this.#running.add(run);
    return true;
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  close(): void {
    this.#options.sink.closeStream(this.#streamId);
  }

  /** Never rejects. The blocks are given to the lanes before this first waits. */
  async #append(id: number, blocks: readonly LaneBlock[]): Promise<void> {
    const { counters } = this.#options;
    const answers = await Promise.all(
      blocks.map(({ lane, bytes }) => this.#appendBlock(lane, bytes)),
    );
    const encoded = blocks.map(({ lane, bytes }, i): LaneBlock => {
      const answer = answers[i] as RowBlockAnswer;
      if (answer.status === "kept") counters.rowCount += rowCountOf(bytes);
      return { lane, bytes: encodeRowBlockAnswer(answer) };
    });
    const body = encodeLaneBlocks(encoded);
    await this.#options.connection.send(encodeEnvelope({ id, kind: KIND_ROWS, body }));
  }

  async #appendBlock(lane: number, bytes: Uint8Array): Promise<RowBlockAnswer> {
    const { sink, log } = this.#options;
    if (this.#isDraining) return rowBlockAnswer("overloaded", { message: "the node is stopping" });
    if (lane >= sink.laneCount) {
      return rowBlockAnswer("failed", { message: `no lane ${lane} of ${sink.laneCount}` });
    }
    try {
      return await sink.appendBlock(lane, this.#streamId, bytes);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof OverloadError) {
        return rowBlockAnswer("overloaded", { message, retryAfterMs: error.retryAfterMs });
      }
      log.error({ lane, error }, "a lane could not append a block");
      return rowBlockAnswer("failed", { message });
    }
  }
}
