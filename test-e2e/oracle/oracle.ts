/** A real Prometheus and a cluster that hold the same samples. */
import { Cluster } from "../harness/cluster.ts";
import type { Reader } from "../harness/reader.ts";
import { ReferencePrometheus } from "../harness/reference-prometheus.ts";
import type { Series } from "../harness/samples.ts";

interface OracleOptions {
  /** Where the program of Prometheus is. */
  readonly programs: string;
  /** Names for Prometheus' --enable-feature, beside those on trial. */
  readonly features?: readonly string[];
  readonly selectFlags?: readonly string[];
}

/** Samples are of any age. */
const RETENTION = "-retentionPeriod=100y";

export class Oracle implements AsyncDisposable {
  readonly reference: ReferencePrometheus;
  readonly cluster: Cluster;

  private constructor(reference: ReferencePrometheus, cluster: Cluster) {
    this.reference = reference;
    this.cluster = cluster;
  }

  static async start({
    programs,
    features = [],
    selectFlags = [],
  }: OracleOptions): Promise<Oracle> {
    const cluster = await Cluster.start({ storageFlags: [RETENTION], selectFlags });
    try {
      const { folder } = cluster;
      return new Oracle(await ReferencePrometheus.start({ programs, folder, features }), cluster);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async write(series: readonly Series[]): Promise<void> {
    await Promise.all([this.reference.writer.write(series), this.cluster.writer().write(series)]);
  }

  /** Reference and cluster. */
  get readers(): readonly [Reader, Reader] {
    return [this.reference.reader, this.cluster.reader()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reference[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}
