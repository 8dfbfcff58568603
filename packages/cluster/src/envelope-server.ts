/**
 * The gRPC server of one service: takes streams, exchanges hellos, hands envelopes to a session per stream.
 */
import {
  Server,
  ServerCredentials,
  status as grpcStatus,
  type handleBidiStreamingCall,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { CorruptionError, InputError } from "@tideline/model";
import {
  decodeEnvelope,
  encodeEnvelope,
  KIND_HELLO,
  STATUS_UNSUPPORTED,
  type Envelope,
} from "./envelope.ts";
import { CHANNEL_OPTIONS, rawMessage } from "./grpc.ts";
import type { Log } from "./log.ts";
import {
  commonWireVersion,
  decodeHello,
  encodeHello,
  streamPath,
  type Hello,
  type ServiceName,
} from "./proto.ts";

/** A stream, as its session sees it. */
export interface Connection {
  /** Sends an envelope; resolves when there is room for more. */
  send(message: Buffer): Promise<void>;
  /** Stops and goes on reading. */
  pause(): void;
  resume(): void;
}

/** What a service does with one stream. */
export interface Session {
  /** @returns false when the kind is not known @throws {CorruptionError} breaks the stream */
  onEnvelope(envelope: Envelope): boolean;
  /** The server stops: resolves when what was begun has been answered. */
  drain(): Promise<void>;
  /** The stream is gone. */
  close(): void;
}

export interface EnvelopeServerOptions {
  readonly service: ServiceName;
  readonly hello: () => Hello;
  readonly openSession: (connection: Connection, peer: Hello) => Session;
  readonly log: Log;
}

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** After the sessions are drained, streams that do not end by then are cut. */
const END_TIMEOUT_MS = 2_000;

export class EnvelopeServer {
  readonly #options: EnvelopeServerOptions;
  readonly #server = new Server(CHANNEL_OPTIONS);
  readonly #sessions = new Map<Stream, Session>();
  #isClosing = false;

  constructor(options: EnvelopeServerOptions) {
    this.#options = options;
    const handler: handleBidiStreamingCall<Buffer, Buffer> = (stream) => {
      this.#onStream(stream);
    };
    const method = {
      path: streamPath(options.service),
      requestStream: true,
      responseStream: true,
      requestSerialize: rawMessage,
      requestDeserialize: rawMessage,
      responseSerialize: rawMessage,
      responseDeserialize: rawMessage,
    };
    this.#server.addService({ Stream: method }, { Stream: handler });
  }

  /** Streams that are open. */
  get streamCount(): number {
    return this.#sessions.size;
  }

  /**
   * @param address `host:port`, or `:port` for all IPv4 interfaces; port 0 picks a free one
   * @returns the address with the real port
   * @throws {InputError} that names the address, when it cannot be listened on
   */
  async listen(address: string): Promise<string> {
    const full = address.startsWith(":") ? `0.0.0.0${address}` : address;
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(full, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(listenError(full, error));
        else resolve(bound);
      });
    });
    return `${full.slice(0, full.lastIndexOf(":"))}:${port}`;
  }

  /** Answers what was begun, ends all streams, and closes the port. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const drained = [...this.#sessions].map(async ([stream, session]) => {
      await session.drain();
      stream.end();
    });
    await Promise.all(drained);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        // A peer that hangs keeps tryShutdown waiting for ever, even after this.
        this.#server.forceShutdown();
        resolve();
      }, END_TIMEOUT_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #onStream(stream: Stream): void {
    let isOver = false;
    const close = (): void => {
      isOver = true;
      const session = this.#sessions.get(stream);
      this.#sessions.delete(stream);
      session?.close();
    };
    // This is how grpc-js ends a stream with a status.
    const breakOff = (code: grpcStatus, details: string): void => {
      close();
      stream.emit("error", { code, details });
    };
    stream.on("data", (message: Buffer) => {
      // What was read before the stream ended may still come.
      if (isOver) return;
      try {
        this.#onMessage(stream, decodeEnvelope(message));
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        this.#options.log.warn({ peer: stream.getPeer(), error: error.message }, "broke a stream");
        breakOff(grpcStatus.INVALID_ARGUMENT, error.message);
      }
    });
    stream.on("end", () => {
      close();
      stream.end();
    });
    stream.on("error", close);
    stream.on("cancelled", close);
    stream.on("close", close);
    if (this.#isClosing) breakOff(grpcStatus.UNAVAILABLE, "the node is stopping");
  }

  #onMessage(stream: Stream, envelope: Envelope): void {
    const session = this.#sessions.get(stream);
    if (!session) {
      this.#onHello(stream, envelope);
      return;
    }
    if (session.onEnvelope(envelope)) return;
    const { id, kind } = envelope;
    stream.write(encodeEnvelope({ id, kind, status: STATUS_UNSUPPORTED }));
  }

  #onHello(stream: Stream, envelope: Envelope): void {
    const { hello, openSession, log } = this.#options;
    if (envelope.kind !== KIND_HELLO) {
      throw new CorruptionError("TIDELINE_HELLO", `Cannot begin with kind ${envelope.kind}`);
    }
    const peer = decodeHello(envelope.body);
    const body = [encodeHello(hello())];
    if (commonWireVersion(peer) === 0) {
      const { wireVersions, programVersion } = peer;
      log.warn({ peer: stream.getPeer(), wireVersions, programVersion }, "refused a peer");
      stream.write(encodeEnvelope({ id: 0, kind: KIND_HELLO, status: STATUS_UNSUPPORTED, body }));
      stream.end();
      return;
    }
    stream.write(encodeEnvelope({ id: 0, kind: KIND_HELLO, body }));
    this.#sessions.set(stream, openSession(connectionOf(stream), peer));
  }
}

function connectionOf(stream: Stream): Connection {
  return {
    send(message) {
      if (stream.destroyed || stream.writableEnded || stream.write(message)) {
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const done = (): void => {
          stream.off("drain", done);
          stream.off("close", done);
          stream.off("cancelled", done);
          resolve();
        };
        stream.on("drain", done);
        stream.on("close", done);
        stream.on("cancelled", done);
      });
    },
    pause() {
      stream.pause();
    },
    resume() {
      stream.resume();
    },
  };
}

/** grpc-js wraps the reason in a sentence of its own; the code in it is what people know. */
function listenError(address: string, cause: Error): InputError {
  const isTaken = cause.message.includes("EADDRINUSE");
  const reason = isTaken ? "already in use (EADDRINUSE)" : cause.message;
  return new InputError("TIDELINE_LISTEN", `cannot listen on ${address}: ${reason}`, { cause });
}
