/**
 * Frames that arrived and wait for their one consumer. What fails drops what waits: an answer is whole
 * or an error.
 */
export class FrameQueue {
  #frames: Uint8Array[] = [];
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;

  get length(): number {
    return this.#frames.length;
  }

  push(frame: Uint8Array): void {
    if (this.#failure) return;
    this.#frames.push(frame);
    this.#wake?.();
  }

  /** The first error counts. */
  fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#frames = [];
    this.#wake?.();
  }

  /** The next frame; one call at a time. @throws what `fail` was given */
  async next(): Promise<Uint8Array> {
    for (;;) {
      if (this.#failure) throw this.#failure.error;
      const frame = this.#frames.shift();
      if (frame) return frame;
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          this.#wake = null;
          resolve();
        };
      });
    }
  }
}
