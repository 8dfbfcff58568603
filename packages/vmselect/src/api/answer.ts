/** The envelope of the query API: status, data, partiality, warnings, statistics (reference 1.2.6). */
import type { AnswerFacts } from "../query/jobs.ts";

export interface AnswerOptions {
  /** The cluster says `isPartial`; a single node has no such key. */
  readonly withPartial: boolean;
  /** Milliseconds since the request came; present on query and query_range. */
  readonly executionMs: number | null;
}

/** JSON around the data of an answer. */
export interface Envelope {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

export function envelope(answer: AnswerFacts, options: AnswerOptions): Envelope {
  const isPartial = answer.coverage.missing.length > 0;
  const warnings = [
    ...answer.warnings,
    ...answer.coverage.missing.map(({ where, reason }) => `${where}: ${reason}`),
  ];
  const tail = [
    warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : "",
    answer.infos.length > 0 ? `,"infos":${JSON.stringify(answer.infos)}` : "",
    options.executionMs === null
      ? ""
      : // A string for historical reasons: vmalert reads it.
        `,"stats":{"seriesFetched":"${answer.seriesFetchedCount}","executionTimeMsec":${Math.round(options.executionMs)}}`,
    "}",
  ];
  return {
    before: Buffer.from(
      `{"status":"success",${options.withPartial ? `"isPartial":${isPartial},` : ""}"data":`,
    ),
    after: Buffer.from(tail.join("")),
  };
}

/** An answer that needs no data. */
export function staticAnswer(data: unknown): Buffer {
  return Buffer.from(JSON.stringify({ status: "success", data }));
}
