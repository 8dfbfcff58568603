/** The least that an HTTP client can be: one kept connection, one question at a time, whose answers tell their length. */
import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";

export interface LoopbackAnswer {
  readonly status: number;
  readonly body: string;
}

export class LoopbackAsker {
  readonly #socket: Socket;
  readonly #head: string;
  #text = "";
  #settle: { resolve: (answer: LoopbackAnswer) => void; reject: (error: Error) => void } | null =
    null;

  /** @param authorization empty: none */
  constructor(port: number, authorization: string) {
    this.#head = ` HTTP/1.1\r\nHost: 127.0.0.1\r\n${authorization && `Authorization: ${authorization}\r\n`}\r\n`;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => {
      this.#text += text;
      this.#read();
    });
    this.#socket.on("error", (error) => this.#settle?.reject(error));
    this.#socket.on("close", () => this.#settle?.reject(new Error("the connection was closed")));
  }

  get(path: string): Promise<LoopbackAnswer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(`GET ${path}${this.#head}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(): void {
    const headSize = this.#text.indexOf(HEAD_END) + HEAD_END.length;
    if (headSize < HEAD_END.length) return;
    const size = /\r\ncontent-length: (\d+)\r\n/i.exec(this.#text)?.[1];
    if (this.#text.length < headSize + Number(size)) return;
    const answer = { status: Number(this.#text.slice(9, 12)), body: this.#text.slice(headSize) };
    this.#text = "";
    this.#settle?.resolve(answer);
  }
}
