import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { Exchange } from "./exchange.ts";

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield new Uint8Array(64 * 1024);
}

test("a client that reads nothing of a stream is cut off", async () => {
  const ended = Promise.withResolvers<unknown>();
  const server = createServer((request, response) => {
    const given = { request, response, path: "/", queryText: "", parameters: {} };
    const exchange = new Exchange({ ...given, isCompressionAllowed: false, stallTimeoutMs: 50 });
    exchange.send({ body: endless() }).catch(ended.resolve);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await ended.promise).toBeInstanceOf(Error);
  socket.destroy();
  server.close();
});
