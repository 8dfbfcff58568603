/**
 * Searches of made-up data that a fresh lane answers between those that it is asked for, so that the first real ones find code that V8
 * has compiled: they cost three times as much without.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import {
  DEFAULT_TENANT,
  type LeavesOnBlocks,
  type Matcher,
  type SearchLeaf,
} from "@tideline/model";
import {
  encodeReadRequest,
  frameKind,
  FrameServer,
  SeriesFrameDecoder,
  type ReadRequest,
} from "@tideline/wire";
import { HEAD_END_MS, madeUpSource, PART_END_MS, PART_START_MS } from "./made-up-source.ts";

const MINUTE_MS = 60_000;
const SERIES_COUNT_MAX = 1_000_000;
/** More than any of the answers has. */
const CREDIT = 1_000;

function equal(name: string, value: string): Matcher {
  return { name, operator: "=", value };
}

const METRIC = equal("__name__", "node_cpu_seconds_total");
const FILTERS: readonly (readonly Matcher[])[] = [
  [METRIC, { name: "mode", operator: "!=", value: "idle" }],
  [METRIC],
  [METRIC, { name: "instance", operator: "=~", value: "host-[12].*" }],
  [METRIC, equal("instance", "host-2:9100")],
];
/** Of a part, of the head, of both. */
const RANGES = [
  { startMs: PART_END_MS - 5 * MINUTE_MS, endMs: PART_END_MS },
  { startMs: PART_END_MS - 60 * MINUTE_MS, endMs: PART_END_MS },
  { startMs: PART_START_MS, endMs: PART_END_MS },
  { startMs: HEAD_END_MS - 5 * MINUTE_MS, endMs: HEAD_END_MS },
  { startMs: PART_END_MS - 5 * MINUTE_MS, endMs: HEAD_END_MS },
];

const WINDOW_MS = 5 * MINUTE_MS;
/** What is made of the samples does not matter to a lane that works out no leaves: it sends them. */
const LEAF_TEXTS = ["rate(x[5m])", "x"];
/** Within parts, the head, and both. */
const INSTANTS_MS = [PART_END_MS, HEAD_END_MS, PART_END_MS + MINUTE_MS];

/** A query of a rule, or of a panel with one value per series. */
function instant(text: string, timeMs: number): ReadRequest {
  const leaf: SearchLeaf = {
    text,
    grid: { startMs: timeMs, endMs: timeMs, stepMs: MINUTE_MS },
    lookbackMs: WINDOW_MS,
    dedupIntervalMs: 0,
  };
  const query = {
    tenant: DEFAULT_TENANT,
    filters: FILTERS.slice(0, 1),
    startMs: timeMs - WINDOW_MS + 1,
    endMs: timeMs,
    seriesCountMax: SERIES_COUNT_MAX,
    leaf,
  };
  return { kind: "search", query };
}

function requests(): ReadRequest[] {
  const searches = RANGES.flatMap((range, number) =>
    FILTERS.slice(0, number === 0 ? FILTERS.length : 1).map((matchers): ReadRequest => {
      const query = {
        tenant: DEFAULT_TENANT,
        filters: [matchers],
        ...range,
        seriesCountMax: SERIES_COUNT_MAX,
      };
      return { kind: "search", query };
    }),
  );
  const query = {
    tenant: DEFAULT_TENANT,
    filters: [[METRIC]],
    startMs: PART_END_MS,
    endMs: HEAD_END_MS,
    seriesCountMax: SERIES_COUNT_MAX,
  };
  const instants = LEAF_TEXTS.flatMap((text) => INSTANTS_MS.map((timeMs) => instant(text, timeMs)));
  const questions: ReadRequest[] = [
    { kind: "labelValues", name: "instance", query, limit: 0 },
    { kind: "seriesKeys", query, limit: 0 },
  ];
  return [...instants, ...searches, ...questions];
}

/** The same search by somebody who holds the keys of the answer. */
function askedAgain(request: ReadRequest, { keys }: SeriesFrameDecoder): ReadRequest {
  if (request.kind !== "search" || keys.lists.length === 0) return request;
  return { ...request, query: { ...request.query, offers: keys.lists } };
}

/** How often each request is answered before the usual one alone is: the second time by somebody who holds its keys. */
const KIND_ROUNDS = 2;
/** Before a lane that was busy is looked at again. */
const BUSY_WAIT_MS = 5;
/** Place of the usual request among them: rates of many series. */
const USUAL = 0;

function nothing(): void {
  // Nobody waits yet.
}

/** The thread's own: while a node starts, others want the cores too. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/**
 * Answers one request after the other, with a turn of the event loop between two of them.
 *
 * @param cpuMsMax of this thread
 * @param stateOf what else there is to do, asked before each of them: while the lane is busy the warm-up waits
 * @param leaves see LanePorts
 * @returns how many were answered
 */
export async function warmUp(
  cpuMsMax: number,
  stateOf: () => "idle" | "busy" | "ending",
  leaves: LeavesOnBlocks | null = null,
): Promise<number> {
  const endMs = cpuMs() + cpuMsMax;
  await setImmediate();
  if (stateOf() === "ending") return 0;
  let onEnd = nothing;
  let decoder = new SeriesFrameDecoder();
  const server = new FrameServer({
    source: await madeUpSource(leaves),
    onFault: (error) => {
      throw error;
    },
    transport: {
      frame(_, frame, isLast) {
        const kind = frameKind(frame);
        if ((kind === "series" || kind === "rows") && isFirstRound) decoder.decode(frame);
        if (isLast || kind === "end") onEnd();
      },
      failure(_, failure) {
        throw new Error(`a warm-up failed: ${Buffer.from(failure).toString()}`);
      },
    },
  });
  let isFirstRound = true;
  const asked = requests();
  const bytes = asked.map(encodeReadRequest);
  for (let count = 0; ; count += 1) {
    await setImmediate();
    while (stateOf() === "busy") await setTimeout(BUSY_WAIT_MS);
    if (stateOf() === "ending" || cpuMs() > endMs) return count;
    // All kinds early: code that meets one later is thrown away. Then the usual one, until V8 has compiled all that it takes.
    const at = count < KIND_ROUNDS * asked.length ? count % asked.length : USUAL;
    isFirstRound = count < asked.length;
    decoder = new SeriesFrameDecoder();
    await new Promise<void>((resolve) => {
      onEnd = resolve;
      server.onAsk(count, bytes[at] as Uint8Array, CREDIT);
    });
    if (isFirstRound) bytes[at] = encodeReadRequest(askedAgain(asked[at] as ReadRequest, decoder));
  }
}
