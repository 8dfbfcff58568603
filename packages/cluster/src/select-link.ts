/** The reading side of one node: a FrameClient over its stream. Deletes go the same way. */
import { OverloadError } from "@tideline/model";
import { decodeFailure, FrameClient, type ReadRequest } from "@tideline/wire";
import {
  encodeEnvelope,
  KIND_ASK,
  KIND_CANCEL,
  KIND_CREDIT,
  KIND_DELETE,
  KIND_FRAME,
  STATUS_FAILED,
  STATUS_OK,
  type Envelope,
} from "./envelope.ts";
import { NodeLink, type LinkFailures, type LinkState, type NodeLinkOptions } from "./node-link.ts";
import { FEATURE_KEY_LISTS, FEATURE_LEAF_ROWS } from "./proto.ts";

export interface SelectNodeStats {
  readonly name: string;
  readonly address: string;
  readonly state: LinkState;
  readonly reconnectCount: number;
  readonly failures: LinkFailures;
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
  /** Deletes that are not answered yet; their ids are their own. */
  readonly #deletes = new Map<number, PromiseWithResolvers<void>>();
  #nextDelete = 1;
  #features: readonly string[] = [];
  #requestCount = 0;
  #failureCount = 0;
  #receivedSize = 0;

  constructor(options: SelectLinkOptions) {
    this.#client = new FrameClient({
      ask: (id, request, count) => {
        this.link.send(encodeEnvelope({ id, kind: KIND_ASK, count, body: [request] }));
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
      onReady: ({ features }) => {
        this.#features = features;
      },
      onEnvelope: (envelope) => {
        this.#onEnvelope(envelope);
      },
      onLost: (error) => {
        this.#drop(error);
      },
    });
  }

  /** Frames of this node's answer, the end frame last. @throws {OverloadError} when the node is away */
  ask(request: ReadRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    this.#requestCount += 1;
    return this.#client.ask(understoodBy(this.#features, request), signal);
  }

  /**
   * Deletes on this node.
   *
   * @param request from encodeDeleteRequest
   * @throws {OverloadError} the node is away or cannot: whether it has deleted is not known
   * Leaves by `signal`; the node goes on.
   */
  async delete(request: Uint8Array, signal: AbortSignal): Promise<void> {
    const id = this.#nextDelete;
    this.#nextDelete += 1;
    const answer = Promise.withResolvers<void>();
    const abort = (): void => {
      answer.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#deletes.set(id, answer);
    try {
      signal.throwIfAborted();
      this.link.send(encodeEnvelope({ id, kind: KIND_DELETE, body: [request] }));
      await answer.promise;
    } finally {
      this.#deletes.delete(id);
      signal.removeEventListener("abort", abort);
    }
  }

  /** A request to this node did not succeed. */
  countFailure(): void {
    this.#failureCount += 1;
  }

  close(): void {
    this.link.close();
    this.#drop(this.link.awayError());
  }

  stats(): SelectNodeStats {
    const { node, state, reconnectCount, failures } = this.link;
    return {
      ...node,
      state,
      reconnectCount,
      failures,
      requestCount: this.#requestCount,
      failureCount: this.#failureCount,
      receivedSize: this.#receivedSize,
      inFlightCount: this.#client.inFlightCount,
    };
  }

  #drop(error: OverloadError): void {
    this.#client.close(error);
    for (const { reject } of this.#deletes.values()) reject(error);
  }

  /** Credits and cancels of a stream that broke have nobody to go to. */
  #sendIfReady(message: Buffer): void {
    if (this.link.state === "ready") this.link.send(message);
  }

  #onEnvelope({ id, kind, status, count, body }: Envelope): void {
    if (kind === KIND_DELETE) {
      this.#onDeleted(id, status, body);
    } else if (kind === KIND_FRAME && status === STATUS_OK) {
      this.#receivedSize += body.length;
      this.#client.onFrame(id, body, count === 1);
    } else if (status === STATUS_FAILED) {
      this.#client.onFailure(id, body);
    } else {
      this.#client.fail(id, this.#unsupported(kind, status));
    }
  }

  #onDeleted(id: number, status: number, body: Uint8Array): void {
    const answer = this.#deletes.get(id);
    if (status === STATUS_OK) answer?.resolve();
    else if (status === STATUS_FAILED) answer?.reject(decodeFailure(body));
    else answer?.reject(this.#unsupported(KIND_DELETE, status));
  }

  #unsupported(kind: number, status: number): OverloadError {
    const { name } = this.link.node;
    const message = `Node ${name} cannot answer this (kind ${kind}, status ${status})`;
    return new OverloadError("TIDELINE_UNSUPPORTED", message);
  }
}

/** A node of an older build would take what it does not know for damage. */
function understoodBy(features: readonly string[], request: ReadRequest): ReadRequest {
  if (request.kind !== "search") return request;
  const { offers, leaf, ...query } = request.query;
  const takesOffers = offers && features.includes(FEATURE_KEY_LISTS);
  const takesLeaf = leaf && features.includes(FEATURE_LEAF_ROWS);
  return {
    kind: "search",
    query: { ...query, ...(takesOffers && { offers }), ...(takesLeaf && { leaf }) },
  };
}
