/**
 * One long-lived stream to one node: connects, says hello, hands over envelopes, and knocks after
 * a pause that grows with each failure, and connects again once somebody listens. Knows nothing of rows and queries.
 *
 * States: connecting → ready → away → connecting …; refused when the node's hello cannot be accepted
 * (tried again after a long pause), closed at the end.
 */
import { Client, credentials, type ClientDuplexStream } from "@grpc/grpc-js";
import { type Clock, systemClock } from "@tideline/common";
import { CorruptionError, OverloadError } from "@tideline/model";
import type { StorageNode } from "@tideline/placement";
import {
  decodeEnvelope,
  encodeEnvelope,
  KIND_HELLO,
  STATUS_UNSUPPORTED,
  type Envelope,
} from "./envelope.ts";
import { CHANNEL_OPTIONS, rawMessage } from "./grpc.ts";
import { knock } from "./knock.ts";
import type { Log } from "./log.ts";
import {
  commonWireVersion,
  decodeHello,
  encodeHello,
  streamPath,
  type Hello,
  type ServiceName,
} from "./proto.ts";

export type LinkState = "connecting" | "ready" | "away" | "refused" | "closed";

/** How often a link did not come about, or broke. */
export interface LinkFailures {
  /** Nobody answered at the address, or not in time. */
  readonly dialCount: number;
  /** What answered was no node that can be accepted. */
  readonly handshakeCount: number;
  /** Links that broke after they had been ready. */
  readonly connectionCount: number;
}

export interface LinkTimings {
  /** A node that has not said hello by then counts as away. */
  readonly helloTimeoutMs: number;
  /** Pause after the first failure; it doubles up to the maximum, which a node that has restarted stays away longer. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Pause after a hello that cannot be accepted. */
  readonly refusedPauseMs: number;
}

const LINK_TIMINGS: LinkTimings = {
  helloTimeoutMs: 5_000,
  backoffMinMs: 100,
  backoffMaxMs: 250,
  refusedPauseMs: 30_000,
};

/** What callers are told who need a node that is away. */
const RETRY_AFTER_MS = 5_000;

export interface NodeLinkOptions {
  readonly node: StorageNode;
  readonly service: ServiceName;
  /** What we tell of ourselves; asked anew for each connection. */
  readonly hello: () => Hello;
  readonly log: Log;
  readonly clock?: Clock;
  readonly timings?: Partial<LinkTimings>;
  /** Whether a node's hello is accepted, and if not, why. Called before `onReady`. */
  readonly accept: (hello: Hello) => string | null;
  /** The stream is new: nothing that was told on an earlier one is known. */
  readonly onReady: (hello: Hello) => void;
  readonly onEnvelope: (envelope: Envelope) => void;
  /** The stream broke after it was ready. */
  readonly onLost: (error: OverloadError) => void;
}

type Stream = ClientDuplexStream<Buffer, Buffer>;

/** One try to be connected. */
interface Connection {
  readonly client: Client;
  readonly stream: Stream;
  readonly cancelTimeout: () => void;
}

export class NodeLink {
  readonly #options: NodeLinkOptions;
  readonly #timings: LinkTimings;
  readonly #clock: Clock;
  #state: LinkState = "connecting";
  #connection: Connection | null = null;
  /** Ends the pause, or the knock behind it. */
  #cancelPause: (() => void) | null = null;
  #failuresInRow = 0;
  #readyCount = 0;
  readonly #failures = { dialCount: 0, handshakeCount: 0, connectionCount: 0 };
  #settleFirst: () => void = () => undefined;

  #settleReached: () => void = () => undefined;

  /** Resolves when the first try to connect has ended, whichever way. */
  readonly firstTry: Promise<void>;
  /** Resolves when the node has been ready once. */
  readonly reached: Promise<void>;

  constructor(options: NodeLinkOptions) {
    this.#options = options;
    this.#timings = { ...LINK_TIMINGS, ...options.timings };
    this.#clock = options.clock ?? systemClock;
    this.firstTry = new Promise((resolve) => {
      this.#settleFirst = resolve;
    });
    this.reached = new Promise((resolve) => {
      this.#settleReached = resolve;
    });
  }

  get node(): StorageNode {
    return this.#options.node;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Connections after the first one. */
  get reconnectCount(): number {
    return Math.max(0, this.#readyCount - 1);
  }

  get failures(): LinkFailures {
    return this.#failures;
  }

  start(): void {
    this.#connect();
  }

  /** Sends an envelope. @throws {OverloadError} unless the link is ready */
  send(message: Buffer): void {
    if (this.#state !== "ready" || !this.#connection) throw this.awayError();
    this.#connection.stream.write(message);
  }

  /** What callers get who need this node now. */
  awayError(): OverloadError {
    const { name, address } = this.#options.node;
    const at = name === address ? name : `${name} (${address})`;
    const message = `Node ${at} is ${this.#state === "ready" ? "away" : this.#state}`;
    return new OverloadError("TIDELINE_NODE_AWAY", message, { retryAfterMs: RETRY_AFTER_MS });
  }

  /** The stream cannot be used any longer: connects anew. */
  breakStream(reason: string): void {
    if (this.#connection) this.#lose(this.#connection, reason, "away");
  }

  close(): void {
    this.#cancelPause?.();
    const connection = this.#connection;
    if (connection) this.#lose(connection, "closed", "closed");
    this.#state = "closed";
    this.#settleFirst();
  }

  #connect(): void {
    const { node, service, hello } = this.#options;
    this.#cancelPause = null;
    this.#state = "connecting";
    const client = new Client(node.address, credentials.createInsecure(), CHANNEL_OPTIONS);
    const stream: Stream = client.makeBidiStreamRequest(
      streamPath(service),
      rawMessage,
      rawMessage,
    );
    const connection: Connection = {
      client,
      stream,
      cancelTimeout: this.#clock.after(this.#timings.helloTimeoutMs, () => {
        this.#lose(connection, `no hello within ${this.#timings.helloTimeoutMs} ms`, "away");
      }),
    };
    this.#connection = connection;
    stream.on("data", (message: Buffer) => {
      this.#onMessage(connection, message);
    });
    stream.on("error", (error) => {
      this.#lose(connection, error.message, "away");
    });
    stream.on("end", () => {
      this.#lose(connection, "the node ended the stream", "away");
    });
    stream.write(encodeEnvelope({ id: 0, kind: KIND_HELLO, body: [encodeHello(hello())] }));
  }

  #onMessage(connection: Connection, message: Buffer): void {
    if (this.#connection !== connection) return;
    try {
      const envelope = decodeEnvelope(message);
      if (this.#state === "ready") this.#options.onEnvelope(envelope);
      else this.#onHello(connection, envelope);
    } catch (error) {
      // What a node sends is untrusted: whatever cannot be read breaks its stream, not this process.
      if (!(error instanceof CorruptionError)) throw error;
      this.#lose(connection, error.message, "away");
    }
  }

  #onHello(connection: Connection, envelope: Envelope): void {
    const { node, log, accept, onReady } = this.#options;
    if (envelope.kind !== KIND_HELLO) {
      this.#lose(connection, `the first envelope is of kind ${envelope.kind}`, "away");
      return;
    }
    const hello = decodeHello(envelope.body);
    const refusal =
      envelope.status === STATUS_UNSUPPORTED || commonWireVersion(hello) === 0
        ? `it speaks wire versions ${hello.wireVersions.join(", ")}, we do not`
        : accept(hello);
    if (refusal !== null) {
      log.error({ node: node.name, address: node.address, refusal }, "refused a storage node");
      this.#lose(connection, refusal, "refused");
      return;
    }
    connection.cancelTimeout();
    this.#state = "ready";
    this.#failuresInRow = 0;
    this.#readyCount += 1;
    log.info(
      { node: node.name, nodeId: hello.nodeId, laneCount: hello.laneCount },
      `successfully dialed -storageNode="${node.address}"`,
    );
    onReady(hello);
    this.#settleFirst();
    this.#settleReached();
  }

  #lose(connection: Connection, reason: string, state: "away" | "refused" | "closed"): void {
    if (this.#connection !== connection) return;
    const wasReady = this.#state === "ready";
    this.#connection = null;
    this.#state = state;
    connection.cancelTimeout();
    connection.stream.cancel();
    connection.client.close();
    if (wasReady || this.#failuresInRow === 0) this.#logLoss(reason, state);
    this.#failuresInRow += 1;
    if (state !== "closed") {
      if (wasReady) this.#failures.connectionCount += 1;
      else if (state === "refused") this.#failures.handshakeCount += 1;
      else this.#failures.dialCount += 1;
    }
    if (state !== "closed")
      this.#pause(state === "refused" ? this.#timings.refusedPauseMs : this.#backoffMs());
    if (wasReady) this.#options.onLost(this.awayError());
    this.#settleFirst();
  }

  /** Connects after a pause, once somebody listens. */
  #pause(pauseMs: number): void {
    this.#cancelPause = this.#clock.after(pauseMs, () => {
      const { address } = this.#options.node;
      const { helloTimeoutMs } = this.#timings;
      this.#cancelPause = knock(address, helloTimeoutMs, this.#clock, (isThere) => {
        if (isThere) {
          this.#connect();
          return;
        }
        this.#failuresInRow += 1;
        this.#pause(this.#backoffMs());
      });
    });
  }

  /** Once per loss: the tries that follow are silent. */
  #logLoss(reason: string, state: string): void {
    const { node, log } = this.#options;
    if (state !== "away") return;
    log.warn({ node: node.name, address: node.address, reason }, "a storage node is away");
  }

  /** Half of the pause is random, so that a fleet does not come back in step. */
  #backoffMs(): number {
    const { backoffMinMs, backoffMaxMs } = this.#timings;
    const fullMs = Math.min(
      backoffMaxMs,
      backoffMinMs * 2 ** Math.min(20, this.#failuresInRow - 1),
    );
    return fullMs / 2 + (Math.random() * fullMs) / 2;
  }
}
