/**
 * Bytes that requests hold together while they are received, or their answers while they are read: a limit per request
 * does not bound the memory of a program, as anybody may open many.
 */
import { assert } from "@tideline/common";
import { OverloadError } from "@tideline/model";

export interface ByteBudgetOptions {
  /** What is held, for the error's text: "bodies of writes". */
  readonly noun: string;
  readonly sizeMax: number;
}

const RETRY_AFTER_MS = 5_000;

export class ByteBudget {
  readonly #noun: string;
  readonly sizeMax: number;
  #usedSize = 0;

  constructor({ noun, sizeMax }: ByteBudgetOptions) {
    this.#noun = noun;
    this.sizeMax = sizeMax;
  }

  get usedSize(): number {
    return this.#usedSize;
  }

  /**
   * What is alone may pass the limit, or it never could be taken.
   *
   * @throws {OverloadError} 503: there is no room now, and nothing is taken
   */
  take(size: number): void {
    if (this.#usedSize > 0 && this.#usedSize + size > this.sizeMax) {
      throw new OverloadError(
        "TIDELINE_BODIES",
        `Cannot hold ${size} bytes more: ${this.#noun} take ${this.#usedSize} bytes already, of ${this.sizeMax}`,
        { status: 503, retryAfterMs: RETRY_AFTER_MS },
      );
    }
    this.#usedSize += size;
  }

  giveBack(size: number): void {
    assert(size <= this.#usedSize, "what is given back was taken");
    this.#usedSize -= size;
  }
}
