/** Snapshots over HTTP, and starting on a copy of one. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { request } from "undici";
import { TemporaryFolder } from "./harness/folder.ts";
import { Cluster } from "./harness/cluster.ts";
import { metricValues } from "./harness/metrics.ts";
import { Program } from "./harness/program.ts";
import { Reader } from "./harness/reader.ts";
import { sample, type Series } from "./harness/samples.ts";
import { Writer } from "./harness/writer.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 120_000;
const endS = startMs / 1_000 + 60;

function series(metric: string): Series[] {
  return Array.from({ length: 100 }, (_, index) => ({
    labels: { __name__: metric, index: String(index) },
    samples: [sample(startMs, index), sample(startMs + 15_000, index + 0.5)],
  }));
}

async function ask(url: string, method: "GET" | "POST" = "GET") {
  const { statusCode, body } = await request(url, { method });
  return { status: statusCode, json: (await body.json()) as Record<string, unknown> };
}

test("snapshots are made, listed, deleted and restored with another number of lanes", async () => {
  await using cluster = await Cluster.start({ storageFlags: ["-storage.lanes=2"] });
  await cluster.writer().write(series("snap_before"));
  using copies = new TemporaryFolder();
  for (const [i, storage] of cluster.storages.entries()) {
    const { status, json } = await ask(`${storage.url}/snapshot/create`, "POST");
    expect(status).toBe(200);
    expect(json).toEqual({
      status: "ok",
      snapshot: expect.stringMatching(/^\d{14}-[0-9A-F]{16}$/),
    });
    const folder = join(cluster.folder.at(`vmstorage-${i + 1}`), "snapshots");
    cpSync(join(folder, String(json["snapshot"])), copies.at(String(i)), { recursive: true });
  }
  await cluster.writer().write(series("snap_after"));

  const { url } = cluster.storages[0];
  const second = (await ask(`${url}/snapshot/create`)).json["snapshot"];
  const { json: listed } = await ask(`${url}/snapshot/list`);
  expect(listed).toEqual({ status: "ok", snapshots: [expect.any(String), second] });
  expect(await metricValues(cluster.storages[0], "vm_snapshots")).toEqual([2]);
  expect(await ask(`${url}/snapshot/delete?snapshot=does-not-exist`)).toEqual({
    status: 500,
    json: { status: "error", msg: 'cannot find snapshot "does-not-exist"' },
  });
  const deleted = await ask(`${url}/snapshot/delete?snapshot=${String(second)}`);
  expect(deleted).toEqual({ status: 200, json: { status: "ok" } });
  expect((await ask(`${url}/snapshot/delete_all`)).json).toEqual({ status: "ok" });
  expect((await ask(`${url}/snapshot/list`)).json).toEqual({ status: "ok", snapshots: [] });

  const restored = await Promise.all(
    [0, 1].map((i) =>
      Program.start({
        program: "vmstorage",
        flags: [`-storageDataPath=${copies.at(String(i))}`, `-storage.lanes=${i === 0 ? 1 : 3}`],
      }),
    ),
  );
  const nodes = restored.map((storage) => storage.address("vmselectAddr")).join(",");
  const select = await Program.start({ program: "vmselect", flags: [`-storageNode=${nodes}`] });
  try {
    const reader = new Reader(`${select.url}/select/0/prometheus`);
    const matrix = await reader.matrix('{__name__=~"snap_.*"}[10m]', endS);
    expect(matrix).toHaveLength(100);
    for (const { metric, values } of matrix) {
      expect(metric["__name__"]).toBe("snap_before");
      expect(values.map(([, value]) => Number(value) - Number(metric["index"]))).toEqual([0, 0.5]);
    }
  } finally {
    for (const program of [select, ...restored]) await program.stop();
  }
});

test("vmsingle has Prometheus' path for it as well, behind its key", async () => {
  using folder = new TemporaryFolder();
  const flags = [`-storageDataPath=${folder.at("data")}`, "-snapshotAuthKey=sesame"];
  const single = await Program.start({ program: "vmsingle", flags });
  try {
    await new Writer(`${single.url}/api/v1/write`).write(series("snap_single"));
    const path = `${single.url}/api/v1/admin/tsdb/snapshot`;
    const refused = await request(path, { method: "POST" });
    await refused.body.dump();
    expect(refused.statusCode).toBe(401);
    const { json } = await ask(`${path}?authKey=sesame`, "POST");
    const data = json["data"] as { name: string };
    expect(json).toEqual({ status: "success", data: { name: expect.any(String) } });
    const { json: listed } = await ask(`${single.url}/snapshot/list?authKey=sesame`);
    expect(listed["snapshots"]).toEqual([data.name]);
  } finally {
    await single.stop();
  }
});
