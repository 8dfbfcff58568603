/**
 * Messages on their way into a ring, in order. What does not fit waits here; whoever sends large things waits
 * for its message to be in the ring, so that this stays short.
 */
import type { RingWriter } from "@tideline/common";

interface Waiting {
  readonly parts: readonly Uint8Array[];
  readonly settle: (written: boolean) => void;
}

export class Outbox {
  readonly #ring: RingWriter;
  readonly #waiting: Waiting[] = [];
  #draining = false;

  constructor(ring: RingWriter) {
    this.#ring = ring;
  }

  /**
   * Sends one message, given in parts, which are borrowed until it settles.
   *
   * @returns false when the ring was closed before
   */
  async send(...parts: readonly Uint8Array[]): Promise<boolean> {
    if (this.#waiting.length === 0) {
      if (this.#ring.closed) return false;
      if (this.#ring.tryWrite(...parts)) return true;
    }
    return new Promise((settle) => {
      this.#waiting.push({ parts, settle });
      if (!this.#draining) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const written = await this.#ring.write(...next.parts);
      this.#waiting.shift();
      next.settle(written);
    }
    this.#draining = false;
  }
}
