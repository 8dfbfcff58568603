/**
 * The compose file of the repository, built from source as its users build it: it comes up healthy, takes writes,
 * answers, tells when a node is away, and keeps its data.
 *
 * NODE_IMAGE and BUILD_FROM are passed on to the build. See deploy/testing for machines without a registry.
 */
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment } from "testcontainers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasContainerEngine } from "./harness/engine.ts";
import { REPOSITORY } from "./harness/paths.ts";
import { Reader } from "./harness/reader.ts";
import { sample, type Series } from "./harness/samples.ts";
import { waitFor } from "./harness/wait.ts";
import { compress, encodeWrite, Writer } from "./harness/writer.ts";

// The helper container that testcontainers would start cannot be pulled everywhere; we clean up ourselves.
process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";

const SERIES_COUNT = 50;
const timeMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
const series: readonly Series[] = Array.from({ length: SERIES_COUNT }, (_, index) => ({
  labels: { __name__: "composed", index: String(index) },
  samples: [sample(timeMs, index)],
}));
const count = { query: "count(composed)", time: timeMs / 1_000 };

describe.skipIf(!hasContainerEngine())("docker compose", () => {
  const running = new AsyncDisposableStack();
  let environment: StartedDockerComposeEnvironment;
  beforeAll(async () => {
    environment = await new DockerComposeEnvironment(REPOSITORY, "docker-compose.yml")
      .withProjectName(`tideline-e2e-${process.pid}`)
      .withEnvironment({
        ...(process.env as Record<string, string>),
        VMINSERT_PORT: "0",
        VMSELECT_PORT: "0",
        TAG: "e2e",
      })
      .withBuild()
      .up();
    running.defer(async () => {
      await environment.down({ removeVolumes: true, timeout: 60_000 });
    });
  }, 600_000);
  afterAll(async () => running.disposeAsync(), 120_000);

  const urlOf = (container: string, port: number): string =>
    `http://127.0.0.1:${environment.getContainer(container).getMappedPort(port)}`;
  const writer = (): Writer =>
    new Writer(`${urlOf("vminsert-1", 8480)}/insert/0/prometheus/api/v1/write`);
  const reader = (): Reader => new Reader(`${urlOf("vmselect-1", 8481)}/select/0/prometheus`);
  const countText = async (): Promise<string> => (await reader().ask("query", count)).text;

  test("brings up a cluster that takes writes and answers", async () => {
    await writer().write(series);
    const { isPartial, data } = reader().success<{ result: unknown }>(
      await reader().ask("query", count),
    );
    expect(isPartial).toBe(false);
    expect(data.result).toEqual([{ metric: {}, value: [count.time, String(SERIES_COUNT)] }]);
  });

  test("tells when a node is away, and has all data when it is back", async () => {
    const node = environment.getContainer("vmstorage-2-1");
    await node.stop({ remove: false, timeout: 30_000 });
    await waitFor(async () => (await countText()).includes('"isPartial":true'), {
      what: "a partial answer",
    });
    expect((await writer().send(compress(encodeWrite(series)))).status).toBe(503);
    await node.restart();
    await waitFor(async () => (await countText()).includes('"isPartial":false'), {
      what: "a whole answer",
      details: () => "the node was restarted",
    });
    expect(await reader().vector("count(composed)", count.time)).toEqual([
      { metric: {}, value: [count.time, String(SERIES_COUNT)] },
    ]);
  });
});
