import { readFileSync } from "node:fs";
import type { Disk } from "@tideline/common";
import { FakeDisk } from "@tideline/common/testing";
import { InputError } from "@tideline/model";
import { expect, test } from "vitest";
import { lockDataFolder } from "./process-lock.ts";

const PATH = "/data/lock";
const DEAD = JSON.stringify({ pid: 2 ** 22 + 5, startTicks: "1" });

/** A lock as our parent process, which lives, would write it. */
function livingLock(): string {
  const stat = readFileSync(`/proc/${process.ppid}/stat`, "latin1");
  const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return JSON.stringify({ pid: process.ppid, startTicks });
}

function diskWithLock(text: string): FakeDisk {
  const disk = new FakeDisk();
  disk.mkdir("/data");
  disk.writeFile(PATH, Buffer.from(text));
  return disk;
}

/** The disk, on which another process takes the dead lock over when this one has just read it. */
function takenOverMeanwhile(disk: FakeDisk): Disk {
  let isTaken = false;
  return new Proxy<Disk>(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const isRemoval = (name === "unlink" || name === "rename") && args[0] === PATH;
        if (isRemoval && !isTaken) {
          isTaken = true;
          disk.writeFile(PATH, Buffer.from(livingLock()));
        }
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

test("of two processes that find a dead lock, one gets the folder", () => {
  const disk = diskWithLock(DEAD);
  expect(() => lockDataFolder(takenOverMeanwhile(disk), "/data")).toThrow(InputError);
  expect(Buffer.from(disk.readFile(PATH)).toString()).toBe(livingLock());
  expect(disk.list("/data")).toEqual(["lock"]);
});

test.for([
  { what: "a dead lock", text: DEAD },
  { what: "an empty lock", text: "" },
])("$what is taken over, and nothing but the lock is left", ({ text }) => {
  const disk = diskWithLock(text);
  const unlock = lockDataFolder(disk, "/data");
  expect(disk.list("/data")).toEqual(["lock"]);
  expect(Buffer.from(disk.readFile(PATH)).toString()).toContain(`"pid":${process.pid},`);
  unlock();
  expect(disk.list("/data")).toEqual([]);
});

test("a disk without room for the lock says so", () => {
  const disk = diskWithLock(DEAD);
  disk.inject({ operation: "append" });
  expect(() => lockDataFolder(disk, "/data")).toThrow(/Cannot write \/data\/lock/);
  expect(disk.list("/data")).toEqual([]);
});

test("a disk that is full but for the dead lock has room for the next one", () => {
  const disk = new FakeDisk({ capacitySize: DEAD.length + 10 });
  disk.mkdir("/data");
  disk.writeFile(PATH, Buffer.from(DEAD.padEnd(DEAD.length + 10)));
  const unlock = lockDataFolder(disk, "/data");
  expect(disk.list("/data")).toEqual(["lock"]);
  unlock();
});

test("a file system without links has locks, too", () => {
  const disk = new FakeDisk();
  disk.mkdir("/data");
  disk.inject({ operation: "link", code: "EPERM" });
  const unlock = lockDataFolder(disk, "/data");
  expect(disk.list("/data")).toEqual(["lock"]);
  expect(() => lockDataFolder(disk, "/data")).toThrow(InputError);
  unlock();
});
