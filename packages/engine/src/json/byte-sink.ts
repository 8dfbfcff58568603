/** Bytes of an answer as they are written: filled chunk by chunk, so that an answer of any size may be streamed. */

/** Size of a chunk, in bytes; one longer piece of text makes a longer chunk. */
export const CHUNK_SIZE = 256 * 1024;
/** Size of the first chunk: most answers need no more. */
const FIRST_CHUNK_SIZE = 8 * 1024;

/** Room that every chunk keeps for one point: `,[1700000000.123,"…"]` with the longest float in digits. */
export const POINT_SIZE_MAX = 512;

export class ByteSink {
  readonly chunks: Uint8Array[] = [];
  /** The chunk being filled, and where. Writers of points use them directly. */
  bytes = new Uint8Array(FIRST_CHUNK_SIZE);
  at = 0;

  /** Makes sure that `size` more bytes fit into the chunk. */
  room(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    this.#close();
    this.bytes = new Uint8Array(Math.max(CHUNK_SIZE, size));
  }

  /** Writes characters up to U+00FF, one byte each. */
  latin1(text: string): void {
    this.room(text.length);
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < text.length; i += 1, at += 1) bytes[at] = text.charCodeAt(i);
    this.at = at;
  }

  raw(source: Uint8Array): void {
    this.room(source.length);
    this.bytes.set(source, this.at);
    this.at += source.length;
  }

  #close(): void {
    if (this.at > 0) this.chunks.push(this.bytes.subarray(0, this.at));
    this.at = 0;
  }

  /** Takes the chunks that are full, so that they can be sent while the rest is written. */
  drain(): Uint8Array[] {
    return this.chunks.splice(0);
  }

  /** The last chunks. */
  finish(): Uint8Array[] {
    this.#close();
    this.bytes = new Uint8Array(0);
    return this.drain();
  }
}
