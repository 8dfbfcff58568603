/** Reading a program's own /metrics. */
import { request } from "undici";
import type { Program } from "./program.ts";
import { waitFor } from "./wait.ts";

export async function metricsText(program: Program): Promise<string> {
  const { body } = await request(`${program.url}/metrics`);
  return body.text();
}

/** The values of all series of a metric, in the order of the page. */
export async function metricValues(program: Program, name: string): Promise<number[]> {
  const lines = (await metricsText(program)).split("\n");
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
}

/** Waits until a vminsert or vmselect has a stream to each of its nodes again. */
export async function untilAllNodesReachable(...programs: readonly Program[]): Promise<void> {
  for (const program of programs) {
    await waitFor(
      async () => {
        const nodes = await metricValues(program, "vm_rpc_vmstorage_is_reachable");
        return nodes.length > 0 && nodes.every((value) => value === 1);
      },
      { what: `${program.name} to reach all its nodes`, details: () => program.child.tail() },
    );
  }
}
