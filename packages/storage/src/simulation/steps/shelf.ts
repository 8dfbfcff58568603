/** Everything that may happen, one card a line. A new one needs no more than its line here. */
import { deleteSeries } from "./delete.ts";
import { damage, fail, fillDisk, planCrash } from "./harm.ts";
import { index, readAll, search } from "./read.ts";
import { deleteSnapshot, makeSnapshot, startOnSnapshot } from "./snapshot.ts";
import { close, kill } from "./start.ts";
import type { StepCard } from "./step.ts";
import { jump, wait } from "./time.ts";
import { flush, forceMerge, pass, recover, tick } from "./work.ts";
import { connect, write } from "./write.ts";

export const STEPS: readonly StepCard[] = [
  write,
  connect,
  flush,
  forceMerge,
  tick,
  recover,
  pass,
  deleteSeries,
  makeSnapshot,
  startOnSnapshot,
  deleteSnapshot,
  readAll,
  search,
  index,
  jump,
  wait,
  planCrash,
  fail,
  fillDisk,
  damage,
  kill,
  close,
];
