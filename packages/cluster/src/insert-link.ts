/**
 * The writing side of one node: gathers the blocks of a moment into one envelope, keeps what is unanswered
 * within a window, and gives answers back to their senders.
 *
 * A block that comes alone would cost an envelope, a write to the log and four wakings of threads: many times
 * what its rows cost. So it waits a moment for others, and while an envelope is unanswered.
 */
import { type Clock, systemClock } from "@tideline/common";
import { OverloadError } from "@tideline/model";
import {
  decodeLaneBlocks,
  decodeRowBlockAnswer,
  encodeLaneBlocks,
  rowCountOf,
  type LaneBlock,
  type RowBlockAnswer,
} from "@tideline/wire";
import { encodeEnvelope, KIND_ROWS, STATUS_OK, type Envelope } from "./envelope.ts";
import { NodeLink, type LinkFailures, type LinkState, type NodeLinkOptions } from "./node-link.ts";

export interface InsertLimits {
  /** Bytes sent to one node and not answered yet; past it writes are rejected with an OverloadError. */
  readonly windowSizePerNode: number;
  /** A node that has not answered by then is taken for broken, and its stream with it. */
  readonly requestTimeoutMs: number;
  /** How long a block waits for others that go with it. */
  readonly gatherMs: number;
}

const INSERT_LIMITS: InsertLimits = {
  windowSizePerNode: 64 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  gatherMs: 1,
};

export interface InsertNodeStats {
  readonly name: string;
  readonly address: string;
  readonly state: LinkState;
  readonly reconnectCount: number;
  readonly failures: LinkFailures;
  /** Rows of blocks that were handed to the link, whatever became of them; sent again, they count again. */
  readonly rowsPushedCount: number;
  /** Rows of blocks that were kept; ignored ones among them. */
  readonly rowsSentCount: number;
  /** Rows whose answer is due. */
  readonly rowsInFlightCount: number;
  /** From sending envelopes to their answers, summed up. */
  readonly answerWaitMs: number;
  /** Whether the last answer of some lane said that it takes no rows for want of room. */
  readonly isReadOnly: boolean;
  readonly sentSize: number;
  readonly inFlightCount: number;
  readonly inFlightSize: number;
}

/** A block that waits for its lane's answer; its bytes are gone once it was sent. */
interface Pending {
  readonly lane: number;
  readonly rowCount: number;
  readonly resolve: (answer: RowBlockAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** An envelope that was sent. */
interface Request {
  readonly pending: readonly Pending[];
  readonly size: number;
  readonly sentMs: number;
}

/** An envelope is closed when it has grown past this size. */
const ENVELOPE_SIZE_TARGET = 1024 * 1024;

export type InsertLinkOptions = Omit<NodeLinkOptions, "service" | "onEnvelope"> & {
  readonly limits?: Partial<InsertLimits>;
};

export class InsertLink {
  readonly link: NodeLink;
  readonly #limits: InsertLimits;
  readonly #clock: Clock;
  /** Blocks of this moment, and who waits for them. */
  #gathered: LaneBlock[] = [];
  #gatheredPending: Pending[] = [];
  #gatheredSize = 0;
  #flushIsDue = false;
  readonly #requests = new Map<number, Request>();
  #nextId = 1;
  #inFlightSize = 0;
  #cancelTimeout: (() => void) | null = null;
  #rowsPushedCount = 0;
  #rowsSentCount = 0;
  #rowsInFlightCount = 0;
  #answerWaitMs = 0;
  readonly #readOnlyLanes = new Set<number>();
  #sentSize = 0;

  constructor(options: InsertLinkOptions) {
    this.#limits = { ...INSERT_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.link = new NodeLink({
      ...options,
      service: "Insert",
      onEnvelope: (envelope) => {
        this.#onEnvelope(envelope);
      },
      onLost: (error) => {
        this.#rejectAll(error);
        options.onLost(error);
      },
    });
  }

  /**
   * Sends a block to one of the node's lanes, together with the others of this moment.
   *
   * @throws {OverloadError} the node is away, or its window is full
   */
  sendBlock(lane: number, block: Uint8Array): Promise<RowBlockAnswer> {
    if (this.link.state !== "ready") return Promise.reject(this.link.awayError());
    if (this.#inFlightSize + block.length > this.#limits.windowSizePerNode) {
      return Promise.reject(this.#windowError());
    }
    this.#inFlightSize += block.length;
    const rowCount = rowCountOf(block);
    this.#rowsPushedCount += rowCount;
    this.#rowsInFlightCount += rowCount;
    return new Promise((resolve, reject) => {
      this.#gathered.push({ lane, bytes: block });
      this.#gatheredPending.push({ lane, rowCount, resolve, reject });
      this.#gatheredSize += block.length;
      if (this.#gatheredSize >= ENVELOPE_SIZE_TARGET) this.#flush();
      else this.#flushSoon();
    });
  }

  close(): void {
    this.link.close();
    this.#rejectAll(this.link.awayError());
  }

  stats(): InsertNodeStats {
    const { node, state, reconnectCount, failures } = this.link;
    return {
      ...node,
      state,
      reconnectCount,
      failures,
      rowsPushedCount: this.#rowsPushedCount,
      rowsInFlightCount: this.#rowsInFlightCount,
      answerWaitMs: this.#answerWaitMs,
      isReadOnly: this.#readOnlyLanes.size > 0,
      rowsSentCount: this.#rowsSentCount,
      sentSize: this.#sentSize,
      inFlightCount: this.#requests.size,
      inFlightSize: this.#inFlightSize,
    };
  }

  #windowError(): OverloadError {
    const { name } = this.link.node;
    const message = `Node ${name} has ${this.#inFlightSize} bytes to answer, the window is ${this.#limits.windowSizePerNode}`;
    return new OverloadError("TIDELINE_NODE_WINDOW", message);
  }

  /** What is gathered leaves after its moment, or after that which follows the answers that are due. */
  #flushSoon(): void {
    if (this.#flushIsDue || this.#gathered.length === 0 || this.#requests.size > 0) return;
    this.#flushIsDue = true;
    this.#clock.after(this.#limits.gatherMs, () => {
      this.#flushIsDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const request = this.#takeGathered();
    if (!request) return;
    const id = this.#nextId;
    this.#nextId += 1;
    const message = encodeEnvelope({ id, kind: KIND_ROWS, body: encodeLaneBlocks(request.blocks) });
    try {
      this.link.send(message);
    } catch (error) {
      this.#reject(request, error);
      return;
    }
    const { pending, size, sentMs } = request;
    const sent = { pending, size, sentMs };
    this.#requests.set(id, sent);
    this.#sentSize += message.length;
    if (!this.#cancelTimeout) this.#watchOldest(sent);
  }

  #takeGathered(): (Request & { readonly blocks: readonly LaneBlock[] }) | null {
    if (this.#gathered.length === 0) return null;
    const request = {
      blocks: this.#gathered,
      pending: this.#gatheredPending,
      size: this.#gatheredSize,
      sentMs: this.#clock.monotonicMs(),
    };
    this.#gathered = [];
    this.#gatheredPending = [];
    this.#gatheredSize = 0;
    return request;
  }

  #onEnvelope(envelope: Envelope): void {
    const request = this.#requests.get(envelope.id);
    if (!request || envelope.kind !== KIND_ROWS) return;
    // Unreadable answers throw here, while the request is still known: the link breaks and rejects it.
    const answers =
      envelope.status === STATUS_OK ? readAnswers(envelope.body, request.pending) : null;
    this.#requests.delete(envelope.id);
    this.#answerWaitMs += this.#clock.monotonicMs() - request.sentMs;
    this.#flushSoon();
    if (!answers) {
      this.#reject(request, this.#refusedError(envelope.status));
      return;
    }
    this.#inFlightSize -= request.size;
    for (const [i, { lane, rowCount, resolve }] of request.pending.entries()) {
      const answer = answers[i] as RowBlockAnswer;
      this.#rowsInFlightCount -= rowCount;
      if (answer.status === "kept") this.#rowsSentCount += rowCount;
      if (answer.status === "readOnly") this.#readOnlyLanes.add(lane);
      else if (this.#readOnlyLanes.size > 0) this.#readOnlyLanes.delete(lane);
      resolve(answer);
    }
  }

  #refusedError(status: number): OverloadError {
    const message = `Node ${this.link.node.name} does not take rows (status ${status})`;
    return new OverloadError("TIDELINE_NODE_FAILED", message);
  }

  #reject(request: Request, error: unknown): void {
    this.#inFlightSize -= request.size;
    for (const { rowCount, reject } of request.pending) {
      this.#rowsInFlightCount -= rowCount;
      reject(error);
    }
  }

  #rejectAll(error: OverloadError): void {
    this.#cancelTimeout?.();
    this.#cancelTimeout = null;
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    const gathered = this.#takeGathered();
    if (gathered) requests.push(gathered);
    for (const request of requests) this.#reject(request, error);
  }

  /** One timer for the oldest request; it moves on to the next one when that has been answered. */
  #watchOldest(oldest: Request): void {
    const passedMs = this.#clock.monotonicMs() - oldest.sentMs;
    const restMs = Math.max(0, this.#limits.requestTimeoutMs - passedMs);
    this.#cancelTimeout = this.#clock.after(restMs, () => {
      this.#cancelTimeout = null;
      const next = this.#requests.values().next().value;
      if (!next) return;
      if (this.#clock.monotonicMs() - next.sentMs < this.#limits.requestTimeoutMs) {
        this.#watchOldest(next);
        return;
      }
      this.link.breakStream(`no answer to rows within ${this.#limits.requestTimeoutMs} ms`);
    });
  }
}

/** @throws {CorruptionError} unless there is one readable answer per block, in the blocks' order */
function readAnswers(body: Uint8Array, pending: readonly Pending[]): RowBlockAnswer[] {
  const answers: readonly LaneBlock[] = decodeLaneBlocks(body);
  return pending.map(({ lane }, i) => {
    const answer = answers[i];
    return decodeRowBlockAnswer(answer?.lane === lane ? answer.bytes : new Uint8Array());
  });
}
