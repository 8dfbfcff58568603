import { expect, test } from "vitest";
import { FIRST_CONNECT_GRACE_MS, unreadyReason } from "./readiness.ts";

const up = { name: "a", state: "ready" } as const;
const away = { name: "b", state: "away" } as const;

test.for([
  { name: "all nodes are there", nodes: [up], uptimeMs: 0, reason: null },
  {
    name: "a node may still come",
    nodes: [up, away],
    uptimeMs: 1,
    reason: "waiting for storage node b",
  },
  { name: "a node stays away", nodes: [up, away], uptimeMs: FIRST_CONNECT_GRACE_MS, reason: null },
  {
    name: "no node is there",
    nodes: [away],
    uptimeMs: 1e9,
    reason: "no storage node is reachable: b",
  },
])("$name", ({ nodes, uptimeMs, reason }) => {
  expect(unreadyReason(nodes, uptimeMs)).toBe(reason);
});
