import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { systemClock } from "@tideline/common";
import { FakeClock } from "@tideline/common/testing";
import { afterEach, expect, test } from "vitest";
import { knock } from "./knock.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(host: string): Promise<number> {
  const server = createServer((socket) => socket.on("error", () => undefined));
  servers.push(server);
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function answerOf(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    knock(address, 5_000, systemClock, resolve);
  });
}

test.for([
  { host: "127.0.0.1", address: "127.0.0.1" },
  { host: "::1", address: "[::1]" },
  { host: "127.0.0.1", address: "localhost" },
])("who listens at $address answers, and who has left does not", async ({ host, address }) => {
  const port = await listen(host);
  expect(await answerOf(`${address}:${port}`)).toBe(true);
  servers.pop()?.close();
  expect(await answerOf(`${address}:${port}`)).toBe(false);
});

test("who does not answer in time is not there, and nothing is told after a cancel", async () => {
  const port = await listen("127.0.0.1");
  const clock = new FakeClock();
  const answers: boolean[] = [];
  knock(`127.0.0.1:${port}`, 1_000, clock, (isThere) => answers.push(isThere));
  clock.advance(1_000);
  expect(answers).toEqual([false]);
  const cancel = knock(`127.0.0.1:${port}`, 1_000, clock, (isThere) => answers.push(isThere));
  cancel();
  clock.advance(1_000);
  expect(await answerOf(`127.0.0.1:${port}`)).toBe(true);
  expect(answers).toEqual([false]);
});
