/**
 * vmstorage's side of reading: answers what any number of vmselects ask, with frames of its FrameSource.
 */
import { FrameServer, type FrameSource } from "@tideline/wire";
import {
  encodeEnvelope,
  KIND_ASK,
  KIND_CANCEL,
  KIND_CREDIT,
  KIND_FRAME,
  STATUS_FAILED,
  type Envelope,
} from "./envelope.ts";
import { EnvelopeServer, type Connection, type Session } from "./envelope-server.ts";
import type { Log } from "./log.ts";
import { WIRE_VERSIONS, type Hello } from "./proto.ts";

export interface SelectServerOptions {
  readonly source: FrameSource;
  /** Of the data directory. */
  readonly nodeId: string;
  /** Of this run. */
  readonly bootId: string;
  readonly laneCount: number;
  readonly log: Log;
  readonly programVersion?: string;
}

export interface SelectServerStats {
  readonly streamCount: number;
  readonly requestCount: number;
  readonly inFlightCount: number;
  readonly frameCount: number;
  readonly sentSize: number;
}

interface Counters {
  requestCount: number;
  frameCount: number;
  sentSize: number;
}

export class SelectServer {
  readonly #server: EnvelopeServer;
  readonly #sessions = new Set<SelectSession>();
  readonly #counters: Counters = { requestCount: 0, frameCount: 0, sentSize: 0 };

  constructor({ source, nodeId, bootId, laneCount, log, programVersion }: SelectServerOptions) {
    const hello = (): Hello => ({
      wireVersions: WIRE_VERSIONS,
      features: [],
      nodeId,
      bootId,
      laneCount,
      placementHash: "",
      clockMs: Date.now(),
      programVersion: programVersion ?? "",
    });
    this.#server = new EnvelopeServer({
      service: "Select",
      hello,
      log,
      openSession: (connection) => {
        const session = new SelectSession({
          source,
          connection,
          log,
          counters: this.#counters,
          onClose: () => this.#sessions.delete(session),
        });
        this.#sessions.add(session);
        return session;
      },
    });
  }

  /** @see EnvelopeServer.listen */
  listen(address: string): Promise<string> {
    return this.#server.listen(address);
  }

  /** Requests that run are cut off: their askers see this node as away. */
  close(): Promise<void> {
    return this.#server.close();
  }

  stats(): SelectServerStats {
    let inFlightCount = 0;
    for (const session of this.#sessions) inFlightCount += session.inFlightCount;
    return { streamCount: this.#server.streamCount, inFlightCount, ...this.#counters };
  }
}

interface SessionOptions {
  readonly source: FrameSource;
  readonly connection: Connection;
  readonly log: Log;
  readonly counters: Counters;
  readonly onClose: () => void;
}

class SelectSession implements Session {
  readonly #options: SessionOptions;
  readonly #frames: FrameServer;

  constructor(options: SessionOptions) {
    const { source, connection, log, counters } = options;
    this.#options = options;
    this.#frames = new FrameServer({
      source,
      onFault: (error) => {
        log.error({ error }, "a query failed by a fault of ours");
      },
      transport: {
        frame(id, frame) {
          counters.frameCount += 1;
          counters.sentSize += frame.length;
          return connection.send(encodeEnvelope({ id, kind: KIND_FRAME, body: [frame] }));
        },
        failure(id, failure) {
          const envelope = { id, kind: KIND_ASK, status: STATUS_FAILED, body: [failure] };
          void connection.send(encodeEnvelope(envelope));
        },
      },
    });
  }

  get inFlightCount(): number {
    return this.#frames.inFlightCount;
  }

  onEnvelope({ id, kind, count, body }: Envelope): boolean {
    if (kind === KIND_ASK) {
      this.#options.counters.requestCount += 1;
      this.#frames.onAsk(id, body);
    } else if (kind === KIND_CREDIT) {
      this.#frames.onCredit(id, count);
    } else if (kind === KIND_CANCEL) {
      this.#frames.onCancel(id);
    } else {
      return false;
    }
    return true;
  }

  drain(): Promise<void> {
    this.#frames.close();
    return Promise.resolve();
  }

  close(): void {
    this.#frames.close();
    this.#options.onClose();
  }
}
