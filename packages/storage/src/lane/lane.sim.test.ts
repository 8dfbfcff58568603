/**
 * A lane under seeded random use, crashes, power cuts and disk faults, against a model of plain maps. What
 * was acknowledged must be found, bit for bit; what is found must have been written.
 */
import { forEachSeed, DiskCrash, seededRandom, type Random } from "@tideline/common/testing";
import { OverloadError, type Matcher } from "@tideline/model";
import { expect, test } from "vitest";
import {
  addRow,
  everything,
  keyText,
  LaneRig,
  randomRows,
  readSamples,
  winner,
  type Row,
  type Samples,
} from "./lane-fixtures.ts";

/** What must be found, and what may be. */
interface Model {
  readonly acknowledged: Samples;
  readonly uncertain: readonly Row[];
}

function copyOf({ acknowledged, uncertain }: Model): Model {
  const samples = [...acknowledged].map(([key, series]) => [key, new Map(series)] as const);
  return { acknowledged: new Map(samples), uncertain: [...uncertain] };
}

class Simulation {
  readonly random: Random;
  readonly rig: LaneRig;
  readonly acknowledged: Samples = new Map();
  /** Rows whose write failed: they may be there, or come back after a crash. */
  readonly uncertain: Row[] = [];
  readonly seriesCount: number;
  /** The newest snapshot, while it is there, and what it is of. */
  newestSnapshot: { readonly name: string; readonly model: Model } | null = null;
  overloadCount = 0;
  /** What was found that must not be, or not found that must. */
  readonly wrong: string[] = [];

  constructor(random: Random, rig: LaneRig) {
    this.random = random;
    this.rig = rig;
    this.seriesCount = 1 + random.below(40);
  }

  static async start(seed: number): Promise<Simulation> {
    const random = seededRandom(seed);
    const rig = await LaneRig.start({
      walSync: random.chance(0.5) ? "always" : "interval",
      flushWalSize: random.pick([2 ** 30, 20_000]),
      // Days go by between merges; nothing of it is to be dropped.
      retentionMs: 100_000 * 24 * 3_600_000,
    });
    return new Simulation(random, rig);
  }

  async step(): Promise<void> {
    const { random, rig } = this;
    const dice = random.below(100);
    rig.clock.advance(random.below(3) * 100);
    if (dice < 55) await this.write();
    else if (dice < 65) await this.attempt(() => rig.lane.flush());
    else if (dice < 75) await this.tick();
    else if (dice < 77) rig.connect();
    else if (dice < 81) await this.delete();
    else if (dice < 85) await this.merge();
    else if (dice < 87) await this.snapshot();
    else if (dice < 91) await this.crash();
    else if (dice < 94) this.injectFault();
    else await this.check();
  }

  async write(): Promise<void> {
    const { random, rig } = this;
    const rows = randomRows(random, rig.clock.nowMs(), this.seriesCount);
    const isKept = await this.attempt(() => rig.write(rows));
    if (isKept) for (const row of rows) addRow(this.acknowledged, row);
    else this.uncertain.push(...rows);
  }

  /** A delete takes what was written before; where it fails, it may have. */
  async delete(): Promise<void> {
    const { random, rig } = this;
    const request = randomDelete(random, rig.clock.nowMs(), this.seriesCount);
    const isDone = await this.attempt(() => rig.delete(request));
    const isDeleted = (key: string, ms: number): boolean =>
      request.matches(key) && ms >= request.startMs && ms <= request.endMs;
    for (const [key, series] of this.acknowledged) {
      for (const [ms, bits] of series) {
        if (!isDeleted(key, ms)) continue;
        series.delete(ms);
        if (!isDone) this.uncertain.push({ key: Buffer.from(key, "latin1"), ms, bits });
      }
    }
    if (!isDone) return;
    const rest = this.uncertain.filter(({ key, ms }) => !isDeleted(keyText(key), ms));
    this.uncertain.splice(0, this.uncertain.length, ...rest);
  }

  /** What a snapshot is of is found in a copy of it; one that failed has left nothing. */
  async snapshot(): Promise<void> {
    const { rig } = this;
    let name = "";
    const isDone = await this.attempt(async () => {
      name = await rig.snapshots.create();
    });
    if (!isDone) return;
    this.newestSnapshot = { name, model: copyOf(this) };
    await this.checkNewestSnapshot();
    if (this.random.chance(0.5)) return;
    this.newestSnapshot = null;
    await this.attempt(async () => {
      rig.snapshots.delete(name);
      await Promise.resolve();
    });
  }

  /** By hand, or because days go by. */
  async merge(): Promise<void> {
    if (this.random.chance(0.7)) {
      await this.attempt(() => this.rig.lane.forceMerge(""));
    } else {
      this.rig.clock.advance(this.random.pick([1, 2, 16]) * 24 * 3_600_000);
      await this.tick();
    }
  }

  async tick(): Promise<void> {
    this.rig.clock.advance(this.random.pick([1000, 11_000, 3_600_000]));
    await this.attempt(() => this.rig.lane.tick());
  }

  injectFault(): void {
    const { random, rig } = this;
    rig.disk.inject({
      operation: random.pick(["append", "sync", "create", "rename", "syncFolder", "unlink"]),
      ...(random.chance(0.7) ? { code: random.pick(["ENOSPC", "EIO"]) } : {}),
      writtenSize: random.below(300),
      skip: random.below(3),
    });
  }

  /** The process dies, now or in the middle of something; or the power goes. */
  async crash(): Promise<void> {
    const { random, rig } = this;
    if (random.chance(0.6)) {
      rig.disk.crashAt(random.below(15), random.below(200));
      const what = random.below(5);
      if (what === 0) await this.write();
      else if (what === 1) await this.delete();
      else if (what === 2) await this.snapshot();
      else if (what === 3) await this.attempt(() => rig.lane.forceMerge(""));
      else await this.attempt(() => rig.lane.flush());
    }
    if (rig.options.walSync === "always" && random.chance(0.5)) rig.cutPower(random);
    else rig.kill();
    // The start may crash, too.
    if (random.chance(0.2)) {
      rig.disk.crashAt(random.below(10), random.below(200));
      await this.attempt(() => rig.open());
      rig.kill();
    }
    await rig.open();
    this.checkSnapshots();
    await this.checkNewestSnapshot();
    await this.check();
  }

  async checkNewestSnapshot(): Promise<void> {
    if (!this.newestSnapshot) return;
    const { name, model } = this.newestSnapshot;
    await this.check((await this.rig.restore(name)).lane, model);
  }

  /** What a crash has left of making and deleting one is gone after the start. */
  checkSnapshots(): void {
    const { disk, snapshots } = this.rig;
    const folder = "/data/snapshots";
    const names = disk.kindOf(folder) === null ? [] : disk.list(folder);
    if (names.length !== snapshots.list().length) this.wrong.push(`snapshots ${names.join(", ")}`);
  }

  /** @returns false when the disk was at fault; then nothing is known about what was attempted */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      if (error instanceof OverloadError) this.overloadCount += 1;
      else if (!(error instanceof DiskCrash)) throw error;
      return false;
    }
  }

  /** Notes what is not as it must be. */
  async check(lane = this.rig.lane, model: Model = this): Promise<void> {
    const { samples, missing } = await readSamples(lane, everything());
    for (const { where, reason } of missing) this.wrong.push(`missing ${where}: ${reason}`);
    const uncertain = new Map<string, bigint[]>();
    for (const { key, ms, bits } of model.uncertain) {
      const place = `${keyText(key)} ${ms}`;
      uncertain.set(place, [...(uncertain.get(place) ?? []), bits]);
    }
    for (const [key, series] of model.acknowledged) {
      for (const [ms, bits] of series) {
        const found = samples.get(key)?.get(ms);
        const others = uncertain.get(`${key} ${ms}`) ?? [];
        const mayBe = [bits, ...others.map((other) => winner(bits, other))];
        if (found === undefined || !mayBe.includes(found))
          this.wrong.push(`${key} ${ms}: ${found} instead of ${bits}`);
      }
    }
    for (const [key, series] of samples) {
      for (const [ms, bits] of series) {
        if (model.acknowledged.get(key)?.has(ms)) continue;
        if (!uncertain.get(`${key} ${ms}`)?.includes(bits))
          this.wrong.push(`${key} ${ms}: ${bits} was never written`);
      }
    }
  }
}

/** Some series or all of them, at some times or at all. */
function randomDelete(random: Random, nowMs: number, seriesCount: number) {
  const [value, matches] = random.pick<[Matcher | null, (key: string) => boolean]>([
    [null, () => true],
    [{ name: "job", operator: "=", value: "odd" }, (key) => key.includes("odd")],
    ...Array.from({ length: 4 }, (): [Matcher, (key: string) => boolean] => {
      const name = `host-${random.below(seriesCount)}`;
      return [
        { name: "instance", operator: "=", value: name },
        (key) => new RegExp(`${name}\\D`).test(key),
      ];
    }),
  ]);
  const { startMs, endMs } = everything();
  const fromMs = nowMs - random.below(20_000);
  const range = random.chance(0.5)
    ? { startMs, endMs }
    : { startMs: fromMs, endMs: fromMs + random.below(10_000) };
  return { ...range, filters: value ? [[value]] : [[]], matches };
}

/** @returns what went wrong */
async function simulate(seed: number, stepCount: number): Promise<unknown[]> {
  const simulation = await Simulation.start(seed);
  for (let step = 0; step < stepCount && simulation.wrong.length === 0; step += 1) {
    await simulation.step();
  }
  await simulation.check();
  const faults = simulation.rig.faults.filter((fault) => !(fault instanceof DiskCrash));
  return [...simulation.wrong.slice(0, 10), ...faults];
}

test("what was acknowledged is found, whatever happens in between", async () => {
  const seeds: number[] = [];
  forEachSeed(Number(process.env["TIDELINE_SEEDS"] ?? 60), (_, seed) => seeds.push(seed));
  for (const seed of seeds) {
    expect({ seed, wrong: await simulate(seed, 60) }).toEqual({ seed, wrong: [] });
  }
}, 600_000);
