/**
 * vmselect's side of reading: a FrameSource over all storage nodes, which are asked at once. A node that is
 * away or breaks off is missing in the coverage; when none is left, the request fails. What a node says of
 * the query itself (a limit, bad input) fails the request at once.
 */
import type { Clock } from "@tideline/common";
import {
  CorruptionError,
  type Coverage,
  type IndexAnswer,
  InputError,
  OverloadError,
  type SearchQuery,
  type SeriesDelete,
} from "@tideline/model";
import type { StorageNode } from "@tideline/placement";
import {
  encodeDeleteRequest,
  frameSourceOf,
  mergeCountFrames,
  type FrameQuery,
  type FrameSearch,
  type FrameSource,
  type ReadRequest,
} from "@tideline/wire";
import type { Log } from "./log.ts";
import { mergeKeys, mergeTexts } from "./merge-index.ts";
import { mergeStreams } from "./merge-streams.ts";
import type { LinkTimings } from "./node-link.ts";
import { NodeRoster } from "./node-roster.ts";
import { FEATURE_LAST_FRAMES, WIRE_VERSIONS } from "./proto.ts";
import { SelectLink, type SelectNodeStats } from "./select-link.ts";

export interface SelectClientOptions {
  /** At least one; names and addresses are unique (parseStorageNodes). */
  readonly nodes: readonly StorageNode[];
  /** Of this run of the process. */
  readonly bootId: string;
  readonly log: Log;
  readonly programVersion?: string;
  readonly clock?: Clock;
  readonly timings?: Partial<LinkTimings>;
  /** What it tells nodes that it can do. Default: all that it can. */
  readonly features?: readonly string[];
}

/** Why what was asked of nodes is left; every request is, in the end. One for all: making errors is not free. */
const READER_LEFT = new Error("the reader has left");
const NODE_FAILED = new Error("one of the nodes has failed the request");

/** A request to all nodes. */
interface Asked {
  /** Of the caller, or of ourselves when the request is over. */
  readonly signal: AbortSignal;
  readonly missing: { readonly where: string; readonly reason: string }[];
  failedCount: number;
}

export class SelectClient implements FrameSource {
  readonly #links: readonly SelectLink[];
  readonly #sources: readonly FrameSource[];
  readonly #roster = new NodeRoster();

  /** Begins to connect to all nodes. */
  constructor(options: SelectClientOptions) {
    this.#links = options.nodes.map((node) => this.#newLink(options, node));
    this.#sources = this.#links.map((link) =>
      frameSourceOf((request: ReadRequest, signal) => link.ask(request, signal)),
    );
    for (const { link } of this.#links) link.start();
  }

  /** Resolves when every node has been tried once: afterwards `stats` tells who is there. */
  async firstTries(): Promise<void> {
    await Promise.all(this.#links.map(({ link }) => link.firstTry));
  }

  /** Resolves when every node has been there once; never while one stays away. */
  async reached(): Promise<void> {
    await Promise.all(this.#links.map(({ link }) => link.reached));
  }

  /** Frames come as the nodes send them. */
  searchFrames(query: FrameQuery, signal: AbortSignal): FrameSearch {
    const missing: Asked["missing"] = [];
    const frames = this.#searchAll(query, signal, missing);
    return { [Symbol.asyncIterator]: () => frames, coverage: () => ({ missing }) };
  }

  async labelNames(
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<string>> {
    const ask = (source: FrameSource, inner: AbortSignal) => source.labelNames(query, limit, inner);
    return mergeTexts(await this.#askAll(ask, signal), limit);
  }

  async labelValues(
    name: string,
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<string>> {
    const ask = (source: FrameSource, inner: AbortSignal) =>
      source.labelValues(name, query, limit, inner);
    return mergeTexts(await this.#askAll(ask, signal), limit);
  }

  async seriesKeys(
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<Uint8Array>> {
    const ask = (source: FrameSource, inner: AbortSignal) => source.seriesKeys(query, limit, inner);
    return mergeKeys(await this.#askAll(ask, signal), limit);
  }

  labelCounts(query: SearchQuery, signal: AbortSignal): FrameSearch {
    const missing: Asked["missing"] = [];
    const frames = this.#countAll(query, signal, missing);
    return { [Symbol.asyncIterator]: () => frames, coverage: () => ({ missing }) };
  }

  /**
   * Deletes on every node. Where one is away nothing is deleted anywhere.
   *
   * @throws {OverloadError} not on all of them, and says on which: trying again deletes there once more, and on the rest
   * @throws {InputError} a selector that is none
   */
  async deleteSeries(request: SeriesDelete, signal: AbortSignal): Promise<void> {
    const body = encodeDeleteRequest(request);
    const away = this.#links.filter(({ link }) => link.state !== "ready");
    if (away.length > 0) {
      const reasons = away.map(({ link }) => link.awayError().message).join("; ");
      throw new OverloadError(
        "TIDELINE_DELETE_AWAY",
        `Cannot delete: ${reasons}. Nothing was deleted`,
      );
    }
    const results = await Promise.allSettled(this.#links.map((link) => link.delete(body, signal)));
    const done: string[] = [];
    const failed: string[] = [];
    for (const [i, result] of results.entries()) {
      const { name } = (this.#links[i] as SelectLink).link.node;
      if (result.status === "fulfilled") done.push(name);
      else if (result.reason instanceof InputError) throw result.reason;
      else failed.push(`${name}: ${messageOf(result.reason)}`);
    }
    if (failed.length === 0) return;
    const where = done.length === 0 ? "nowhere" : `on ${done.join(", ")}`;
    throw new OverloadError(
      "TIDELINE_DELETE_FAILED",
      `Cannot delete on all storage nodes: ${failed.join("; ")}. Deleted for certain: ${where}`,
    );
  }

  /** What is being asked fails. */
  close(): void {
    for (const link of this.#links) link.close();
  }

  /** One entry per node, in the order given. */
  stats(): SelectNodeStats[] {
    return this.#links.map((link) => link.stats());
  }

  async *#searchAll(
    query: FrameQuery,
    signal: AbortSignal,
    missing: Asked["missing"],
  ): AsyncGenerator<Uint8Array> {
    const leave = new AbortController();
    const asked: Asked = {
      signal: AbortSignal.any([signal, leave.signal]),
      missing,
      failedCount: 0,
    };
    const searches = this.#sources.map((source) => source.searchFrames(query, asked.signal));
    try {
      for await (const event of mergeStreams(searches)) {
        if (event.type === "item") yield event.item;
        else if (event.type === "error") this.#miss(event.index, event.error, asked);
        else missing.push(...(searches[event.index] as FrameSearch).coverage().missing);
      }
    } finally {
      leave.abort(READER_LEFT);
    }
  }

  async *#countAll(
    query: SearchQuery,
    signal: AbortSignal,
    missing: Asked["missing"],
  ): AsyncGenerator<Uint8Array> {
    const leave = new AbortController();
    const inner = AbortSignal.any([signal, leave.signal]);
    const asked: Asked = { signal: inner, missing, failedCount: 0 };
    try {
      yield* mergeCountFrames(
        this.#sources.map((_, index) => this.#countNode(index, query, asked)),
      );
    } finally {
      leave.abort(READER_LEFT);
    }
  }

  async *#countNode(index: number, query: SearchQuery, asked: Asked): AsyncGenerator<Uint8Array> {
    const source = this.#sources[index] as FrameSource;
    const counts = source.labelCounts(query, asked.signal);
    try {
      yield* counts;
      asked.missing.push(...counts.coverage().missing);
    } catch (error) {
      this.#miss(index, error, asked);
    }
  }

  /** Asks all nodes for index items; the coverage of the last answer holds the nodes that failed. */
  async #askAll<T>(
    ask: (source: FrameSource, signal: AbortSignal) => Promise<IndexAnswer<T>>,
    signal: AbortSignal,
  ): Promise<IndexAnswer<T>[]> {
    const leave = new AbortController();
    const inner = AbortSignal.any([signal, leave.signal]);
    const asked: Asked = { signal: inner, missing: [], failedCount: 0 };
    try {
      const answers = await Promise.all(
        this.#sources.map(async (source, index): Promise<IndexAnswer<T>> => {
          try {
            return await ask(source, inner);
          } catch (error) {
            this.#miss(index, error, asked);
            return { items: [], coverage: { missing: [] } };
          }
        }),
      );
      const coverage: Coverage = { missing: asked.missing };
      return [...answers, { items: [], coverage }];
    } finally {
      leave.abort(NODE_FAILED);
    }
  }

  /** Notes that a node failed. @throws when that fails the whole request */
  #miss(index: number, error: unknown, asked: Asked): void {
    asked.signal.throwIfAborted();
    const link = this.#links[index] as SelectLink;
    link.countFailure();
    if (!(error instanceof OverloadError || error instanceof CorruptionError)) throw error;
    asked.missing.push({ where: link.link.node.name, reason: error.message });
    asked.failedCount += 1;
    if (asked.failedCount === this.#links.length) {
      throw new OverloadError(
        "TIDELINE_NODES_AWAY",
        `Cannot read from any storage node: ${error.message}`,
        { cause: error },
      );
    }
  }

  #newLink(options: SelectClientOptions, node: StorageNode): SelectLink {
    return new SelectLink({
      ...options,
      node,
      hello: () => ({
        wireVersions: WIRE_VERSIONS,
        features: options.features ?? [FEATURE_LAST_FRAMES],
        nodeId: "",
        bootId: options.bootId,
        laneCount: 0,
        placementHash: "",
        clockMs: Date.now(),
        programVersion: options.programVersion ?? "",
      }),
      accept: (hello) => this.#roster.claim(node.name, hello),
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
