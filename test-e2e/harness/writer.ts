/**
 * A remote-write sender: protobufjs and snappyjs over undici, so that nothing of our own kernels is on this side.
 *
 * The message is built from field numbers here. A sample's value is declared as fixed64, which has the same bytes
 * as double, because protobufjs would pass a double through a JavaScript number and lose NaN payloads.
 */
import protobuf from "protobufjs";
import snappy from "snappyjs";
import { type Dispatcher, request } from "undici";
import type { Series } from "./samples.ts";

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Label { string name = 1; string value = 2; }
  message Sample { fixed64 value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message Series { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; }
  message Metadata { int32 type = 1; string family = 2; string help = 4; string unit = 5; }
  message Request { repeated Series series = 1; repeated Metadata metadata = 3; }
`);
const WriteRequest = root.lookupType("Request");

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Metadata {
  /** 1 is a counter, 2 a gauge. */
  readonly type: number;
  readonly family: string;
  readonly help: string;
}

/** The uncompressed body of a remote-write request. */
export function encodeWrite(
  series: readonly Series[],
  metadata: readonly Metadata[] = [],
): Uint8Array {
  const message = {
    series: series.map(({ labels, samples }) => ({
      labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
      samples: samples.map(({ timeMs, valueBits }) => ({
        value: { low: Number(valueBits & 0xffff_ffffn) | 0, high: Number(valueBits >> 32n) | 0 },
        timestamp: timeMs,
      })),
    })),
    metadata,
  };
  return WriteRequest.encode(message).finish();
}

export function compress(body: Uint8Array): Uint8Array {
  return snappy.compress(body);
}

export class Writer {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /**
   * Writes series.
   *
   * @throws {Error} unless they are acknowledged
   */
  async write(series: readonly Series[]): Promise<void> {
    const { status, text } = await this.send(compress(encodeWrite(series)));
    if (status !== 204) throw new Error(`write answered ${status}: ${text}`);
  }

  /** Sends a body as it is and returns whatever the answer is. */
  async send(
    body: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    method: Dispatcher.HttpMethod = "POST",
  ): Promise<Answer> {
    const answer = await request(this.url, {
      method,
      headers: {
        "content-type": "application/x-protobuf",
        "content-encoding": "snappy",
        "x-prometheus-remote-write-version": "0.1.0",
        ...headers,
      },
      body,
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: await answer.body.text(),
    };
  }
}
