/** What may happen to disk and process: planned crashes, failing operations, full disks, flipped bits. */
import { join } from "node:path/posix";
import type { DiskOperation, FakeDisk } from "@tideline/common/testing";
import { DATA_PATH } from "../storage-process.ts";
import type { World } from "../world.ts";
import type { StepCard } from "./step.ts";

const FAILING: readonly DiskOperation[] = [
  "append",
  "append",
  "append",
  "sync",
  "sync",
  "create",
  "rename",
  "syncFolder",
  "unlink",
  "truncate",
  "mkdir",
  "rmdir",
];

/** The process will die at one of the next operations of the disk. What comes then finds out (steps/start.ts). */
export const planCrash: StepCard = {
  name: "planCrash",
  weight: ({ mayCrash }) => (mayCrash ? 8 : 0),
  async run(world) {
    planRandomCrash(world, 30);
  },
};

export function planRandomCrash(world: World, operationCountMax: number): void {
  const { random, disk } = world;
  const index = random.below(operationCountMax);
  const tornSize = random.pick([0, random.below(40), random.below(2000)]);
  disk.crashAt(index, tornSize);
  world.tell(`a crash to come at operation ${index}, after ${tornSize} bytes of a write`);
}

/** One of the next operations will fail. */
export const fail: StepCard = {
  name: "fail",
  weight: ({ mayFail }) => (mayFail ? 8 : 0),
  async run(world) {
    failSomething(world);
  },
};

export function failSomething(world: World): void {
  const { random, disk } = world;
  const operation = random.pick(FAILING);
  const isShort = operation === "append" && random.chance(0.4);
  const fault = {
    operation,
    ...(!isShort && { code: random.pick(["ENOSPC", "EIO"]) }),
    writtenSize: random.below(300),
    skip: random.below(4),
  };
  disk.inject(fault);
  world.hasFailed = true;
  if (operation === "syncFolder") world.areFoldersSynced = false;
  world.tell(`a fault to come: ${JSON.stringify(fault)}`);
}

export const fillDisk: StepCard = {
  name: "fillDisk",
  weight: ({ mayFail }) => (mayFail ? 3 : 0),
  async run(world) {
    const { disk, random } = world;
    const restSize = random.pick([0, 50, 500, 3000]);
    disk.capacitySize = sizeOf(disk, "/") + restSize;
    world.hasFailed = true;
    world.tell(`the disk has room for ${restSize} bytes`);
  },
};

/** A bit of a file flips, or a read fails. */
export const damage: StepCard = {
  name: "damage",
  weight: ({ mayDamage }) => (mayDamage ? 8 : 0),
  async run(world) {
    const { disk, random, running } = world;
    world.hasFailed = true;
    if (random.chance(0.2)) {
      disk.inject({ operation: "read", path: ".part", code: "EIO", skip: random.below(6) });
      world.damage = "flipped bits";
      world.tell("a read of a part will fail");
      return;
    }
    const targets = filesIn(disk, DATA_PATH).flatMap((path) => {
      if (path.endsWith(".part") || /deletes\/\d+$/.test(path))
        return [{ path, size: disk.sizeOf(path) }];
      // What lies at the end of a log looks like a write that a crash cut short: nobody can tell.
      if (path.endsWith(".wal")) return [{ path, size: running.disk.writtenFiles.get(path) ?? 0 }];
      return [];
    });
    const target = random.pick(targets.filter(({ size }) => size > 0));
    if (target === undefined) return;
    const bit = random.below(target.size * 8);
    disk.flipBit(target.path, bit);
    world.damage = "flipped bits";
    world.tell(`bit ${bit & 7} of byte ${bit >>> 3} of ${target.path} flips`);
  },
};

function filesIn(disk: FakeDisk, folder: string): string[] {
  if (disk.isCrashed) return [];
  return disk.list(folder).flatMap((name) => {
    const path = join(folder, name);
    return disk.kindOf(path) === "folder" ? filesIn(disk, path) : [path];
  });
}

function sizeOf(disk: FakeDisk, folder: string): number {
  return filesIn(disk, folder).reduce((size, path) => size + disk.sizeOf(path), 0);
}
