/**
 * Both ends of "ask, get frames": what a FrameSource answers to a request as frames, and a FrameSource made
 * of something that can be asked. In between lies whatever carries bytes: a port, or gRPC.
 */
import { CorruptionError, COMPLETE, type Coverage, type IndexAnswer } from "@tideline/model";
import type { ReadRequest } from "../read-request/codec.ts";
import { decodeEndFrame } from "../series-frame/decode.ts";
import { frameKind } from "../series-frame/frame-start.ts";
import { encodeEndFrame } from "../series-frame/encode.ts";
import type { FrameSearch, FrameSource } from "../series-frame/frame-source.ts";
import { decodeItemFrame, encodeItemFrames } from "../series-frame/items.ts";

/** Frames that answer `request`; the last one, and only it, is an end frame. */
export type Ask = (request: ReadRequest, signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Asks `source`. */
export async function* answerFrames(
  source: FrameSource,
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (request.kind === "search" || request.kind === "labelCounts") {
    const { kind, query } = request;
    const search =
      kind === "search" ? source.searchFrames(query, signal) : source.labelCounts(query, signal);
    yield* search;
    yield encodeEndFrame(search.coverage());
    return;
  }
  const { items, coverage } = await answerIndex(source, request, signal);
  yield* encodeItemFrames(items);
  yield encodeEndFrame(coverage);
}

async function answerIndex(
  source: FrameSource,
  request: Exclude<ReadRequest, { kind: "search" | "labelCounts" }>,
  signal: AbortSignal,
): Promise<IndexAnswer<Uint8Array>> {
  const { kind, query, limit } = request;
  if (kind === "seriesKeys") return source.seriesKeys(query, limit, signal);
  const { items, coverage } =
    kind === "labelNames"
      ? await source.labelNames(query, limit, signal)
      : await source.labelValues(request.name, query, limit, signal);
  return { items: items.map((item) => Buffer.from(item)), coverage };
}

/** The FrameSource behind `ask`. */
export function frameSourceOf(ask: Ask): FrameSource {
  const askItems = async (
    request: ReadRequest,
    signal: AbortSignal,
  ): Promise<IndexAnswer<Uint8Array>> => {
    const items: Uint8Array[] = [];
    const frames = new AskedFrames(ask(request, signal));
    for await (const frame of frames) {
      for (const item of decodeItemFrame(frame)) items.push(item);
    }
    return { items, coverage: frames.coverage() };
  };
  const askTexts = async (
    request: ReadRequest,
    signal: AbortSignal,
  ): Promise<IndexAnswer<string>> => {
    const { items, coverage } = await askItems(request, signal);
    return { items: items.map((item) => Buffer.from(item).toString("utf8")), coverage };
  };
  return {
    searchFrames: (query, signal) => new AskedFrames(ask({ kind: "search", query }, signal)),
    labelNames: (query, limit, signal) => askTexts({ kind: "labelNames", query, limit }, signal),
    labelValues: (name, query, limit, signal) =>
      askTexts({ kind: "labelValues", name, query, limit }, signal),
    seriesKeys: (query, limit, signal) => askItems({ kind: "seriesKeys", query, limit }, signal),
    labelCounts: (query, signal) => new AskedFrames(ask({ kind: "labelCounts", query }, signal)),
  };
}

/** Frames up to the end frame, and the coverage that it carries. */
class AskedFrames implements FrameSearch {
  readonly #frames: AsyncIterable<Uint8Array>;
  #coverage: Coverage = COMPLETE;

  constructor(frames: AsyncIterable<Uint8Array>) {
    this.#frames = frames;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const frame of this.#frames) {
      if (frameKind(frame) === "end") {
        this.#coverage = decodeEndFrame(frame);
        return;
      }
      yield frame;
    }
    throw new CorruptionError("TIDELINE_FRAMES_CUT", "Cannot read an answer: its end is missing");
  }

  coverage(): Coverage {
    return this.#coverage;
  }
}
