/**
 * What the kernels of the write path cost, in CPU time: `node bench/kernels.ts [series=100000] [perBody=2000]`.
 *
 * Bodies are made here: ten labels a series, about 290 bytes before compression, one sample each. CPU time
 * (user and system of the process) is what counts, since the machine may be shared; each figure is the
 * median of several rounds.
 */
import { zstdCompressSync } from "node:zlib";
import { crc32c, unsnapPlain, WasmWriteScanner, xxh64 } from "@tideline/kernels";
import { bitsOf, encodeWriteRequest, type RequestSeries } from "@tideline/kernels/testing";
import { seededRandom } from "@tideline/common/testing";
import { DEFAULT_LABEL_LIMITS, DEFAULT_TENANT } from "@tideline/model";
import { RemoteWriteDecoder } from "@tideline/protocols";
import { compress } from "snappyjs";

const seriesCount = Number(process.argv[2] ?? 100_000);
const perBody = Number(process.argv[3] ?? 2_000);
const random = seededRandom(1);

const METRICS = ["node_cpu_seconds_total", "http_requests_total", "container_memory_usage_bytes"];

function makeSeries(i: number): RequestSeries {
  return {
    labels: [
      ["__name__", METRICS[i % 3] as string],
      ["cluster", "production-eu-west-1"],
      ["container", `service-${i % 40}`],
      ["endpoint", "metrics-https"],
      ["instance", `10.${(i >> 12) & 255}.${(i >> 4) & 255}.${i & 15}:9100`],
      ["job", "kubernetes-service-endpoints"],
      ["mode", ["idle", "user", "system", "iowait"][i % 4] as string],
      ["namespace", "monitoring"],
      ["pod", `service-${i % 40}-7d9f8b6c5-${i.toString(36).padStart(5, "x")}`],
      ["region", "eu-west-1"],
    ],
    samples: [{ bits: bitsOf(random.below(1e6) / 8), timestampMs: 1_700_000_000_000n }],
  };
}

function bodiesOf(list: readonly RequestSeries[]): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  for (let at = 0; at < list.length; at += perBody) {
    bodies.push(compress(encodeWriteRequest(list.slice(at, at + perBody))));
  }
  return bodies;
}

function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const other = random.below(i + 1);
    [result[i], result[other]] = [result[other] as T, result[i] as T];
  }
  return result;
}

/** CPU microseconds of one run, the median of `roundCount`. */
function cpuUs(roundCount: number, run: (round: number) => void): number {
  const rounds = Array.from({ length: roundCount }, (_, round) => {
    const before = process.cpuUsage();
    run(round);
    const spent = process.cpuUsage(before);
    return spent.user + spent.system;
  });
  return rounds.toSorted((a, b) => a - b)[roundCount >> 1] as number;
}

function report(name: string, us: number, unit: string): void {
  process.stdout.write(`${name.padEnd(58)} ${us.toFixed(us < 10 ? 2 : 0).padStart(8)} ${unit}\n`);
}

const perThousand = (us: number, count = seriesCount): number => (us / count) * 1_000;

const list = Array.from({ length: seriesCount }, (_, i) => makeSeries(i));
const bodies = bodiesOf(list);
const orders = [1, 2, 3, 4, 5, 6, 7].map(() => bodiesOf(shuffled(list)));
const rawSize = encodeWriteRequest(list.slice(0, 1_000)).length / 1_000;
const packedSize = bodies.reduce((sum, body) => sum + body.length, 0) / seriesCount;
process.stdout.write(
  `${seriesCount} series, ${perBody} a body, ${rawSize.toFixed(0)} bytes a sample, ${packedSize.toFixed(0)} in snappy\n\n`,
);

// ---- the scan alone ----
const scanner = new WasmWriteScanner({
  inputSizeMax: 4 << 20,
  rawSizeMax: 16 << 20,
  rowCountMax: 1 << 18,
  keyCountMax: seriesCount + 16,
  labelCountMax: seriesCount * 4,
  arenaSize: seriesCount * 400,
  keySizeMax: 1 << 18,
  metadataCountMax: 16,
});

function unsnap(body: Uint8Array): number {
  scanner.input.set(body);
  return scanner.unsnap(body.length);
}

function scanAll(all: readonly Uint8Array[]): void {
  for (const body of all) {
    scanner.scan(unsnap(body), 0, 0);
    scanner.resolve();
  }
}

const target = new Uint8Array(16 << 20);
const unit = "µs / 1000 samples";
const newUs = cpuUs(5, () => {
  scanner.reset();
  scanAll(bodies);
});
report(
  "unsnap, plain",
  perThousand(cpuUs(5, () => bodies.forEach((body) => unsnapPlain(body, target)))),
  unit,
);
report("unsnap, wasm", perThousand(cpuUs(15, () => bodies.forEach(unsnap))), unit);
report(
  "unsnap + scan, series in the order of last time",
  perThousand(cpuUs(15, () => scanAll(bodies))),
  unit,
);
report(
  "unsnap + scan, series in any order",
  perThousand(cpuUs(7, (i) => scanAll(orders[i] as Uint8Array[]))),
  unit,
);
report("unsnap + scan, series never seen", perThousand(newUs), unit);

// ---- bodies to batches ----
const options = {
  tableSize: seriesCount * 600,
  bodySizeMax: 16 << 20,
  limits: DEFAULT_LABEL_LIMITS,
};
function decodeAll(
  one: RemoteWriteDecoder,
  all: readonly Uint8Array[],
  contentEncoding = "snappy",
): void {
  const head = { tenant: DEFAULT_TENANT, contentEncoding };
  for (const body of all) one.decode(head, [body]).release();
}

const registerUs = cpuUs(5, () => decodeAll(new RemoteWriteDecoder(options), bodies));
report("\ndecode to batches, series never seen", registerUs / seriesCount, "µs / series");
const decoder = new RemoteWriteDecoder(options);
decodeAll(decoder, bodies);
const { arenaUsedSize, refCount } = decoder.stats();
report(
  "decode to batches, order of last time",
  perThousand(cpuUs(15, () => decodeAll(decoder, bodies))),
  unit,
);
report(
  "decode to batches, any order",
  perThousand(cpuUs(7, (i) => decodeAll(decoder, orders[i] as Uint8Array[]))),
  unit,
);
const zstdBodies = bodies.map((body) => {
  const raw = new Uint8Array(1 << 24);
  return zstdCompressSync(raw.subarray(0, unsnapPlain(body, raw)));
});
const zstdUs = cpuUs(9, () => decodeAll(decoder, zstdBodies, "zstd"));
report("decode to batches, order of last time, zstd", perThousand(zstdUs), unit);
report("key and header in the arena", arenaUsedSize / refCount, "bytes / series");

// ---- hashes ----
for (const size of [100, 4_096, 65_536]) {
  const bytes = random.bytes(size);
  const count = Math.ceil(2e7 / size);
  const many = (sum: (bytes: Uint8Array) => unknown) => (): void => {
    for (let i = 0; i < count; i += 1) sum(bytes);
  };
  report(
    `${size === 100 ? "\n" : ""}crc32c of ${size} bytes`,
    cpuUs(9, many(crc32c)) / count,
    "µs",
  );
  report(`xxh64 of ${size} bytes`, cpuUs(9, many(xxh64)) / count, "µs");
}
