/**
 * A result as JSON: `{"resultType":…,"result":…}`, the data of Prometheus' answer; the envelope is the server's. Digits
 * go straight into bytes: no object and no string per point.
 */
import { unreachable } from "@tideline/common";
import { PointWriter, writeSampleText } from "@tideline/kernels";
import type { StepGrid } from "@tideline/model";
import type { Columns } from "../columns/columns.ts";
import type { RawMatrix } from "../leaf/raw-matrix.ts";
import type { QueryResult } from "../query-types.ts";
import { floatText } from "@tideline/promql";
import { ByteSink, POINT_SIZE_MAX } from "./byte-sink.ts";
import { writeLabels } from "./label-json.ts";
import { timeText } from "./time-text.ts";

/** The JSON of a result's data in chunks of some 256 KiB, made as they are asked for; owned by the caller. */
export function* writeResultJson({ data }: QueryResult): Generator<Uint8Array> {
  const sink = new ByteSink();
  const resultType = data.type === "samples" ? "matrix" : data.type;
  sink.latin1(`{"resultType":"${resultType}","result":`);
  switch (data.type) {
    case "scalar":
      sink.latin1(loneJson(data.timeMs, floatText(data.value[0] as number)));
      break;
    case "string":
      sink.raw(Buffer.from(loneJson(data.timeMs, data.text)));
      break;
    case "vector":
      yield* writeVector(sink, data.columns, data.timeMs);
      break;
    case "matrix":
      yield* writeMatrix(sink, data.columns, data.grid);
      break;
    case "samples":
      yield* writeSamples(sink, data.samples);
      break;
    default:
      unreachable(data);
  }
  sink.latin1("}");
  yield* sink.finish();
}

/**
 * A scalar or string, which Prometheus leaves to Go's encoding/json: no zeros at the end of the time, and escapes for
 * what could mean something inside HTML or JavaScript.
 */
function loneJson(timeMs: number, text: string): string {
  const escaped = JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `[${timeMs / 1000},${escaped}]`;
}

function openPoint(sink: ByteSink, timeMs: number): void {
  sink.latin1(`[${timeText(timeMs)},"`);
}

function closePoint(sink: ByteSink, value: number): void {
  sink.room(POINT_SIZE_MAX);
  sink.at = writeSampleText(value, sink.bytes, sink.at);
  sink.latin1('"]');
}

function* writeVector(sink: ByteSink, columns: Columns, timeMs: number): Generator<Uint8Array> {
  const time = Buffer.from(`,"value":[${timeText(timeMs)},"`);
  sink.latin1("[");
  let isFirst = true;
  for (let row = 0; row < columns.labels.length; row += 1) {
    if (columns.presence[row] === 0) continue;
    sink.latin1(isFirst ? '{"metric":' : ',{"metric":');
    isFirst = false;
    writeLabels(sink, columns.labels[row] as string);
    sink.raw(time);
    closePoint(sink, columns.values[row] as number);
    sink.latin1("}");
    yield* sink.drain();
  }
  sink.latin1("]");
}

function* writeMatrix(sink: ByteSink, columns: Columns, grid: StepGrid): Generator<Uint8Array> {
  const { stepCount, labels, presence, values } = columns;
  // The opening of each step's point, with its time, is the same in all rows.
  const openings = Array.from({ length: stepCount }, (_, step) =>
    Buffer.from(`,[${timeText(grid.startMs + step * grid.stepMs)},"`),
  );
  const points = new PointWriter(openings);
  sink.latin1("[");
  let isFirst = true;
  for (let row = 0; row < labels.length; row += 1) {
    const start = row * stepCount;
    const isThere = presence.subarray(start, start + stepCount).includes(1);
    if (!isThere) continue;
    sink.latin1(isFirst ? '{"metric":' : ',{"metric":');
    isFirst = false;
    writeLabels(sink, labels[row] as string);
    sink.latin1(',"values":[');
    points.writeRow(values, presence, start, sink);
    sink.latin1("]}");
    yield* sink.drain();
  }
  sink.latin1("]");
}

function* writeSamples(sink: ByteSink, { series }: RawMatrix): Generator<Uint8Array> {
  sink.latin1("[");
  let isFirst = true;
  for (const { labels, timestampsMs, values } of series) {
    sink.latin1(isFirst ? '{"metric":' : ',{"metric":');
    isFirst = false;
    writeLabels(sink, labels);
    sink.latin1(',"values":[');
    for (let i = 0; i < timestampsMs.length; i += 1) {
      if (i > 0) sink.latin1(",");
      openPoint(sink, timestampsMs[i] as number);
      closePoint(sink, values[i] as number);
      if (sink.chunks.length > 0) yield* sink.drain();
    }
    sink.latin1("]}");
    yield* sink.drain();
  }
  sink.latin1("]");
}
