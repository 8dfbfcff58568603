import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("./sample-program.ts", import.meta.url));

interface Running {
  readonly process: ChildProcess;
  /** All that was written to stderr (or stdout) so far. */
  readonly output: () => string;
  readonly exit: Promise<number | null>;
  /** Settles with the first match in the output; rejects when the program ends without it. */
  find(pattern: RegExp): Promise<RegExpExecArray>;
}

let running: Running[] = [];
afterEach(async () => {
  for (const program of running) program.process.kill("SIGKILL");
  await Promise.all(running.map((program) => program.exit));
  running = [];
});

function run(flags: readonly string[], environment: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [PROGRAM, ...flags], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  child.stderr.on("data", (chunk) => (text += String(chunk)));
  const exit = once(child, "close").then(([code]) => code as number | null);
  const program: Running = {
    process: child,
    output: () => text,
    exit,
    async find(pattern) {
      for (;;) {
        const match = pattern.exec(text);
        if (match) return match;
        const isOver = await Promise.race([
          exit.then(() => true),
          once(child.stderr, "data").then(() => false),
        ]);
        if (isOver && !pattern.test(text)) throw new Error(`no ${pattern} in: ${text}`);
      }
    },
  };
  running.push(program);
  return program;
}

async function started(flags: readonly string[] = []): Promise<Running & { url: string }> {
  const program = run(flags);
  const [, url] = await program.find(/\tstarted server at (http:\/\/127\.0\.0\.1:\d+)\/$/m);
  return { ...program, url: url ?? "" };
}

describe("the command line", () => {
  test("-version says program and version, and ends", async () => {
    const program = run(["-version"]);
    expect(await program.exit).toBe(0);
    expect(program.output()).toMatch(/^vmsample-tideline-\d+\.\d+\.\d+\n$/);
  });

  test("-help lists all flags, and ends", async () => {
    const program = run(["--help"]);
    expect(await program.exit).toBe(0);
    expect(program.output()).toMatch(/^vmsample: a sample\n/);
    expect(program.output()).toContain("-memory.allowedPercent float");
  });

  test("an unknown flag ends with 2 and names the nearest", async () => {
    const program = run(["-httpListenAdr=:1"]);
    expect(await program.exit).toBe(2);
    expect(program.output()).toBe(
      "vmsample: Unknown flag -httpListenAdr; the nearest known one is -httpListenAddr. -help lists all of them\n",
    );
  });
});

describe("a running program", () => {
  test("answers on the paths that every program has", async () => {
    const { url } = await started(["-httpAuth.password=sesame", "-httpAuth.username=ada"]);
    const ask = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(url + path, {
        headers: { authorization: `Basic ${btoa("ada:sesame")}` },
      });
      return [answer.status, await answer.text()];
    };
    expect(await ask("/health")).toEqual([200, "OK"]);
    expect(await ask("/-/healthy")).toEqual([200, "VictoriaMetrics is Healthy.\n"]);
    expect(await ask("/-/ready")).toEqual([200, "VictoriaMetrics is Ready.\n"]);
    expect(await ask("/ping")).toEqual([204, ""]);
    expect((await ask("/ping?verbose=true"))[0]).toBe(200);
    expect((await ask("/"))[1]).toMatch(/^vmsample: a sample\n\n[^]*\/fail\n/);
    const [, flags] = await ask("/flags");
    expect(flags).toContain('-httpAuth.password="secret"\n');
    expect(flags).not.toContain("sesame");
    const [, metrics] = await ask("/metrics");
    expect(metrics).toMatch(/^vm_app_version\{version="vmsample-tideline-/m);
    expect(metrics).toMatch(/^process_cpu_seconds_total \d/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes [1-9]\d+/m);
    expect(metrics).toMatch(/^vm_sample_total 7$/m);
    expect(metrics).toMatch(/^vm_log_messages_total\{level="info"\} \d/m);
    expect(metrics).toContain('flag{name="httpAuth.password",value="secret",is_set="true"} 1');
    expect((await fetch(`${url}/flags`)).status).toBe(401);
  });

  test("every metric has its HELP and TYPE", async () => {
    const { url } = await started();
    const lines = (await (await fetch(`${url}/metrics`)).text()).split("\n");
    const names = new Set(
      lines
        .filter((line) => /^[a-z]/.test(line))
        .map((line) => line.replace(/[{ ].*/, "").replace(/_(sum|count)$/, "")),
    );
    for (const name of names) {
      expect(lines.filter((line) => line.startsWith(`# HELP ${name} `))).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith(`# TYPE ${name} `))).toHaveLength(1);
    }
    expect(names.size).toBeGreaterThan(10);
  });

  test("says why it is not ready", async () => {
    const { url } = await started(["-ready=false"]);
    const answer = await fetch(`${url}/-/ready`);
    expect([answer.status, await answer.text()]).toEqual([503, "Not ready: no node answers\n"]);
  });

  test("stops its parts in reverse order on SIGTERM, with code 0", async () => {
    const program = await started();
    program.process.kill("SIGTERM");
    expect(await program.exit).toBe(0);
    expect(program.output()).toMatch(
      /stopping signal=SIGTERM\n[^]*stopped second\n[^]*stopped first\n[^]*stopped vmsample\n$/,
    );
  });

  test("is unhealthy before it stops, with -http.shutdownDelay", async () => {
    const program = await started(["-http.shutdownDelay=1h"]);
    program.process.kill("SIGINT");
    await program.find(/stopping signal=SIGINT/);
    expect((await fetch(`${program.url}/health`)).status).toBe(503);
    program.process.kill("SIGINT");
    expect(await program.exit).toBe(1);
    expect(program.output()).toContain("stopping at once");
  });

  test("ends at once on a second signal when a part hangs", async () => {
    const program = await started(["-fault=hang"]);
    program.process.kill("SIGTERM");
    await program.find(/stopped second/);
    program.process.kill("SIGTERM");
    expect(await program.exit).toBe(1);
  });

  test("stops the other parts when one cannot, and says so by its code", async () => {
    const program = await started(["-fault=stop"]);
    program.process.kill("SIGTERM");
    expect(await program.exit).toBe(1);
    expect(program.output()).toMatch(/cannot stop a part [^]*stopped first/);
  });
});

describe("failures end the program with code 1 and a last line", () => {
  test("one at start", async () => {
    const program = run(["-fault=start", "-loggerFormat=json"]);
    expect(await program.exit).toBe(1);
    const last = program.output().trim().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toMatchObject({ level: "fatal", msg: "vmsample ends" });
    expect(last).toContain("cannot open the storage");
  });

  test("a taken port, which it names", async () => {
    const { url } = await started();
    const address = new URL(url).host;
    const program = run([`-httpListenAddr=${address}`]);
    expect(await program.exit).toBe(1);
    expect(program.output()).toContain(`cannot listen on ${address}: already in use (EADDRINUSE)`);
  });

  test.for([
    { name: "one that a part tells of", fault: "later", path: "/fail", text: "lane 0 is gone" },
    { name: "a forgotten promise", fault: "rejection", path: "/fail", text: "forgotten" },
    { name: "a bug", fault: "none", path: "/bug", text: "expected that a value is there" },
  ])("$name", async ({ fault, path, text }) => {
    const program = await started([`-fault=${fault}`]);
    await fetch(program.url + path).then((answer) => answer.text());
    expect(await program.exit).toBe(1);
    expect(program.output()).toMatch(new RegExp(`\tfatal\tvmsample\tvmsample ends [^\n]*${text}`));
  });
});
