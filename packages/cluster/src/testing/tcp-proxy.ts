/**
 * A line between client and node that tests can cut (as a killed node does) or stall (as a hung node or a
 * dropped network does).
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isStalled = false;

  /** Begins to listen on 127.0.0.1; `target` is host:port. */
  static async listen(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  private constructor(target: string) {
    const port = Number(target.slice(target.lastIndexOf(":") + 1));
    this.#server = createServer((outer) => {
      const inner = connect(port, "127.0.0.1");
      const pair = [outer, inner] as const;
      this.#pairs.add(pair);
      const end = (): void => {
        this.#pairs.delete(pair);
        outer.destroy();
        inner.destroy();
      };
      for (const socket of pair) {
        socket.on("error", end);
        socket.on("close", end);
      }
      outer.pipe(inner);
      inner.pipe(outer);
      if (this.#isStalled) this.#stall(pair);
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks what is connected, in the middle of whatever is on its way. */
  cut(): void {
    for (const [outer, inner] of this.#pairs) {
      outer.destroy();
      inner.destroy();
    }
  }

  /** Lets nothing through, on connections to come as well, until `flow`. */
  stall(): void {
    this.#isStalled = true;
    for (const pair of this.#pairs) this.#stall(pair);
  }

  flow(): void {
    this.#isStalled = false;
    for (const [outer, inner] of this.#pairs) {
      outer.pipe(inner);
      inner.pipe(outer);
    }
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #stall([outer, inner]: readonly [Socket, Socket]): void {
    outer.unpipe(inner);
    inner.unpipe(outer);
  }
}
