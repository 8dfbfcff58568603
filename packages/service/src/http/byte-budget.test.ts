import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { readBodyChunks } from "./body.ts";
import { ByteBudget } from "./byte-budget.ts";
import { Exchange } from "./exchange.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that reads bodies within a budget and answers with their size; settled = how readings ended. */
async function start(budget: ByteBudget): Promise<{ port: number; settled: string[] }> {
  const settled: string[] = [];
  const read = async (exchange: Exchange): Promise<string> => {
    try {
      const { size } = await readBodyChunks(exchange, { sizeMax: 1000, budget });
      budget.giveBack(size);
      return `${size} bytes`;
    } catch (error) {
      return String(error);
    }
  };
  const server = createServer((request, response) => {
    const given = { request, response, path: "/", queryText: "", parameters: {} };
    void (async () => {
      settled.push(await read(new Exchange({ ...given, isCompressionAllowed: false })));
      response.end();
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, settled };
}

function send(port: number, declared: number, sent: number): Socket {
  const socket = connect(port, "127.0.0.1");
  closers.push(() => socket.destroy());
  socket.on("error", () => undefined);
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${declared}\r\n\r\n`);
  socket.write(Buffer.alloc(sent, 1));
  return socket;
}

test("what is alone may pass the limit", () => {
  const budget = new ByteBudget({ noun: "answers", sizeMax: 10 });
  budget.take(11);
  expect(() => budget.take(1)).toThrow(/answers take 11 bytes already, of 10/);
  budget.giveBack(11);
  budget.take(10);
  expect(() => budget.take(1)).toThrow(/10 bytes already/);
});

test("bodies together keep to the budget, and what ends in any way gives its bytes back", async () => {
  const budget = new ByteBudget({ noun: "bodies", sizeMax: 1000 });
  const { port, settled } = await start(budget);
  const slow = send(port, 900, 800);
  await vi.waitFor(() => expect(budget.usedSize).toBe(800));
  send(port, 300, 300);
  await vi.waitFor(() => expect(settled).toHaveLength(1));
  expect(settled[0]).toContain("bodies take 800 bytes already, of 1000");
  expect(budget.usedSize).toBe(800);
  send(port, 150, 150);
  await vi.waitFor(() => expect(settled[1]).toBe("150 bytes"));
  slow.destroy();
  await vi.waitFor(() => expect(budget.usedSize).toBe(0));
  send(port, 1000, 1000);
  await vi.waitFor(() => expect(settled[3]).toBe("1000 bytes"));
});
