/** Paths to handlers: a radix tree (find-my-way) over patterns such as `/insert/:tenant/prometheus/api/v1/write`. */
import findMyWay from "find-my-way";
import type { ErrorStyle } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** Who may ask for a path. */
export type Guard =
  | { readonly kind: "open" }
  | { readonly kind: "basic" }
  | { readonly kind: "key"; readonly key: string; readonly flagName: string };

/** The guard of a path that has an auth key of its own: by the key when it is set, else basic auth. */
export function guardBy(key: string, flagName: string): Guard {
  return key === "" ? { kind: "basic" } : { kind: "key", key, flagName };
}

export interface Route {
  /** `:name` stands for one part of the path, a `*` at the end for the rest. */
  readonly path: string;
  /** All when not given; GET means HEAD too. */
  readonly methods?: readonly ("GET" | "POST" | "PUT" | "DELETE")[];
  /** How errors are told: "text" when not given. */
  readonly errors?: ErrorStyle;
  /** Basic auth by the common flags when not given. */
  readonly guard?: Guard;
  readonly handle: Handler;
}

export interface FoundRoute {
  readonly route: Route;
  /** The route's path as metrics name it: `/insert/{}/prometheus/api/v1/write`. */
  readonly metricPath: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

interface Entry {
  readonly route: Route;
  readonly metricPath: string;
}

/** Senders ask for the same few paths all the time. */
const KNOWN_PATHS_MAX = 256;
const KNOWN_PATH_LENGTH_MAX = 256;

export class RouteTable {
  readonly #paths: string[] = [];
  readonly #tree = findMyWay({ maxParamLength: 65_536 });
  /** Routes of paths that were asked for lately. */
  readonly #known = new Map<string, FoundRoute>();

  add(route: Route): void {
    const entry: Entry = { route, metricPath: route.path.replaceAll(/:[^/]+/g, "{}") };
    // Methods are checked by the server, so that a wrong one is told apart from a wrong path.
    this.#tree.on("GET", route.path, ignore, entry);
    this.#paths.push(route.path);
    this.#known.clear();
  }

  get paths(): readonly string[] {
    return this.#paths.toSorted();
  }

  /** @param path without query */
  find(path: string): FoundRoute | undefined {
    const known = this.#known.get(path);
    if (known) return known;
    const found = this.#tree.find("GET", path);
    if (!found) return undefined;
    const { route, metricPath } = found.store as Entry;
    const result: FoundRoute = { route, metricPath, parameters: found.params };
    if (this.#known.size >= KNOWN_PATHS_MAX) this.#known.clear();
    if (path.length <= KNOWN_PATH_LENGTH_MAX) this.#known.set(path, result);
    return result;
  }
}

function ignore(): void {}
