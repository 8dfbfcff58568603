/**
 * vmstorage's side of reading: answers what any number of vmselects ask, with frames of its FrameSource; and deletes
 * what they say.
 */
import type { DeleteSink } from "@tideline/model";
import {
  decodeDeleteRequest,
  encodeFailure,
  FrameServer,
  isKnownError,
  type FrameSource,
} from "@tideline/wire";
import {
  encodeEnvelope,
  KIND_ASK,
  KIND_CANCEL,
  KIND_CREDIT,
  KIND_DELETE,
  KIND_FRAME,
  STATUS_FAILED,
  type Envelope,
} from "./envelope.ts";
import { EnvelopeServer, type Connection, type Session } from "./envelope-server.ts";
import type { Log } from "./log.ts";
import {
  FEATURE_KEY_LISTS,
  FEATURE_LAST_FRAMES,
  FEATURE_LEAF_ROWS,
  WIRE_VERSIONS,
  type Hello,
} from "./proto.ts";

export interface SelectServerOptions {
  readonly source: FrameSource;
  /** When not given, deletes are answered as not supported. */
  readonly deletes?: DeleteSink;
  /** Of the data directory. */
  readonly nodeId: string;
  /** Of this run. */
  readonly bootId: string;
  readonly laneCount: number;
  readonly log: Log;
  readonly programVersion?: string;
  /** What it tells askers that it can do. Default: all that it can. */
  readonly features?: readonly string[];
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

  constructor(options: SelectServerOptions) {
    const { source, deletes, nodeId, bootId, laneCount, log, programVersion } = options;
    const hello = (): Hello => ({
      wireVersions: WIRE_VERSIONS,
      features: options.features ?? [FEATURE_KEY_LISTS, FEATURE_LEAF_ROWS],
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
      openSession: (connection, peer) => {
        const session = new SelectSession({
          source,
          deletes,
          connection,
          endsApart: !peer.features.includes(FEATURE_LAST_FRAMES),
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
  readonly deletes: DeleteSink | undefined;
  readonly connection: Connection;
  readonly endsApart: boolean;
  readonly log: Log;
  readonly counters: Counters;
  readonly onClose: () => void;
}

class SelectSession implements Session {
  readonly #options: SessionOptions;
  readonly #frames: FrameServer;
  readonly #deleting = new Set<Promise<void>>();

  constructor(options: SessionOptions) {
    const { source, connection, endsApart, log, counters } = options;
    this.#options = options;
    this.#frames = new FrameServer({
      source,
      endsApart,
      onFault: (error) => {
        log.error({ error }, "a query failed by a fault of ours");
      },
      transport: {
        frame(id, frame, isLast) {
          counters.frameCount += 1;
          counters.sentSize += frame.length;
          return connection.send(
            encodeEnvelope({ id, kind: KIND_FRAME, count: isLast ? 1 : 0, body: [frame] }),
          );
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
      this.#frames.onAsk(id, body, count);
    } else if (kind === KIND_CREDIT) {
      this.#frames.onCredit(id, count);
    } else if (kind === KIND_CANCEL) {
      this.#frames.onCancel(id);
    } else if (kind === KIND_DELETE && this.#options.deletes) {
      const done = this.#delete(this.#options.deletes, id, body).finally(() => {
        this.#deleting.delete(done);
      });
      this.#deleting.add(done);
    } else {
      return false;
    }
    return true;
  }

  async drain(): Promise<void> {
    this.#frames.close();
    await Promise.all(this.#deleting);
  }

  close(): void {
    this.#frames.close();
    this.#options.onClose();
  }

  /** Never rejects: an error is told to who asked. What was begun is done, whether they wait for it or not. */
  async #delete(deletes: DeleteSink, id: number, body: Uint8Array): Promise<void> {
    const { connection, log } = this.#options;
    try {
      await deletes.deleteSeries(decodeDeleteRequest(body));
      await connection.send(encodeEnvelope({ id, kind: KIND_DELETE }));
    } catch (error) {
      if (!isKnownError(error)) log.error({ error }, "a delete failed by a fault of ours");
      const failure = [encodeFailure(error)];
      await connection.send(
        encodeEnvelope({ id, kind: KIND_DELETE, status: STATUS_FAILED, body: failure }),
      );
    }
  }
}
