/**
 * Collects a body's chunks. Large ones are kept as they came; small ones share blocks, since a sender that cuts its
 * body into single bytes would make us keep an object for each.
 */

const BLOCK_SIZE = 64 * 1024;
const SMALL_SIZE = 4 * 1024;

export class ChunkList {
  readonly #chunks: Uint8Array[] = [];
  #block: Uint8Array | null = null;
  /** Where the bytes of the block begin that are not in the list yet, and where they end. */
  #start = 0;
  #end = 0;

  /** @param chunk given away */
  push(chunk: Uint8Array): void {
    if (chunk.length >= SMALL_SIZE) {
      this.#flush();
      this.#chunks.push(chunk);
      return;
    }
    if (!this.#block || this.#end + chunk.length > BLOCK_SIZE) {
      this.#flush();
      this.#block = new Uint8Array(BLOCK_SIZE);
      this.#start = 0;
      this.#end = 0;
    }
    this.#block.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** All bytes so far, in order. */
  take(): readonly Uint8Array[] {
    this.#flush();
    return this.#chunks;
  }

  #flush(): void {
    if (!this.#block || this.#end === this.#start) return;
    this.#chunks.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
