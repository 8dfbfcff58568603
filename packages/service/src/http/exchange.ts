/**
 * One HTTP request and its answer. Bodies are read by who wants them (body.ts); answers are bytes, text
 * or a stream of bytes, compressed in zlib's threads when the client takes gzip.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { promisify } from "node:util";
import { constants, createGzip, gzip } from "node:zlib";

export interface Answer {
  /** 200 when not given. */
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream's chunks are borrowed until the next one is asked for. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** Smaller bodies are not worth compressing. */
const COMPRESSED_SIZE_MIN = 1_024;
const GZIP_OPTIONS = { level: constants.Z_BEST_SPEED };
const gzipBytes = promisify(gzip);
/** A client that reads nothing of a stream for so long is cut off. */
const STALL_TIMEOUT_MS = 60_000;

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Decoded by the router, without prefix and doubled slashes. */
  readonly path: string;
  readonly #queryText: string;
  #query: URLSearchParams | undefined;
  readonly #parameters: Readonly<Record<string, string | undefined>>;
  readonly #isCompressionAllowed: boolean;
  readonly #stallTimeoutMs: number;
  #left: AbortController | undefined;

  constructor(options: {
    request: IncomingMessage;
    response: ServerResponse;
    path: string;
    /** What follows the URL's question mark. */
    queryText: string;
    parameters: Readonly<Record<string, string | undefined>>;
    isCompressionAllowed: boolean;
    /** STALL_TIMEOUT_MS when not given. */
    stallTimeoutMs?: number;
  }) {
    this.request = options.request;
    this.response = options.response;
    this.path = options.path;
    this.#queryText = options.queryText;
    this.#parameters = options.parameters;
    this.#isCompressionAllowed = options.isCompressionAllowed;
    this.#stallTimeoutMs = options.stallTimeoutMs ?? STALL_TIMEOUT_MS;
  }

  /** Of the URL alone; body.ts reads forms. */
  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#queryText);
    return this.#query;
  }

  /** A part of the path that the route named, `:tenant`; percent-decoded. Empty when the route has none. */
  parameter(name: string): string {
    return this.#parameters[name] ?? "";
  }

  /** Aborted when the client leaves before its answer is complete. */
  get signal(): AbortSignal {
    if (!this.#left) {
      const left = new AbortController();
      this.#left = left;
      const leave = (): void => {
        if (!this.response.writableFinished) left.abort(new ClientLeftError());
      };
      if (this.response.closed) leave();
      else this.response.once("close", leave);
    }
    return this.#left.signal;
  }

  /** Answers; settles when the answer is handed to the socket. A stream that fails midway cuts the connection. */
  async send(answer: Answer): Promise<void> {
    const { body } = answer;
    if (body === undefined) {
      this.#writeHead(answer);
      this.response.end();
    } else if (typeof body === "string" || body instanceof Uint8Array) {
      await this.#sendBytes(answer, typeof body === "string" ? Buffer.from(body) : body);
    } else {
      await this.#sendStream(answer, body);
    }
  }

  /** Answers with plain text. */
  sendText(body: string, status = 200): Promise<void> {
    return this.send({ status, type: "text/plain; charset=utf-8", body });
  }

  /** Answers with JSON. */
  sendJson(value: unknown, status = 200): Promise<void> {
    return this.send({ status, type: "application/json", body: JSON.stringify(value) });
  }

  async #sendBytes(answer: Answer, bytes: Uint8Array): Promise<void> {
    let body = bytes;
    if (bytes.length >= COMPRESSED_SIZE_MIN && this.#isGzipWanted()) {
      body = await gzipBytes(bytes, GZIP_OPTIONS);
      this.response.setHeader("Content-Encoding", "gzip");
    }
    this.response.setHeader("Content-Length", body.length);
    this.#writeHead(answer);
    this.response.end(body);
  }

  async #sendStream(answer: Answer, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const iterator = chunks[Symbol.asyncIterator]();
    // What fails before the first byte can still be answered with a proper error.
    const first = await iterator.next();
    const isCompressed = this.#isGzipWanted();
    if (isCompressed) this.response.setHeader("Content-Encoding", "gzip");
    this.#writeHead(answer);
    this.response.setTimeout(this.#stallTimeoutMs, () => {
      this.response.destroy();
    });
    const rest = continued(first, iterator);
    for await (const chunk of isCompressed ? packed(rest) : rest) {
      if (this.response.destroyed) throw new ClientLeftError();
      if (!this.response.write(chunk)) await once(this.response, "drain", { signal: this.signal });
    }
    this.response.end();
  }

  #writeHead({ status = 200, type, headers }: Answer): void {
    if (type !== undefined) this.response.setHeader("Content-Type", type);
    this.response.writeHead(status, headers);
  }

  #isGzipWanted(): boolean {
    if (!this.#isCompressionAllowed) return false;
    this.response.appendHeader("Vary", "Accept-Encoding");
    return acceptsGzip(this.request.headers["accept-encoding"]);
  }
}

/** The client went away before its answer was complete; nobody reads what we would say. */
export class ClientLeftError extends Error {
  override readonly name = "ClientLeftError";

  constructor() {
    super("the client left before its answer was complete");
  }
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  const accepted = /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([\d.]+)\s*)?(?:,|$)/i.exec(
    String(header ?? ""),
  );
  return accepted !== null && Number(accepted[1] ?? 1) > 0;
}

/** Gzip of a stream. An error of the stream comes out of the iteration; leaving that early ends the stream. */
function packed(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const packer = createGzip(GZIP_OPTIONS);
  pipeline(Readable.from(chunks, { objectMode: false }), packer, () => {});
  return packer;
}

async function* continued(
  first: IteratorResult<Uint8Array>,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let next = first; !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
