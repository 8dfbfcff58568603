import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { ringMemory, RingReader, RingWriter } from "./ring.ts";
import { forEachSeed } from "./testing/random.ts";

function expectMessage(view: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.compare(view, expected)).toBe(0);
  expect(view.byteOffset % 8).toBe(0);
}

test("messages come out as they went in, in order, over many wraps", () => {
  forEachSeed(50, (random) => {
    const memory = ringMemory(1024);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const sent: Uint8Array[] = [];
    let receivedCount = 0;
    for (let step = 0; step < 2_000; step += 1) {
      if (random.chance(0.5)) {
        const message = random.bytes(
          random.below(random.chance(0.1) ? writer.messageSizeMax + 1 : 60),
        );
        const cut = random.below(message.length + 1);
        if (writer.tryWrite(message.subarray(0, cut), message.subarray(cut))) sent.push(message);
      } else {
        for (let view = reader.read(); view; view = random.chance(0.7) ? reader.read() : null) {
          expectMessage(view, sent[receivedCount] as Uint8Array);
          receivedCount += 1;
        }
        if (random.chance(0.8)) reader.release();
      }
    }
    expect(writer.usedSize).toBeLessThanOrEqual(1024);
    while (reader.read()) receivedCount += 1;
    expect(receivedCount).toBe(sent.length);
  });
});

test("a large ring that is read as it fills is written from its start again and again", () => {
  forEachSeed(10, (random) => {
    const memory = ringMemory(4 * 2 ** 20);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const sent: Uint8Array[] = [];
    for (let step = 0; step < 300; step += 1) {
      for (let i = random.below(4); i >= 0; i -= 1) {
        const message = new Uint8Array(random.below(random.chance(0.05) ? 2 ** 20 : 2 ** 17));
        message.fill(step, message.length >> 1);
        if (writer.tryWrite(message)) sent.push(message);
      }
      if (random.chance(0.3)) continue;
      for (let view = reader.read(); view; view = reader.read())
        expectMessage(view, sent.shift() as Uint8Array);
      reader.release();
      expect(sent).toEqual([]);
    }
  });
  // Read as it is written, it never comes far.
  const memory = ringMemory(4 * 2 ** 20);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  for (let i = 0; i < 1000; i += 1) {
    writer.tryWrite(new Uint8Array(50_000).fill(1));
    reader.read();
    reader.release();
  }
  const touched = new Uint8Array(memory).lastIndexOf(1);
  expect(touched).toBeLessThan(2 ** 20 + 51_000);
});

test("two messages of the largest size fit, wherever the ring wraps", () => {
  for (let offset = 0; offset < 512; offset += 8) {
    const memory = ringMemory(1024);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    writer.tryWrite(new Uint8Array(offset));
    reader.read();
    reader.release();
    expect(writer.tryWrite(new Uint8Array(writer.messageSizeMax))).toBe(true);
    reader.read();
    reader.release();
    expect(writer.tryWrite(new Uint8Array(writer.messageSizeMax))).toBe(true);
  }
});

test("a message larger than half the ring is refused", () => {
  const writer = new RingWriter(ringMemory(1024));
  expect(() => writer.tryWrite(new Uint8Array(writer.messageSizeMax + 1))).toThrow("at most");
});

test("positions may pass 2^32", () => {
  const memory = ringMemory(1024);
  new Int32Array(memory)[0] = -1024;
  new Int32Array(memory)[16] = -1024;
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  for (let i = 0; i < 100; i += 1) {
    expect(writer.tryWrite(Uint8Array.of(i, 2, 3))).toBe(true);
    expect(reader.read()?.[0]).toBe(i);
    reader.release();
  }
});

test("a closed ring is read to its end and takes no more", async () => {
  const memory = ringMemory(1024);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  writer.tryWrite(Uint8Array.of(1));
  reader.close();
  expect(await writer.write(Uint8Array.of(2))).toBe(false);
  expect(await reader.readable()).toBe(true);
  expect(reader.read()?.length).toBe(1);
  expect(await reader.readable()).toBe(false);
});

test("closing wakes a writer and a reader that wait", async () => {
  const memory = ringMemory(1024);
  const writer = new RingWriter(memory);
  const waitsForRoom = writer.writable(8);
  const reader = new RingReader(memory);
  const waitsForData = reader.readable();
  expect(await waitsForRoom).toBe(true);
  while (writer.tryWrite(new Uint8Array(100)));
  const stillWaits = writer.writable(400);
  expect(await waitsForData).toBe(true);
  writer.close();
  expect(await stillWaits).toBe(false);
});

test("messages written together wake a waiting reader once they are all there", async () => {
  const memory = ringMemory(1024);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  const isReadable = reader.readable();
  writer.together(() => {
    writer.tryWrite(Uint8Array.of(1));
    writer.tryWrite(Uint8Array.of(2));
  });
  expect(await isReadable).toBe(true);
  expect([reader.read()?.[0], reader.read()?.[0], reader.read()]).toEqual([1, 2, null]);
});

test("two threads wake each other from idleness, both ways", async () => {
  const there = ringMemory(4096);
  const back = ringMemory(4096);
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.url).then(async ({ RingReader, RingWriter }) => {
      const reader = new RingReader(workerData.there);
      const writer = new RingWriter(workerData.back);
      parentPort.on("message", () => {});
      while (await reader.readable()) {
        for (let view = reader.read(); view; view = reader.read()) await writer.write(view);
        reader.release();
      }
      writer.close();
      parentPort.close();
    });`;
  const worker = new Worker(source, {
    eval: true,
    workerData: { url: new URL("./ring.ts", import.meta.url).href, there, back },
  });
  const exited = new Promise((resolve, reject) => {
    worker.once("exit", resolve);
    worker.once("error", reject);
  });
  const writer = new RingWriter(there);
  const reader = new RingReader(back);
  let echoed = 0;
  for (const burst of [1, 1, 1, 50, 1, 300]) {
    const first = echoed;
    const sending = (async () => {
      for (let i = 0; i < burst; i += 1) await writer.write(new Uint8Array(100).fill(first + i));
    })();
    const until = first + burst;
    while (echoed < until && (await reader.readable())) {
      for (let view = reader.read(); view; view = reader.read()) {
        expect(view[99]).toBe(echoed & 0xff);
        echoed += 1;
      }
      reader.release();
    }
    await sending;
  }
  writer.close();
  expect(await reader.readable()).toBe(false);
  expect(await exited).toBe(0);
});
