/** The reading side of one node: a FrameClient over its stream. */
import { OverloadError } from "@tideline/model";
import { FrameClient, type ReadRequest } from "@tideline/wire";
import {
  encodeEnvelope,
  KIND_ASK,
  KIND_CANCEL,
  KIND_CREDIT,
  KIND_FRAME,
  STATUS_FAILED,
  STATUS_OK,
  type Envelope,
} from "./envelope.ts";
import { NodeLink, type LinkState, type NodeLinkOptions } from "./node-link.ts";

export interface SelectNodeStats {
  readonly name: string;
  readonly address: string;
  readonly state: LinkState;
  readonly reconnectCount: number;
  readonly requestCount: number;
  readonly failureCount: number;
  readonly receivedSize: number;
  readonly inFlightCount: number;
}

export type SelectLinkOptions = Omit<
  NodeLinkOptions,
  "service" | "onEnvelope" | "onReady" | "onLost"
>;

export class SelectLink {
  readonly link: NodeLink;
  readonly #client: FrameClient;
  #requestCount = 0;
  #failureCount = 0;
  #receivedSize = 0;

  constructor(options: SelectLinkOptions) {
    this.#client = new FrameClient({
      ask: (id, request) => {
        this.link.send(encodeEnvelope({ id, kind: KIND_ASK, body: [request] }));
      },
      credit: (id, count) => {
        this.#sendIfReady(encodeEnvelope({ id, kind: KIND_CREDIT, count }));
      },
      cancel: (id) => {
        this.#sendIfReady(encodeEnvelope({ id, kind: KIND_CANCEL }));
      },
    });
    this.link = new NodeLink({
      ...options,
      service: "Select",
      onReady: () => undefined,
      onEnvelope: (envelope) => {
        this.#onEnvelope(envelope);
      },
      onLost: (error) => {
        this.#client.close(error);
      },
    });
  }

  /** Frames of this node's answer, the end frame last. @throws {OverloadError} when the node is away */
  ask(request: ReadRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    this.#requestCount += 1;
    return this.#client.ask(request, signal);
  }

  /** A request to this node did not succeed. */
  countFailure(): void {
    this.#failureCount += 1;
  }

  close(): void {
    this.link.close();
    this.#client.close(this.link.awayError());
  }

  stats(): SelectNodeStats {
    const { node, state, reconnectCount } = this.link;
    return {
      ...node,
      state,
      reconnectCount,
      requestCount: this.#requestCount,
      failureCount: this.#failureCount,
      receivedSize: this.#receivedSize,
      inFlightCount: this.#client.inFlightCount,
    };
  }

  /** Credits and cancels of a stream that broke have nobody to go to. */
  #sendIfReady(message: Buffer): void {
    if (this.link.state === "ready") this.link.send(message);
  }

  #onEnvelope({ id, kind, status, body }: Envelope): void {
    if (kind === KIND_FRAME && status === STATUS_OK) {
      this.#receivedSize += body.length;
      this.#client.onFrame(id, body);
    } else if (status === STATUS_FAILED) {
      this.#client.onFailure(id, body);
    } else {
      const { name } = this.link.node;
      const message = `Node ${name} cannot answer this (kind ${kind}, status ${status})`;
      this.#client.fail(id, new OverloadError("TIDELINE_UNSUPPORTED", message));
    }
  }
}
