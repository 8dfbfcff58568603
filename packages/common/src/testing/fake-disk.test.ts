import { expect, test } from "vitest";
import { DiskCrash, FakeDisk } from "./fake-disk.ts";
import { forEachSeed } from "./random.ts";

const text = (disk: FakeDisk, path: string): string => Buffer.from(disk.readFile(path)).toString();

test("a power cut keeps what was synced, and of the rest at most what was written", () => {
  const disk = new FakeDisk();
  const file = disk.open("/log", "create");
  file.append(Buffer.from("synced|"));
  file.sync();
  disk.syncFolder("/");
  file.append(Buffer.from("not yet"));
  const seen = new Set<number>();
  forEachSeed(100, (random) => {
    const left = disk.afterPowerCut(random);
    expect(text(left, "/log").slice(0, 7)).toBe("synced|");
    seen.add(left.sizeOf("/log"));
  });
  expect(seen.size).toBeGreaterThan(1);
  expect(text(disk, "/log")).toBe("synced|not yet");
});

test("a power cut may lose names whose folder was not synced, each rename as a whole", () => {
  const disk = new FakeDisk();
  const file = disk.open("/a", "create");
  file.append(Buffer.from("content"));
  file.sync();
  disk.syncFolder("/");
  disk.rename("/a", "/b");
  const seen = new Set<string>();
  forEachSeed(50, (random) => seen.add(disk.afterPowerCut(random).list("/").join()));
  expect([...seen].toSorted()).toEqual(["a", "b"]);
  disk.syncFolder("/");
  forEachSeed(50, (random) => {
    expect(disk.afterPowerCut(random).list("/")).toEqual(["b"]);
  });
});

test("after a failed sync its writes never last, even when a later sync succeeds", () => {
  const disk = new FakeDisk();
  const file = disk.open("/a", "create");
  disk.syncFolder("/");
  file.append(Buffer.from("lost"));
  disk.inject({ operation: "sync", code: "EIO" });
  expect(() => file.sync()).toThrow("EIO");
  file.append(Buffer.from("kept"));
  file.sync();
  forEachSeed(20, (random) => {
    expect(text(disk.afterPowerCut(random), "/a")).toBe("\0\0\0\0kept");
  });
});

test("a planned crash stops every operation until the restart, and what was written stays", () => {
  const disk = new FakeDisk();
  const file = disk.open("/a", "create");
  disk.crashAt(1, 2);
  file.append(Buffer.from("first "));
  expect(() => file.append(Buffer.from("second"))).toThrow(DiskCrash);
  expect(() => disk.list("/")).toThrow(DiskCrash);
  disk.restart();
  expect(() => file.append(Buffer.from("third"))).toThrow("EBADF");
  expect(text(disk, "/a")).toBe("first se");
});

test("an injected short write says so by its count alone", () => {
  const disk = new FakeDisk();
  const file = disk.open("/a", "create");
  disk.inject({ operation: "append", path: "/a", writtenSize: 2 });
  expect(file.append(Buffer.from("abc"))).toBe(2);
  expect(file.append(Buffer.from("!"))).toBe(1);
  expect(text(disk, "/a")).toBe("ab!");
});

test("an injected error strikes once, where it was told to", () => {
  const disk = new FakeDisk();
  const file = disk.open("/a", "create");
  disk.inject({ operation: "append", path: "/b", code: "EIO" });
  disk.inject({ operation: "append", path: "/a", code: "EDQUOT", skip: 1 });
  expect(file.append(Buffer.from("a"))).toBe(1);
  expect(() => file.append(Buffer.from("b"))).toThrow("EDQUOT");
  expect(file.append(Buffer.from("c"))).toBe(1);
  expect(text(disk, "/a")).toBe("ac");
});

test("a full disk takes what fits, then refuses", () => {
  const disk = new FakeDisk({ capacitySize: 5 });
  const file = disk.open("/a", "create");
  expect(file.append(Buffer.from("abcdefg"))).toBe(5);
  expect(disk.freeSize("/")).toBe(0);
  expect(() => file.append(Buffer.from("h"))).toThrow("ENOSPC");
  file.truncate(1);
  expect(file.append(Buffer.from("h"))).toBe(1);
});
