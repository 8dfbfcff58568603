/** A client of the Prometheus query API; answers are checked for their outer shape only. */
import { request } from "undici";
import type { Answer } from "./writer.ts";

export type Parameters = Readonly<Record<string, string | number | readonly string[]>>;
export type Labels = Readonly<Record<string, string>>;

/** [Unix seconds, value as text] */
export type Point = readonly [number, string];

export interface VectorElement {
  readonly metric: Labels;
  readonly value: Point;
}

export interface MatrixElement {
  readonly metric: Labels;
  readonly values: readonly Point[];
}

export interface ApiAnswer<Data> {
  readonly status: "success" | "error";
  readonly data: Data;
  readonly isPartial?: boolean;
  readonly warnings?: readonly string[];
  readonly errorType?: string;
  readonly error?: string;
}

interface QueryData {
  readonly resultType: "matrix" | "vector" | "scalar" | "string";
  readonly result: unknown;
}

export class Reader {
  /** Up to and without `/api/v1`. */
  readonly #baseUrl: string;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  /** Instant query; times in Unix seconds. */
  async query(query: string, time: number): Promise<QueryData> {
    return this.get("query", { query, time });
  }

  async vector(query: string, time: number): Promise<readonly VectorElement[]> {
    return (await this.query(query, time)).result as readonly VectorElement[];
  }

  /** An instant query of a range selector: the samples as they were written. */
  async matrix(query: string, time: number): Promise<readonly MatrixElement[]> {
    return (await this.query(query, time)).result as readonly MatrixElement[];
  }

  async queryRange(
    query: string,
    range: { readonly start: number; readonly end: number; readonly step: number },
  ): Promise<readonly MatrixElement[]> {
    const data = await this.get<QueryData>("query_range", { query, ...range });
    return data.result as readonly MatrixElement[];
  }

  async series(match: string, parameters: Parameters = {}): Promise<readonly Labels[]> {
    return this.get("series", { "match[]": match, ...parameters });
  }

  async labelNames(parameters: Parameters = {}): Promise<readonly string[]> {
    return this.get("labels", parameters);
  }

  async labelValues(name: string, parameters: Parameters = {}): Promise<readonly string[]> {
    return this.get(`label/${name}/values`, parameters);
  }

  /**
   * The data of a GET answer.
   *
   * @throws {Error} unless it is a success
   */
  async get<Data>(path: string, parameters: Parameters = {}): Promise<Data> {
    const { data } = this.success<Data>(await this.ask(path, parameters));
    return data;
  }

  /** The same as a POST form. */
  async post<Data>(path: string, parameters: Parameters = {}): Promise<Data> {
    const { data } = this.success<Data>(await this.ask(path, parameters, { method: "POST" }));
    return data;
  }

  /** Asks and returns whatever the answer is. */
  async ask(
    path: string,
    parameters: Parameters = {},
    options: {
      readonly method?: "GET" | "POST";
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Answer> {
    const { method = "GET", headers = {}, signal } = options;
    const form = encode(parameters);
    const url = `${this.#baseUrl}/api/v1/${path}`;
    const cancelling = signal === undefined ? {} : { signal };
    const answer =
      method === "GET"
        ? await request(form === "" ? url : `${url}?${form}`, { headers, ...cancelling })
        : await request(url, {
            method,
            headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
            body: form,
            ...cancelling,
          });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  /** @throws {Error} unless it is JSON that says success */
  success<Data>(answer: Answer): ApiAnswer<Data> {
    const isJson = String(answer.headers["content-type"]).startsWith("application/json");
    if (answer.status !== 200 || !isJson) {
      throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    }
    const parsed = JSON.parse(answer.text) as ApiAnswer<Data>;
    if (parsed.status !== "success") throw new Error(`no success: ${answer.text.slice(0, 500)}`);
    return parsed;
  }
}

function encode(parameters: Parameters): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
  }
  return form.toString();
}
