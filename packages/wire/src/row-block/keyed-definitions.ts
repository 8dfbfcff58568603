/**
 * Series that a block defines together with their keys. Keys are copied into one buffer: a small one for each would be
 * an allocation outside the heap, and there are thousands of them in a request of new series.
 */
import { ByteWriter } from "@tideline/common";

const NO_BYTES = 0;

interface KeyedDefinition {
  readonly streamRef: number;
  /** Ref in the batch's series table. */
  readonly ref: number;
  readonly key: Uint8Array;
}

export class KeyedDefinitions {
  readonly streamRefs: number[] = [];
  /** Refs in the batch's series table. */
  readonly refs: number[] = [];
  /** Where each key ends in `keys`. */
  readonly ends: number[] = [];
  readonly #keys: ByteWriter;

  static of(definitions: Iterable<KeyedDefinition>): KeyedDefinitions {
    const all = new KeyedDefinitions();
    for (const { streamRef, ref, key } of definitions) all.add(streamRef, ref, key);
    return all;
  }

  /** @param capacitySize of keys to begin with, in bytes */
  constructor(capacitySize = 64 * 1024) {
    this.#keys = new ByteWriter(capacitySize);
  }

  get count(): number {
    return this.ends.length;
  }

  get keysSize(): number {
    return this.#keys.size;
  }

  /** All keys, one after another: a view, void after the next `add`. */
  get keys(): Uint8Array {
    return this.#keys.bytes();
  }

  /** @param key borrowed for the call */
  add(streamRef: number, ref: number, key: Uint8Array): void {
    this.#keys.raw(key);
    this.streamRefs.push(streamRef);
    this.refs.push(ref);
    this.ends.push(this.#keys.size);
  }
}

/** Nothing is added to it. */
export const NO_KEYED = new KeyedDefinitions(NO_BYTES);
