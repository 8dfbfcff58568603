import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { BugError } from "@tideline/common";
import { ExecutionError, InputError, OverloadError } from "@tideline/model";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningServer, serveRoutes } from "../testing/index.ts";
import { readBody, readBodyChunks, readForm } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { Route } from "./routes.ts";
import type { HttpServerOptions } from "./server.ts";

let servers: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

async function serve(
  routes: readonly Route[],
  options: Partial<HttpServerOptions> = {},
): Promise<RunningServer> {
  const server = await serveRoutes(routes, options);
  servers.push(server);
  return server;
}

const hello: Route = { path: "/hello", handle: (exchange) => exchange.sendText("hello") };

/** Sends raw bytes and returns all that comes back until the server closes. */
async function talk(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.write(request);
  await once(socket, "close");
  return answer;
}

describe("routes", () => {
  test("a path's parts reach the handler, decoded, however many slashes there are", async () => {
    const { url } = await serve([
      {
        path: "/select/:tenant/label/:name/values",
        handle: (exchange) =>
          exchange.sendJson([
            exchange.parameter("tenant"),
            exchange.parameter("name"),
            exchange.path,
          ]),
      },
    ]);
    const answer = await fetch(`${url}//select/1:2///label/a%2Fb/values?x=1`);
    expect(await answer.json()).toEqual(["1:2", "a/b", "/select/1:2/label/a%2Fb/values"]);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-server-hostname")).not.toBeNull();
  });

  test("an unknown path is a 400 that names it", async () => {
    const { url, metrics } = await serve([hello]);
    const answer = await fetch(`${url}/helo?x=1`);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      "unsupported path requested: /helo\n",
    ]);
    const text = await metrics.text();
    expect(text).toContain('vm_http_requests_total{path="*"} 1');
    expect(text).toContain('vm_http_request_errors_total{path="*"} 1');
  });

  test("a wrong method is a 405 that says which are right", async () => {
    const { url } = await serve([{ ...hello, methods: ["GET", "POST"] }]);
    const answer = await fetch(`${url}/hello`, { method: "DELETE" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, POST"]);
    expect((await fetch(`${url}/hello`, { method: "HEAD" })).status).toBe(200);
  });

  test("requests are counted by route, not by path", async () => {
    const { url, metrics } = await serve([{ ...hello, path: "/insert/:tenant/write" }]);
    for (const tenant of ["0", "1"]) await (await fetch(`${url}/insert/${tenant}/write`)).text();
    expect(await metrics.text()).toContain('vm_http_requests_total{path="/insert/{}/write"} 2');
  });

  test("a prefix is taken away, and not needed", async () => {
    const { url } = await serve([hello], { pathPrefix: "/db" });
    for (const path of ["/db/hello", "/hello"]) {
      expect(await (await fetch(url + path)).text()).toBe("hello");
    }
    expect((await fetch(`${url}/dbhello`)).status).toBe(400);
  });

  test("web pages of other origins may ask", async () => {
    const { url } = await serve([hello]);
    const preflight = await fetch(`${url}/anything`, { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect((await fetch(`${url}/hello`)).headers.get("access-control-allow-origin")).toBe("*");
  });

  test("they may not when it is forbidden", async () => {
    const { url } = await serve([hello], { isCorsAllowed: false });
    expect(
      (await fetch(`${url}/hello`, { method: "OPTIONS" })).headers.get(
        "access-control-allow-origin",
      ),
    ).toBeNull();
  });
});

describe("auth", () => {
  const credentials = { username: "ada", password: "käse:1" };
  const token = Buffer.from("ada:käse:1").toString("base64");

  test.for([
    { name: "none", headers: {}, status: 401 },
    { name: "a wrong password", headers: { authorization: `Basic ${btoa("ada:x")}` }, status: 401 },
    { name: "another scheme", headers: { authorization: `Bearer ${token}` }, status: 401 },
    { name: "the right one", headers: { authorization: `Basic ${token}` }, status: 200 },
  ])("basic auth: $name", async ({ headers, status }) => {
    const { url } = await serve([hello], { credentials });
    const answer = await fetch(`${url}/hello`, { headers: headers as Record<string, string> });
    expect(answer.status).toBe(status);
    expect(answer.headers.has("www-authenticate")).toBe(status === 401);
  });

  test("a path with a key of its own wants that key alone, an open one nothing", async () => {
    const { url } = await serve(
      [
        {
          ...hello,
          path: "/metrics",
          guard: { kind: "key", key: "sesame", flagName: "metricsAuthKey" },
        },
        { ...hello, path: "/health", guard: { kind: "open" } },
      ],
      { credentials },
    );
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect((await fetch(`${url}/metrics?authKey=sesam`)).status).toBe(401);
    expect((await fetch(`${url}/metrics?authKey=sesame`)).status).toBe(200);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

describe("answers", () => {
  const chunks = Array.from({ length: 100 }, (_, i) =>
    Buffer.from(`${i} is a line of an answer\n`),
  );
  const whole = Buffer.concat(chunks).toString();
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      await setImmediate();
      yield chunk;
    }
  }
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    await setImmediate();
    throw new Error("disk");
  }
  const big: Route = { path: "/big", handle: (exchange) => exchange.send({ body: whole }) };
  const streamed: Route = {
    path: "/stream",
    handle: (exchange) => exchange.send({ body: stream() }),
  };

  test.for(["/big", "/stream"])("%s is packed when the client takes gzip", async (path) => {
    const { url } = await serve([big, streamed]);
    const packed = await fetch(url + path, {
      headers: { "accept-encoding": "deflate, gzip;q=0.5" },
    });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packed.headers.get("vary")).toBe("Accept-Encoding");
    expect(await packed.text()).toBe(whole);
  });

  test.for(["identity", "gzip;q=0", "br"])(
    "nothing is packed for accept-encoding %s",
    async (accepted) => {
      const { url } = await serve([big, streamed]);
      for (const path of ["/big", "/stream"]) {
        const plain = await fetch(url + path, { headers: { "accept-encoding": accepted } });
        expect(plain.headers.get("content-encoding")).toBeNull();
        expect(await plain.text()).toBe(whole);
      }
    },
  );

  test("small answers are not packed, nor any when it is turned off", async () => {
    const { url } = await serve([hello]);
    expect((await fetch(`${url}/hello`)).headers.get("content-encoding")).toBeNull();
    const off = await serve([big], { isCompressionAllowed: false });
    expect((await fetch(`${off.url}/big`)).headers.get("content-encoding")).toBeNull();
  });

  test("a stream that fails before its first byte is a proper error", async () => {
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new ExecutionError("TIDELINE_LIMIT", "too many series")),
      }),
    };
    const { url } = await serve([
      {
        path: "/fails",
        errors: "prometheus",
        handle: (exchange) => exchange.send({ body }),
      },
    ]);
    const answer = await fetch(`${url}/fails`);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toEqual({
      status: "error",
      errorType: "execution",
      error: "too many series",
    });
  });

  test.for(["gzip", "identity"])(
    "a stream that fails midway cuts the connection (%s)",
    async (accepted) => {
      const { url, log } = await serve([
        { path: "/fails", handle: (exchange) => exchange.send({ body: failing() }) },
      ]);
      const reading = fetch(`${url}/fails`, { headers: { "accept-encoding": accepted } }).then(
        (answer) => answer.text(),
      );
      await expect(reading).rejects.toThrow(/terminated|fetch failed/);
      expect(log.lines).toContainEqual(
        expect.objectContaining({ level: "error", message: "cannot finish an answer" }),
      );
    },
  );

  test("a handler hears that its client has left", async () => {
    const left = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const { url, log } = await serve([
      {
        path: "/slow",
        handle: async ({ signal }) => {
          started.resolve();
          await once(signal, "abort");
          left.resolve(signal.reason);
          throw signal.reason;
        },
      },
    ]);
    const leaving = new AbortController();
    const asking = fetch(`${url}/slow`, { signal: leaving.signal });
    await started.promise;
    leaving.abort();
    await expect(asking).rejects.toThrow("abort");
    expect(String(await left.promise)).toContain("client left");
    expect(log.lines).toEqual([]);
  });

  test("a stream stops being read when its client has left", async () => {
    const ended = Promise.withResolvers<void>();
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          await setImmediate();
          yield new Uint8Array(65_536);
        }
      } finally {
        ended.resolve();
      }
    }
    const { url } = await serve([
      { path: "/endless", handle: (exchange) => exchange.send({ body: endless() }) },
    ]);
    const leaving = new AbortController();
    const answer = await fetch(`${url}/endless`, {
      signal: leaving.signal,
      headers: { "accept-encoding": "identity" },
    });
    const reader = answer.body?.getReader();
    await reader?.read();
    leaving.abort();
    await reader?.read().catch(() => {});
    await expect(ended.promise).resolves.toBeUndefined();
  });
});

describe("errors", () => {
  test.for([
    { error: new InputError("X", "bad step"), status: 400, type: "bad_data", retry: null },
    {
      error: new InputError("X", "no such thing", { status: 404 }),
      status: 404,
      type: "not_found",
      retry: null,
    },
    {
      error: new InputError("X", "too large", { status: 413 }),
      status: 413,
      type: "bad_data",
      retry: null,
    },
    {
      error: new OverloadError("X", "busy", { retryAfterMs: 1_200 }),
      status: 503,
      type: "unavailable",
      retry: "2",
    },
    {
      error: new OverloadError("X", "busy", { status: 429, retryAfterMs: 0 }),
      status: 429,
      type: "unavailable",
      retry: "1",
    },
    { error: new ExecutionError("X", "too many"), status: 422, type: "execution", retry: null },
    {
      error: new ExecutionError("TIDELINE_QUERY_TIMEOUT", "too slow"),
      status: 503,
      type: "timeout",
      retry: null,
    },
    {
      error: new ExecutionError("TIDELINE_QUERY_CANCELED", "stopped"),
      status: 503,
      type: "canceled",
      retry: null,
    },
    { error: new Error("secret path /x"), status: 500, type: "internal", retry: null },
  ])("$error.name $status $type", async ({ error, status, type, retry }) => {
    const fail = (): never => {
      throw error;
    };
    const { url } = await serve([
      { path: "/text", handle: fail },
      { path: "/json", errors: "prometheus", handle: async () => fail() },
    ]);
    const message = status === 500 ? "internal error" : error.message;
    const plain = await fetch(`${url}/text`);
    expect([plain.status, await plain.text()]).toEqual([status, `${message}\n`]);
    expect(plain.headers.get("retry-after")).toBe(retry);
    const json = await fetch(`${url}/json`);
    expect([json.status, await json.json()]).toEqual([
      status,
      { status: "error", errorType: type, error: message },
    ]);
  });

  test("a bug is answered, and told to the program", async () => {
    const bug = new BugError("BUG");
    const told = Promise.withResolvers<unknown>();
    const { url, log } = await serve(
      [
        {
          path: "/bug",
          handle: () => {
            throw bug;
          },
        },
      ],
      { onBug: told.resolve },
    );
    expect((await fetch(`${url}/bug`)).status).toBe(500);
    expect(await told.promise).toBe(bug);
    expect(log.lines).toHaveLength(1);
  });
});

function echo(sizeMax: number, timeoutMs?: number): Route {
  return {
    path: "/echo",
    handle: async (exchange) => {
      const limits = timeoutMs === undefined ? { sizeMax } : { sizeMax, timeoutMs };
      await exchange.send({ body: await readBody(exchange, limits) });
    },
  };
}

describe("bodies", () => {
  test.for([0, 1, 1_000, 300_000])("a body of %i bytes arrives whole", async (size) => {
    const { url } = await serve([echo(300_000)]);
    const body = new Uint8Array(size).map((_, i) => i * 7);
    const answer = await fetch(`${url}/echo`, { method: "POST", body });
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(body);
  });

  test("a declared size over the limit is refused unread, and the connection goes on", async () => {
    const { url } = await serve([echo(10)]);
    const answer = await talk(
      url,
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n01234567890` +
        `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhi$/);
  });

  test("a body that turns out too large is refused", async () => {
    const { url } = await serve([echo(10)]);
    const body = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i += 1) controller.enqueue(new Uint8Array(1_000));
        controller.close();
      },
    });
    const answer = await fetch(`${url}/echo`, {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain("the limit is 10");
  });

  test("a body that does not come in time is a 408", async () => {
    const { url } = await serve([echo(10, 1)]);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  test("a client that leaves midway is no error of ours", async () => {
    const gone = Promise.withResolvers<unknown>();
    const { url, log } = await serve([
      {
        path: "/echo",
        handle: async (exchange: Exchange) => {
          await readBodyChunks(exchange, { sizeMax: 10 }).catch(gone.resolve);
        },
      },
    ]);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", () =>
      socket.destroy(),
    );
    expect(String(await gone.promise)).toContain("client left");
    expect(log.lines).toEqual([]);
  });

  test("a form's parameters follow those of the URL, repeated names and all", async () => {
    const { url } = await serve([
      {
        path: "/form",
        handle: async (exchange) => {
          await exchange.sendJson([...(await readForm(exchange))]);
        },
      },
    ]);
    const answer = await fetch(`${url}/form?query=a&match[]=x`, {
      method: "POST",
      body: new URLSearchParams([
        ["query", "b + c"],
        ["match[]", "y"],
        ["match[]", "ü"],
      ]),
    });
    expect(await answer.json()).toEqual([
      ["query", "a"],
      ["match[]", "x"],
      ["query", "b + c"],
      ["match[]", "y"],
      ["match[]", "ü"],
    ]);
    expect(await (await fetch(`${url}/form?query=a`)).json()).toEqual([["query", "a"]]);
  });
});

describe("listening and stopping", () => {
  test("a taken port is named", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const { http } = await serve([hello]);
    await expect(http.listen([{ host: "127.0.0.1", port }])).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: already in use (EADDRINUSE)`,
    );
    taken.close();
  });

  test("a running request may finish, a new connection is refused", async () => {
    const started = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const server = await serve([
      {
        path: "/slow",
        handle: async (exchange) => {
          started.resolve();
          await end.promise;
          await exchange.sendText("done");
        },
      },
    ]);
    const asking = fetch(`${server.url}/slow`);
    await started.promise;
    const stopping = server.http.stop(60_000);
    await expect(fetch(`${server.url}/slow`)).rejects.toThrow("fetch failed");
    end.resolve();
    expect(await (await asking).text()).toBe("done");
    await stopping;
  });

  test("what takes longer than the grace is cut", async () => {
    const started = Promise.withResolvers<void>();
    const server = await serve([
      {
        path: "/never",
        handle: async ({ signal }) => {
          started.resolve();
          await once(signal, "abort");
        },
      },
    ]);
    const asking = fetch(`${server.url}/never`);
    // What rejects before it is awaited must have been looked at.
    asking.catch(() => {});
    await started.promise;
    await server.http.stop(1);
    await expect(asking).rejects.toThrow("fetch failed");
  });

  test("an old connection is closed after its answer", async () => {
    const { url } = await serve([hello], { connectionAgeMaxMs: 1e-6 });
    const answer = await talk(url, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(answer).toMatch(/Connection: close\r\n[^]*hello$/);
  });
});
