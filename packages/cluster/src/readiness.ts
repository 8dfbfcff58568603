/** Whether a program that depends on storage nodes can do its work. */
import type { LinkState } from "./node-link.ts";

/** A node that was not reached since the start by then is somebody's problem, but not a reason to wait. */
export const FIRST_CONNECT_GRACE_MS = 10_000;

/**
 * @param uptimeMs since the program began to connect
 * @returns null when ready, else the reason why not: no node is there, or some were never given time to come
 */
export function unreadyReason(
  nodes: readonly { readonly name: string; readonly state: LinkState }[],
  uptimeMs: number,
): string | null {
  const away = nodes.filter(({ state }) => state !== "ready").map(({ name }) => name);
  if (away.length === 0) return null;
  if (away.length === nodes.length) return `no storage node is reachable: ${away.join(", ")}`;
  return uptimeMs < FIRST_CONNECT_GRACE_MS ? `waiting for storage node ${away.join(", ")}` : null;
}
