/** What one query may use; past it the query fails, never the process. 0 = no limit. */
import { ExecutionError } from "@tideline/model";

/** 0 = no limit. */
export interface BudgetLimits {
  readonly sampleCountMax: number;
  readonly samplesPerSeriesMax?: number;
  /** Bytes. */
  readonly memorySizeMax: number;
}

/** Memory that several queries share. */
export interface MemoryPool {
  /** @param size bytes. @throws {ExecutionError} there is not so much, and nothing is held */
  hold(size: number): void;
  release(size: number): void;
}

export class Budget {
  readonly #sampleCountMax: number;
  readonly #samplesPerSeriesMax: number;
  readonly #memorySizeMax: number;
  #sampleCount = 0;
  #memorySize = 0;

  #memoryOf: MemoryPool | null;

  /** @param memoryOf what the same memory is taken from as well */
  constructor(limits: BudgetLimits, memoryOf: MemoryPool | null = null) {
    this.#samplesPerSeriesMax = limits.samplesPerSeriesMax ?? 0;
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
      `cannot select more than -search.maxSamplesPerQuery=${this.#sampleCountMax} samples; possible solutions: increase -search.maxSamplesPerQuery; reduce the time range of the query; use more specific label filters in order to select fewer series`,
    );
  }

  /** Counts raw samples of one series. @throws {ExecutionError} */
  addSeries(count: number): void {
    if (this.#samplesPerSeriesMax > 0 && count > this.#samplesPerSeriesMax) {
      throw new ExecutionError(
        "TIDELINE_QUERY_SERIES_SAMPLES",
        `cannot process more than ${this.#samplesPerSeriesMax} samples per series; possible solutions: increase -search.maxSamplesPerSeries; reduce the time range of the query`,
      );
    }
    this.addSamples(count);
  }

  /** Takes memory, in bytes, before it is allocated. @throws {ExecutionError} */
  hold(size: number): void {
    this.#memoryOf?.hold(size);
    this.#memorySize += size;
    if (this.#memorySizeMax === 0 || this.#memorySize <= this.#memorySizeMax) return;
    throw new ExecutionError(
      "TIDELINE_QUERY_MEMORY",
      `not enough memory for processing the query, which wants ${this.#memorySize} bytes according to -search.maxMemoryPerQuery=${this.#memorySizeMax}; possible solutions: reduce the number of series that the query selects; reduce its time range; increase its step; increase -search.maxMemoryPerQuery`,
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

  /** Gives back what is still held. What goes on afterwards, because it has not heard that the query is over, takes nothing more. */
  close(): void {
    this.#memoryOf?.release(this.#memorySize);
    this.#memoryOf = null;
  }
}
