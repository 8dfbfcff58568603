/**
 * A real Prometheus that scrapes each second and remote-writes to a cluster, with a node_exporter to scrape.
 *
 * `finish` ends the scraping but not the sending: Prometheus then marks all its series stale and sends all that it
 * has, so that both sides hold the same samples.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import type { TemporaryFolder } from "./folder.ts";
import { freePort } from "./peers.ts";
import { Child } from "./process.ts";
import { Reader } from "./reader.ts";
import { waitFor } from "./wait.ts";

interface PrometheusOptions {
  /** Where the programs are. */
  readonly programs: string;
  readonly folder: TemporaryFolder;
  readonly writeUrl: string;
  /** `host:port` by job name, beside node_exporter and Prometheus itself. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
}

export class Prometheus implements AsyncDisposable {
  readonly address: string;
  readonly reader: Reader;
  readonly #options: PrometheusOptions;
  readonly #nodeAddress: string;
  readonly #child: Child;
  #nodeExporter: Child;

  private constructor(options: PrometheusOptions, address: string, nodeAddress: string) {
    this.address = address;
    this.reader = new Reader(`http://${address}`);
    this.#options = options;
    this.#nodeAddress = nodeAddress;
    this.#nodeExporter = this.#startNodeExporter();
    this.#writeConfig({ isScraping: true });
    this.#child = new Child({
      name: "prometheus",
      command: join(options.programs, "prometheus"),
      arguments: [
        `--config.file=${this.#configPath}`,
        `--storage.tsdb.path=${options.folder.at("prometheus")}`,
        `--web.listen-address=${address}`,
        "--web.enable-lifecycle",
        // Not for what it may change: it lets the functions that are still on trial be compared too.
        "--enable-feature=promql-experimental-functions",
      ],
    });
  }

  /** Starts both and waits until Prometheus is ready. */
  static async start(options: PrometheusOptions): Promise<Prometheus> {
    const prometheus = new Prometheus(
      options,
      `127.0.0.1:${await freePort()}`,
      `127.0.0.1:${await freePort()}`,
    );
    await waitFor(
      async () => {
        const { statusCode, body } = await request(`http://${prometheus.address}/-/ready`);
        await body.dump();
        return statusCode === 200;
      },
      { what: "Prometheus to be ready", details: () => prometheus.#child.tail() },
    );
    return prometheus;
  }

  /** Its counters fall back to zero, and for a moment the target is down. */
  async restartNodeExporter(): Promise<void> {
    await this.#nodeExporter.end("SIGKILL");
    this.#nodeExporter = this.#startNodeExporter();
  }

  /** The sum of a metric of Prometheus' own, over all its series. */
  async metric(name: string): Promise<number> {
    const { body } = await request(`http://${this.address}/metrics`);
    return (await body.text())
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  /** Ends the scraping and waits until all samples are sent. */
  async finish(): Promise<void> {
    this.#writeConfig({ isScraping: false });
    const { statusCode, body } = await request(`http://${this.address}/-/reload`, {
      method: "POST",
    });
    if (statusCode !== 200) throw new Error(`reload answered ${statusCode}: ${await body.text()}`);
    await body.dump();
    const counts = async (): Promise<number[]> =>
      Promise.all([
        this.metric("prometheus_tsdb_head_samples_appended_total"),
        this.metric("prometheus_remote_storage_samples_in_total"),
        this.metric("prometheus_remote_storage_samples_total"),
      ]);
    // Staleness markers come a moment after the reload, so the counts must also stand still for a while.
    let last = "";
    let sameCount = 0;
    await waitFor(
      async () => {
        const now = await counts();
        const pending = await this.metric("prometheus_remote_storage_samples_pending");
        sameCount = now.join() === last ? sameCount + 1 : 0;
        last = now.join();
        return pending === 0 && now[1] === now[2] && sameCount >= 100;
      },
      { what: "Prometheus to send all samples", details: () => last },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.end("SIGTERM");
    await this.#nodeExporter.end("SIGTERM");
  }

  get #configPath(): string {
    return this.#options.folder.at("prometheus.yml");
  }

  #startNodeExporter(): Child {
    return new Child({
      name: "node_exporter",
      command: join(this.#options.programs, "prometheus-node-exporter"),
      arguments: [`--web.listen-address=${this.#nodeAddress}`],
    });
  }

  /** JSON is YAML. */
  #writeConfig({ isScraping }: { readonly isScraping: boolean }): void {
    const targets: Record<string, readonly string[]> = {
      node: [this.#nodeAddress],
      prometheus: [this.address],
      ...this.#options.targets,
    };
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: isScraping
        ? Object.entries(targets).map(([job, addresses]) => ({
            job_name: job,
            static_configs: [{ targets: addresses }],
          }))
        : [],
      remote_write: [
        {
          name: "cluster",
          url: this.#options.writeUrl,
          queue_config: { batch_send_deadline: "1s" },
        },
      ],
    };
    writeFileSync(this.#configPath, JSON.stringify(config));
  }
}
