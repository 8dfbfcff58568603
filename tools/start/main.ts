/**
 * `npx pnpm start`: a cluster of two vmstorage, a vminsert and a vmselect on this machine.
 *
 * It says when all of them are ready and how to reach them. When one of them ends, all end: nothing is
 * restarted in silence. Ctrl-C stops them in the reverse order of starting.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { FlagError, helpText, parseFlags } from "@tideline/service";
import { request } from "undici";
import { type Child, startChild } from "./child.ts";
import { planOptions, startFlags } from "./flags.ts";
import { findLaunchers } from "./launchers.ts";
import { HOST, type Plan, planCluster, type PlannedProgram } from "./plan.ts";
import { takenPorts } from "./ports.ts";

const READY_TIMEOUT_MS = 120_000;
const READY_INTERVAL_MS = 20;
const STOP_TIMEOUT_MS = 90_000;
const PARENT_CHECK_MS = 1_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`start: ${text}\n`);
}

/** The plan of the command line, or undefined when there is nothing to run. */
function readPlan(): Plan | undefined {
  try {
    // `pnpm start -- -flag` passes the two dashes on.
    const given = process.argv.slice(2).filter((argument) => argument !== "--");
    const parsed = parseFlags(startFlags, given, process.env);
    if (parsed.want === "run") return planCluster(planOptions(parsed.values, process.env));
    say(helpText("start", "a cluster on this machine, for trying it out", startFlags));
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    complain(error.message);
    process.exitCode = 2;
  }
  return undefined;
}

/** How a child ended, as a sentence. */
async function endOf({ planned, ended }: Child): Promise<string> {
  return `${planned.name} ${await ended}`;
}

async function untilReady(child: Child, signal: AbortSignal): Promise<void> {
  const url = `http://${HOST}:${child.planned.ports[0]}/-/ready`;
  for (;;) {
    signal.throwIfAborted();
    const status = await request(url, { signal }).then(
      async (answer) => {
        await answer.body.dump();
        return answer.statusCode;
      },
      () => 0, // it does not listen yet
    );
    if (status === 200) return;
    await sleep(READY_INTERVAL_MS, undefined, { signal });
  }
}

function sayReady(plan: Plan): void {
  const { dataSourceUrl, remoteWriteUrl } = plan;
  const query = `curl ${dataSourceUrl}/api/v1/query --data-urlencode 'query=count({__name__!=""})'`;
  say(
    [
      "",
      `Ready in ${(performance.now() / 1_000).toFixed(1)} s.`,
      `  Prometheus remote_write url:       ${remoteWriteUrl}`,
      `  Grafana data source (Prometheus):  ${dataSourceUrl}`,
      `  How many series are there:         ${query}`,
      "Ctrl-C stops it.",
      "",
    ].join("\n"),
  );
}

/** Last started, first stopped; the next one is asked when the one before has ended. */
async function stopAll(children: readonly Child[]): Promise<void> {
  for (const child of children.toReversed()) {
    if (child.hasEnded()) continue;
    child.kill("SIGTERM");
    const waiting = new AbortController();
    const late = sleep(STOP_TIMEOUT_MS, "late", { signal: waiting.signal }).catch(() => "ended");
    if ((await Promise.race([child.ended, late])) === "late") {
      complain(`${child.planned.name} does not stop: killing it`);
      child.kill("SIGKILL");
      await child.ended;
    }
    waiting.abort();
  }
}

/** Settles when someone asks for the end. */
function untilSignal(children: readonly Child[]): Promise<undefined> {
  return new Promise((resolve) => {
    let isAsked = false;
    const stop = (): void => {
      // Who asks twice does not want to wait.
      if (isAsked) for (const child of children) child.kill("SIGKILL");
      isAsked = true;
      resolve(undefined);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    // When what started us is killed, nobody is left who could tell us to stop.
    const launchers = findLaunchers();
    setInterval(() => {
      if (!isAsked && !launchers.areAlive()) stop();
    }, PARENT_CHECK_MS).unref();
  });
}

/** A stage is started when the one before is ready: who dials a node finds it. */
async function startStages(
  stages: Plan["stages"],
  startStage: (programs: readonly PlannedProgram[]) => Promise<void>,
): Promise<void> {
  for (const stage of stages) await startStage(stage);
}

/** @returns the exit code */
async function run(plan: Plan): Promise<number> {
  const taken = await takenPorts(plan.stages.flat());
  if (taken.length > 0) {
    for (const sentence of taken) complain(sentence);
    complain("nothing was started; -portOffset=1000 moves all ports");
    return 1;
  }
  const nameWidth = Math.max(...plan.stages.flat().map(({ name }) => name.length));
  const children: Child[] = [];
  const failed = Promise.withResolvers<string>();
  const waiting = new AbortController();
  const limit = AbortSignal.any([waiting.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  const startStage = async (programs: readonly PlannedProgram[]): Promise<void> => {
    limit.throwIfAborted();
    const stage = programs.map((planned) => startChild(planned, nameWidth));
    children.push(...stage);
    for (const child of stage) void endOf(child).then(failed.resolve);
    await Promise.all(stage.map((child) => untilReady(child, limit)));
  };
  const asked = untilSignal(children);
  const ready = startStages(plan.stages, startStage).then(
    () => "ready",
    () => `not ready within ${READY_TIMEOUT_MS / 1_000} s`,
  );
  let end = await Promise.race([asked, failed.promise, ready]);
  waiting.abort();
  if (end === "ready") {
    sayReady(plan);
    end = await Promise.race([asked, failed.promise]);
  }
  if (end !== undefined) complain(`${end}; stopping all`);
  await stopAll(children);
  return end === undefined ? 0 : 1;
}

const plan = readPlan();
if (plan) process.exit(await run(plan));
