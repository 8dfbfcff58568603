/**
 * A ring of messages between two threads: one writes, one reads, nothing is posted or cloned.
 *
 * A message is a byte string that lies whole in shared memory, 8-byte aligned, so that its reader works on
 * a view. The ring is bounded: a full one tells its writer to wait, which is how backpressure travels.
 * Waiting is `Atomics.waitAsync`: it wakes an idle event loop, but does not keep a thread alive; a
 * worker that lives by its ring holds another ref'd handle (its parentPort).
 */
import { assert } from "./assert.ts";

/** Header words (Int32), each on a cache line of its own. */
const HEAD = 0;
const TAIL = 16;
const DATA_EVENT = 32;
const SPACE_EVENT = 48;
const CLOSED = 64;
const HEADER_SIZE = 384;

/** Before each message: its size (u32) and 4 bytes to keep it aligned. */
const PREFIX_SIZE = 8;
/** Instead of a size: the rest of the ring is unused, the next message starts at its beginning. */
const SKIP = 0xffff_ffff;

/** An empty ring that was filled up to here is written from its start again: what is never reached takes no memory. */
const REWIND_SIZE = 1024 * 1024;

/** Memory of a ring that holds `capacitySize` bytes: a power of two, 1 KiB to 1 GiB. */
export function ringMemory(capacitySize: number): SharedArrayBuffer {
  assert(
    capacitySize >= 1024 && capacitySize <= 2 ** 30 && (capacitySize & (capacitySize - 1)) === 0,
    "the capacity of a ring is a power of two, 1 KiB to 1 GiB",
  );
  return new SharedArrayBuffer(HEADER_SIZE + capacitySize);
}

/** Both ends count bytes modulo 2^32; the capacity divides that, so a count is also a place. */
class RingEnd {
  protected readonly words: Int32Array;
  protected readonly sizes: Uint32Array;
  protected readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly capacitySize: number;
  /** The largest message: two of them always find room, wherever the ring wraps. */
  readonly messageSizeMax: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, HEADER_SIZE / 4);
    this.bytes = new Uint8Array(memory, HEADER_SIZE);
    this.sizes = new Uint32Array(memory, HEADER_SIZE);
    this.capacitySize = this.bytes.length;
    this.messageSizeMax = this.capacitySize / 2 - PREFIX_SIZE;
  }

  /** Whether one of the ends has closed the ring. What was written before can still be read. */
  get closed(): boolean {
    return Atomics.load(this.words, CLOSED) !== 0;
  }

  /** Bytes in use, prefixes and skipped ones included. */
  get usedSize(): number {
    return (Atomics.load(this.words, HEAD) - Atomics.load(this.words, TAIL)) >>> 0;
  }

  /** Wakes both ends for good: no more writes, and `readable` ends once all is read. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
    this.announce(DATA_EVENT);
    this.announce(SPACE_EVENT);
  }

  protected announce(event: number): void {
    Atomics.add(this.words, event, 1);
    Atomics.notify(this.words, event);
  }

  /** Waits until `ready` holds; it is asked again after each event. */
  protected async waitFor(event: number, ready: () => boolean): Promise<void> {
    for (;;) {
      const seen = Atomics.load(this.words, event);
      if (ready()) return;
      const wait = Atomics.waitAsync(this.words, event, seen);
      if (wait.async) await wait.value;
    }
  }
}

export class RingWriter extends RingEnd {
  #isCorked = false;

  /**
   * Runs `write`, which must not wait, and wakes the reader once for all that it wrote: waking a thread costs some
   * 50 µs, writing a message well under 1 µs.
   */
  together(write: () => void): void {
    this.#isCorked = true;
    try {
      write();
    } finally {
      this.#isCorked = false;
      this.announce(DATA_EVENT);
    }
  }

  /**
   * Copies one message, given in parts, into the ring.
   *
   * @returns false when there is no room now: see `writable`
   * @throws {BugError} when the message is larger than `messageSizeMax`, or the ring is closed
   */
  tryWrite(...parts: readonly Uint8Array[]): boolean {
    if (!this.#put(parts)) return false;
    if (!this.#isCorked) this.announce(DATA_EVENT);
    return true;
  }

  #put(parts: readonly Uint8Array[]): boolean {
    let size = 0;
    for (const part of parts) size += part.length;
    assert(!this.closed, "nothing is written into a closed ring");
    if (!this.#fits(size)) return false;
    let at = this.#place(size);
    this.sizes[at >>> 2] = size;
    at += PREFIX_SIZE;
    for (const part of parts) {
      this.bytes.set(part, at);
      at += part.length;
    }
    Atomics.add(this.words, HEAD, align(PREFIX_SIZE + size));
    return true;
  }

  /** Resolves with true once a message of `size` bytes fits, with false when the ring is closed. */
  async writable(size: number): Promise<boolean> {
    await this.waitFor(SPACE_EVENT, () => this.closed || this.#fits(size));
    return !this.closed;
  }

  /** Writes as soon as there is room. @returns false when the ring was closed before */
  async write(...parts: readonly Uint8Array[]): Promise<boolean> {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    for (;;) {
      if (this.closed) return false;
      if (this.tryWrite(...parts)) return true;
      if (!(await this.writable(size))) return false;
    }
  }

  #fits(size: number): boolean {
    assert(size <= this.messageSizeMax, `a message has at most ${this.messageSizeMax} bytes`);
    const head = Atomics.load(this.words, HEAD) >>> 0;
    const rest = this.capacitySize - (head & (this.capacitySize - 1));
    const needed = align(PREFIX_SIZE + size);
    const skipped = rest < needed ? rest : 0;
    return this.usedSize + skipped + needed <= this.capacitySize;
  }

  /** Where the next message starts, after a mark for the reader if the ring wraps before it. */
  #place(size: number): number {
    const at = (Atomics.load(this.words, HEAD) >>> 0) & (this.capacitySize - 1);
    const rest = this.capacitySize - at;
    const needed = align(PREFIX_SIZE + size);
    const rewinds = at >= REWIND_SIZE && at >= needed && this.usedSize === 0;
    if (rest >= needed && !rewinds) return at;
    this.sizes[at >>> 2] = SKIP;
    Atomics.add(this.words, HEAD, rest);
    return 0;
  }
}

export class RingReader extends RingEnd {
  /** Up to here messages are handed out; TAIL is up to where they were given back. */
  #next: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#next = Atomics.load(this.words, TAIL) >>> 0;
  }

  /** The next message, or null when there is none now. A view, borrowed until `release`. */
  read(): Uint8Array<SharedArrayBuffer> | null {
    for (;;) {
      const head = Atomics.load(this.words, HEAD) >>> 0;
      if (this.#next === head) return null;
      const at = this.#next & (this.capacitySize - 1);
      const size = this.sizes[at >>> 2] as number;
      if (size === SKIP) {
        this.#next = (this.#next + this.capacitySize - at) >>> 0;
        continue;
      }
      this.#next = (this.#next + align(PREFIX_SIZE + size)) >>> 0;
      return this.bytes.subarray(at + PREFIX_SIZE, at + PREFIX_SIZE + size);
    }
  }

  /** Gives back the memory of all messages read so far: their views are void. */
  release(): void {
    if (Atomics.load(this.words, TAIL) >>> 0 === this.#next) return;
    Atomics.store(this.words, TAIL, this.#next | 0);
    this.announce(SPACE_EVENT);
  }

  /** Resolves with true once there is a message to read, with false when all is read and the ring closed. */
  async readable(): Promise<boolean> {
    await this.waitFor(DATA_EVENT, () => this.#hasMessage() || this.closed);
    return this.#hasMessage();
  }

  /** A lone skip mark is no message: the one behind it may not be there yet. */
  #hasMessage(): boolean {
    const head = Atomics.load(this.words, HEAD) >>> 0;
    if (this.#next === head) return false;
    const at = this.#next & (this.capacitySize - 1);
    if (this.sizes[at >>> 2] !== SKIP) return true;
    return (this.#next + this.capacitySize - at) >>> 0 !== head;
  }
}

function align(size: number): number {
  return (size + 7) & ~7;
}
