/** Label sets as JSON: bytes of a label key go into the answer as they are, unless JSON needs them escaped. */
import { LabelCursor, labelKeyOf, plainText } from "../labels/label-key.ts";
import { inLabelOrder } from "../labels/label-order.ts";
import { ByteSink } from "./byte-sink.ts";

/**
 * Series keys as a list of label sets in the order of their labels: the data of Prometheus' answer to /series. Chunks as
 * writeResultJson makes them.
 */
export function* writeSeriesJson(seriesKeys: readonly Uint8Array[]): Generator<Uint8Array> {
  const sink = new ByteSink();
  sink.latin1("[");
  let isFirst = true;
  for (const key of inLabelOrder(seriesKeys.map(labelKeyOf), 0)) {
    if (!isFirst) sink.latin1(",");
    isFirst = false;
    writeLabels(sink, key);
    yield* sink.drain();
  }
  sink.latin1("]");
  yield* sink.finish();
}

const cursor = new LabelCursor();

/** A label set as a JSON object. */
export function writeLabels(sink: ByteSink, key: string): void {
  cursor.open(key);
  sink.latin1("{");
  let isFirst = true;
  while (cursor.next()) {
    sink.latin1(isFirst ? '"' : ',"');
    isFirst = false;
    writeText(sink, cursor.name());
    sink.latin1('":"');
    writeText(sink, cursor.value());
    sink.latin1('"');
  }
  sink.latin1("}");
}

/** What cannot stand in a JSON string as it is: quotes, backslashes, control characters. */
// eslint-disable-next-line no-control-regex -- control characters are what JSON escapes
const ESCAPED = /["\\\u0000-\u001f]/;

/** The inside of a JSON string; `bytes` has one character per UTF-8 byte. */
function writeText(sink: ByteSink, bytes: string): void {
  if (!ESCAPED.test(bytes)) sink.latin1(bytes);
  else sink.raw(Buffer.from(JSON.stringify(plainText(bytes)).slice(1, -1)));
}
