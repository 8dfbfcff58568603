/**
 * A real Prometheus that scrapes nothing: it keeps what tests write to it and answers queries, as the one to compare with.
 *
 * Its blocks are ten days long, so that samples of any age and order of writing stay in its head.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import type { TemporaryFolder } from "./folder.ts";
import { freePort } from "./peers.ts";
import { Child } from "./process.ts";
import { Reader } from "./reader.ts";
import { HopelessError, waitFor } from "./wait.ts";
import { Writer } from "./writer.ts";

interface ReferenceOptions {
  /** Where the program is. */
  readonly programs: string;
  readonly folder: TemporaryFolder;
  /** Names for --enable-feature, beside what may always be on. */
  readonly features?: readonly string[];
  readonly flags?: readonly string[];
}

/** Functions and syntax on trial; they change nothing about what was there before. */
const FEATURES = ["promql-experimental-functions", "promql-duration-expr"];

export class ReferencePrometheus implements AsyncDisposable {
  readonly url: string;
  readonly #child: Child;

  private constructor(
    { programs, folder, features = [], flags = [] }: ReferenceOptions,
    address: string,
  ) {
    this.url = `http://${address}`;
    const configPath = folder.at("reference.yml");
    writeFileSync(configPath, "global: {evaluation_interval: 1m}\n");
    this.#child = new Child({
      name: "prometheus",
      command: join(programs, "prometheus"),
      arguments: [
        `--config.file=${configPath}`,
        `--storage.tsdb.path=${folder.at("reference")}`,
        "--storage.tsdb.min-block-duration=10d",
        "--storage.tsdb.max-block-duration=10d",
        "--storage.tsdb.retention.time=100y",
        `--web.listen-address=${address}`,
        "--web.enable-remote-write-receiver",
        `--enable-feature=${[...FEATURES, ...features].join(",")}`,
        "--log.level=error",
        ...flags,
      ],
    });
  }

  /** Starts it and waits until it is ready. */
  static async start(options: ReferenceOptions): Promise<ReferencePrometheus> {
    const reference = new ReferencePrometheus(options, `127.0.0.1:${await freePort()}`);
    await waitFor(
      async () => {
        if (reference.#child.hasExited) throw new HopelessError(reference.#child.tail());
        const { statusCode, body } = await request(`${reference.url}/-/ready`);
        await body.dump();
        return statusCode === 200;
      },
      { what: "Prometheus to be ready", details: () => reference.#child.tail() },
    );
    return reference;
  }

  get writer(): Writer {
    return new Writer(`${this.url}/api/v1/write`);
  }

  get reader(): Reader {
    return new Reader(this.url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.end("SIGTERM");
  }
}
