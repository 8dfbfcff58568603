/** What one query may use; past it the query fails, never the process. 0 = no limit. */
import { ExecutionError } from "@tideline/model";

export class Budget {
  readonly #sampleCountMax: number;
  readonly #memorySizeMax: number;
  #sampleCount = 0;
  #memorySize = 0;

  readonly #memoryOf: Budget | null;

  /** @param memoryOf a larger budget that the same memory counts against as well */
  constructor(
    limits: { readonly sampleCountMax: number; readonly memorySizeMax: number },
    memoryOf: Budget | null = null,
  ) {
    this.#memoryOf = memoryOf;
    this.#sampleCountMax = limits.sampleCountMax;
    this.#memorySizeMax = limits.memorySizeMax;
  }

  /** Raw samples counted so far. */
  get sampleCount(): number {
    return this.#sampleCount;
  }

  /** Counts raw samples that were read. @throws {ExecutionError} */
  addSamples(count: number): void {
    this.#sampleCount += count;
    if (this.#sampleCountMax === 0 || this.#sampleCount <= this.#sampleCountMax) return;
    throw new ExecutionError(
      "TIDELINE_QUERY_SAMPLES",
      `cannot read more than ${this.#sampleCountMax} samples: narrow the query or raise -search.maxSamplesPerQuery`,
    );
  }

  /** Takes memory, in bytes, before it is allocated. @throws {ExecutionError} */
  hold(size: number): void {
    this.#memoryOf?.hold(size);
    this.#memorySize += size;
    if (this.#memorySizeMax === 0 || this.#memorySize <= this.#memorySizeMax) return;
    throw new ExecutionError(
      "TIDELINE_QUERY_MEMORY",
      `not enough memory for the query: it wants ${this.#memorySize} bytes, the limit is ${this.#memorySizeMax}; narrow the query or raise -search.maxMemoryPerQuery`,
    );
  }

  /** Throws as `hold` if so much more memory would be too much; holds nothing. */
  check(size: number): void {
    this.hold(size);
    this.release(size);
  }

  release(size: number): void {
    this.#memoryOf?.release(size);
    this.#memorySize -= size;
  }
}
