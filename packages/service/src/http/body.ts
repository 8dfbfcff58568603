/**
 * Reading a request's body within limits of size and time.
 *
 * A declared length over the limit is refused before a byte is read. What is left of a refused body is
 * discarded, within bounds, so that the client gets to read the answer.
 */
import type { IncomingMessage } from "node:http";
import { InputError } from "@tideline/model";
import type { ByteBudget } from "./byte-budget.ts";
import { ChunkList } from "./chunk-list.ts";
import { ClientLeftError, type Exchange } from "./exchange.ts";

export interface BodyLimits {
  readonly sizeMax: number;
  /** For the whole body; BODY_TIMEOUT_MS when not given. */
  readonly timeoutMs?: number;
  /**
   * What all bodies together may take. Bytes are taken as they come; when the body is here, its size is the
   * caller's to give back.
   */
  readonly budget?: ByteBudget;
}

const BODY_TIMEOUT_MS = 60_000;
const FORM_SIZE_MAX = 4 * 2 ** 20;
/** How much of a refused body is read and thrown away before the connection is cut. */
const DISCARDED_SIZE_MAX = 64 * 2 ** 20;
const DISCARD_TIMEOUT_MS = 5_000;

export interface Body {
  /** In order, owned by the caller; not decompressed. */
  readonly chunks: readonly Uint8Array[];
  readonly size: number;
}

/**
 * @throws {InputError} 413 over the limit, 408 past the time, 400 when it ends early
 * @throws {OverloadError} 503 past the budget
 * @throws {ClientLeftError}
 */
export function readBodyChunks(exchange: Exchange, limits: BodyLimits): Promise<Body> {
  const { request } = exchange;
  const { sizeMax, timeoutMs = BODY_TIMEOUT_MS, budget } = limits;
  const declaredSize = Number(request.headers["content-length"] ?? 0);
  if (declaredSize > sizeMax) return Promise.reject(tooLarge(declaredSize, sizeMax));
  return new Promise((resolve, reject) => {
    const chunks = new ChunkList();
    let size = 0;
    let takenSize = 0;
    const stop = (): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("error", onGone).off("close", onGone);
    };
    const fail = (error: Error): void => {
      stop();
      budget?.giveBack(takenSize);
      request.pause();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > sizeMax) {
        fail(tooLarge(size, sizeMax));
        return;
      }
      try {
        budget?.take(chunk.length);
      } catch (error) {
        fail(error as Error);
        return;
      }
      takenSize = size;
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      stop();
      resolve({ chunks: chunks.take(), size });
    };
    const onGone = (): void => {
      fail(new ClientLeftError());
    };
    const timer = setTimeout(() => {
      fail(
        new InputError("TIDELINE_BODY_TIMEOUT", `Cannot read the body within ${timeoutMs} ms`, {
          status: 408,
        }),
      );
    }, timeoutMs);
    request.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
  });
}

/** The whole body as one piece, owned by the caller. Throws as readBodyChunks does. */
export async function readBody(exchange: Exchange, limits: BodyLimits): Promise<Uint8Array> {
  const { chunks, size } = await readBodyChunks(exchange, limits);
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, size);
}

/**
 * The parameters of a request: those of its URL, then those of its body when that is a form. A name may
 * stand several times; `get` returns the URL's, so that a proxy can pin it.
 *
 * @throws {InputError} as readBodyChunks does
 */
export async function readForm(
  exchange: Exchange,
  limits: BodyLimits = { sizeMax: FORM_SIZE_MAX },
): Promise<URLSearchParams> {
  const type = exchange.request.headers["content-type"] ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return exchange.query;
  const body = Buffer.from(await readBody(exchange, limits)).toString("utf8");
  const form = new URLSearchParams(exchange.query);
  for (const [name, value] of new URLSearchParams(body)) form.append(name, value);
  return form;
}

/** Reads and forgets what nobody will read any more; cuts the connection when it is too much or too slow. */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let discardedSize = 0;
  const cut = (): void => {
    request.destroy();
  };
  const timer = setTimeout(cut, DISCARD_TIMEOUT_MS);
  timer.unref();
  request
    .on("data", (chunk: Buffer) => {
      discardedSize += chunk.length;
      if (discardedSize > DISCARDED_SIZE_MAX) cut();
    })
    .on("error", () => {})
    .once("close", () => {
      clearTimeout(timer);
    });
  request.resume();
}

function tooLarge(size: number, sizeMax: number): InputError {
  return new InputError(
    "TIDELINE_BODY_SIZE",
    `Cannot take a body of ${size} bytes or more: the limit is ${sizeMax}`,
    { status: 413 },
  );
}
