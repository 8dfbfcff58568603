/** Snapshots over HTTP, with VictoriaMetrics' paths and answers: `/snapshot/create`, `list`, `delete`, `delete_all`. */
import { InputError, OverloadError } from "@tideline/model";
import { guardBy, readForm, type Exchange, type Route } from "@tideline/service";
import type { Storage } from "@tideline/storage";

type Snapshots = Storage["snapshots"];

/** @param authKey of -snapshotAuthKey; empty: basic auth by the common flags */
export function snapshotRoutes(snapshots: Snapshots, authKey: string): Route[] {
  const route = (
    path: string,
    answer: (exchange: Exchange) => Promise<object> | object,
  ): Route => ({
    path: `/snapshot/${path}`,
    methods: ["GET", "POST"],
    guard: guardBy(authKey, "snapshotAuthKey"),
    handle: async (exchange) => {
      try {
        await exchange.sendJson({ status: "ok", ...(await answer(exchange)) });
      } catch (error) {
        if (!isTold(error)) throw error;
        await exchange.sendJson({ status: "error", msg: error.message }, 500);
      }
    },
  });
  return [
    route("create", async (exchange) => ({ snapshot: await create(snapshots, exchange) })),
    route("list", () => ({ snapshots: snapshots.list() })),
    route("delete", async (exchange) => {
      const args = await readForm(exchange);
      snapshots.delete(args.get("snapshot") ?? "");
      return {};
    }),
    route("delete_all", () => {
      snapshots.deleteAll();
      return {};
    }),
  ];
}

/** Prometheus' own path, which a single node has. */
export function prometheusSnapshotRoute(
  snapshots: Snapshots,
  authKey: string,
  base: string,
): Route {
  return {
    path: `${base}/api/v1/admin/tsdb/snapshot`,
    methods: ["GET", "POST", "PUT"],
    errors: "prometheus",
    guard: guardBy(authKey, "snapshotAuthKey"),
    handle: async (exchange) => {
      const name = await create(snapshots, exchange);
      await exchange.sendJson({ status: "success", data: { name } });
    },
  };
}

/** Nobody knows the name of one whose client has left: it goes again. */
async function create(snapshots: Snapshots, { signal }: Exchange): Promise<string> {
  const name = await snapshots.create();
  if (signal.aborted) snapshots.delete(name);
  return name;
}

function isTold(error: unknown): error is Error {
  return error instanceof InputError || error instanceof OverloadError;
}
