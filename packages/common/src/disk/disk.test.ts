import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DiskCrash, FakeDisk } from "../testing/fake-disk.ts";
import { forEachSeed } from "../testing/random.ts";
import { errorCode, type Disk } from "./disk.ts";
import { makeFolders, removeTree } from "./folders.ts";
import { NodeDisk } from "./node-disk.ts";

const folder = mkdtempSync(join(tmpdir(), "tideline-disk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function codeOf(action: () => unknown): string | null {
  try {
    action();
  } catch (error) {
    return errorCode(error);
  }
  return "none";
}

describe.for<{ name: string; disk: Disk; root: string }>([
  { name: "NodeDisk", disk: new NodeDisk(), root: folder },
  { name: "FakeDisk", disk: new FakeDisk(), root: "/data" },
])("$name", ({ name, disk, root }) => {
  if (name === "FakeDisk") makeFolders(disk, root);

  test("what is appended is read back, also through another handle", () => {
    const path = join(root, "append");
    const file = disk.open(path, "create");
    expect(file.append(Buffer.from("hello "))).toBe(6);
    expect(file.append(Buffer.from("world"))).toBe(5);
    const target = new Uint8Array(8);
    expect(file.read(target, 6)).toBe(5);
    expect(Buffer.from(target.subarray(0, 5)).toString()).toBe("world");
    file.truncate(5);
    file.append(Buffer.from("!"));
    expect(file.size()).toBe(6);
    file.close();
    expect(disk.sizeOf(path)).toBe(6);
    const again = disk.open(path, "append");
    again.append(Buffer.from("?"));
    expect(again.read(target, 0)).toBe(7);
    expect(Buffer.from(target.subarray(0, 7)).toString()).toBe("hello!?");
    again.close();
  });

  test("syncs settle", async () => {
    const file = disk.open(join(root, "synced"), "create");
    file.append(Buffer.from("x"));
    file.sync();
    await file.syncAsync();
    disk.syncFolder(root);
    await disk.syncFolderAsync(root);
    file.close();
    expect(disk.freeSize(root)).toBeGreaterThan(0);
  });

  test("names come, move, are shared and go", () => {
    const inner = join(root, "names", "deep");
    makeFolders(disk, inner);
    makeFolders(disk, inner);
    disk.open(join(inner, "a"), "create").close();
    disk.open(join(inner, "b"), "create").close();
    disk.link(join(inner, "a"), join(inner, "c"));
    disk.rename(join(inner, "a"), join(inner, "b"));
    expect(disk.list(inner)).toEqual(["b", "c"]);
    expect(disk.kindOf(join(inner, "b"))).toBe("file");
    expect(disk.kindOf(inner)).toBe("folder");
    expect(disk.kindOf(join(inner, "a"))).toBeNull();
    removeTree(disk, join(root, "names"));
    removeTree(disk, join(root, "names"));
    expect(disk.kindOf(join(root, "names"))).toBeNull();
  });

  test("an open file survives the loss of its name", () => {
    const path = join(root, "unlinked");
    const file = disk.open(path, "create");
    file.append(Buffer.from("still here"));
    disk.unlink(path);
    expect(file.read(new Uint8Array(10), 0)).toBe(10);
    file.close();
  });

  test("errors carry errno names", () => {
    const path = join(root, "errors");
    makeFolders(disk, join(path, "inner"));
    disk.open(join(path, "file"), "create").close();
    expect(codeOf(() => disk.open(join(path, "none"), "read"))).toBe("ENOENT");
    expect(codeOf(() => disk.open(join(path, "none"), "append"))).toBe("ENOENT");
    expect(codeOf(() => disk.open(join(path, "file"), "create"))).toBe("EEXIST");
    expect(codeOf(() => disk.mkdir(path))).toBe("EEXIST");
    expect(codeOf(() => disk.rmdir(path))).toBe("ENOTEMPTY");
    expect(codeOf(() => disk.unlink(join(path, "none")))).toBe("ENOENT");
    expect(codeOf(() => disk.list(join(path, "none")))).toBe("ENOENT");
    expect(codeOf(() => disk.link(join(path, "file"), join(path, "inner")))).toBe("EEXIST");
    const file = disk.open(join(path, "file"), "read");
    expect(codeOf(() => file.append(Buffer.from("x")))).toBe("EBADF");
    file.close();
  });
});

test("a folder that a run left when it died survives a power cut once the next one has made it", () => {
  const disk = new FakeDisk();
  disk.crashAt(1);
  expect(() => makeFolders(disk, "/data/lane")).toThrow(DiskCrash);
  disk.restart();
  makeFolders(disk, "/data/lane");
  forEachSeed(20, (random) => {
    expect(disk.afterPowerCut(random).kindOf("/data/lane")).toBe("folder");
  });
});
