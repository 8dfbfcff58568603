/** `pnpm start`: the cluster of the README, on ports of its own. */
import { execFileSync, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { request } from "undici";
import { TemporaryFolder } from "./harness/folder.ts";
import { REPOSITORY } from "./harness/paths.ts";
import { Child } from "./harness/process.ts";
import { sample } from "./harness/samples.ts";
import { Writer } from "./harness/writer.ts";

/** Away from the usual ports and from what the system picks for connections. */
const PORT_OFFSET = 12_340;

function start(dataPath: string): Child {
  return new Child({
    name: "start",
    command: "node",
    arguments: [
      join(REPOSITORY, "tools/start/main.ts"),
      `-data=${dataPath}`,
      `-portOffset=${PORT_OFFSET}`,
    ],
    folder: REPOSITORY,
  });
}

/** Runs the printed command; does what it says where there is no curl. */
async function answerOf(command: string): Promise<string> {
  if (spawnSync("curl", ["--version"]).status === 0) {
    return execFileSync("sh", ["-c", `${command} --silent`], { encoding: "utf8" });
  }
  const [, url = "", form = ""] = /^curl (\S+) --data-urlencode '([^']+)'$/.exec(command) ?? [];
  const { body } = await request(url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.replace(/=(.*)$/, (_, value: string) => `=${encodeURIComponent(value)}`),
  });
  return body.text();
}

test("is ready, tells URLs and a curl that work, and stops cleanly on Ctrl-C", async () => {
  using folder = new TemporaryFolder();
  const child = start(folder.at("data"));
  try {
    await child.line(/^Ready in \d/);
    const [, writeUrl = ""] = await child.line(/remote_write url: +(\S+)/);
    const [, dataSourceUrl = ""] = await child.line(/Grafana data source[^:]*: +(\S+)/);
    const [, curl = ""] = await child.line(/(curl .*)$/);
    const labels = { __name__: "started" };
    await new Writer(writeUrl).write([{ labels, samples: [sample(Date.now(), 1)] }]);
    const { statusCode, body } = await request(`${dataSourceUrl}/api/v1/labels`);
    await body.dump();
    expect(statusCode).toBe(200);
    expect(JSON.parse(await answerOf(curl))).toMatchObject({
      status: "success",
      data: { result: [{ metric: {}, value: [expect.any(Number), "1"] }] },
    });
  } finally {
    child.signal("SIGINT");
  }
  expect(await child.exited()).toEqual({ code: 0, signal: null });
});

test("names a port that is taken and starts nothing", async () => {
  using folder = new TemporaryFolder();
  const port = 8_480 + PORT_OFFSET;
  const taken = createServer().listen(port, "127.0.0.1");
  await once(taken, "listening");
  try {
    const child = start(folder.at("data"));
    expect((await child.exited()).code).toBe(1);
    expect(child.tail()).toContain(String(port));
    expect(child.tail()).toContain("nothing was started");
  } finally {
    taken.close();
  }
});
