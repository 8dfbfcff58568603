/**
 * Where the executor gets its data: leaves through the LeafSource, and raw series for range functions whose parameters
 * are worked out first. Keeps the query's tally of what was read and what is missing.
 */
import type { Coverage, LeafColumns, LeafSource, SeriesSource, StepGrid } from "@tideline/model";
import type { Budget } from "../budget.ts";
import { columnsSize, type Columns } from "../columns/columns.ts";
import { evaluateLeaf, type LeafRequest } from "../leaf/evaluate-leaf.ts";
import { labelsOfLeaf } from "../leaf/leaf-labels.ts";
import type { LeafNode } from "../leaf/leaf-node.ts";
import { readRawMatrix, type RawMatrix, type RawSelection } from "../leaf/raw-matrix.ts";
import type { Pacer } from "../pacer.ts";
import type { QueryOptions } from "../query-types.ts";

export interface DataTools {
  readonly options: QueryOptions;
  readonly source: SeriesSource;
  readonly leaves: LeafSource;
  readonly budget: Budget;
  readonly pacer: Pacer;
}

/** What the query as a whole has read so far. */
export interface QueryTally {
  readonly missing: Coverage["missing"];
  readonly seriesFetched: number;
  readonly samplesRead: number;
}

export class LeafReader {
  readonly #tools: DataTools;
  /** Leaves by text and grid: one that stands twice in a query is asked for once. */
  readonly #leaves = new Map<string, Promise<Columns>>();
  readonly #missing = new Map<string, Coverage["missing"][number]>();
  #seriesFetched = 0;
  #samplesRead = 0;

  constructor(tools: DataTools) {
    this.#tools = tools;
  }

  get tally(): QueryTally {
    return {
      missing: [...this.#missing.values()],
      seriesFetched: this.#seriesFetched,
      samplesRead: this.#samplesRead,
    };
  }

  /** The columns of a leaf, with metric names. Held in the budget to the end of the query. */
  leaf(text: string, grid: StepGrid): Promise<Columns> {
    const name = `${grid.startMs} ${grid.endMs} ${grid.stepMs} ${text}`;
    let asked = this.#leaves.get(name);
    if (!asked) this.#leaves.set(name, (asked = this.#ask(text, grid)));
    return asked;
  }

  async #ask(text: string, grid: StepGrid): Promise<Columns> {
    const { options, leaves, budget, pacer } = this.#tools;
    const { sampleCountMax } = options.limits;
    const leaf = { ...this.#request(grid), text, sampleCountMax };
    const { columns, coverage, sampleCount } = await leaves.evaluate(leaf, pacer.signal);
    const labelled = withLabelKeys(columns);
    const rowCount = labelled.labels.length;
    this.#count(coverage, rowCount, sampleCount);
    budget.addSamples(sampleCount);
    budget.hold(columnsSize(rowCount, columns.stepCount));
    return labelled;
  }

  /** A range function over raw series, with parameters that change from step to step. */
  async rollup(
    node: LeafNode,
    parameters: readonly Float64Array[],
    grid: StepGrid,
  ): Promise<Columns> {
    const answer = await evaluateLeaf(node, parameters, this.#request(grid), this.#tools);
    this.#count(answer.coverage, answer.seriesCount, answer.sampleCount);
    return withLabelKeys(answer.columns);
  }

  /** Samples as they are stored. */
  async samples(selection: RawSelection, grid: StepGrid): Promise<RawMatrix> {
    const answer = await readRawMatrix(selection, this.#request(grid), this.#tools);
    this.#count(answer.coverage, answer.seriesCount, answer.sampleCount);
    return answer.matrix;
  }

  #request(grid: StepGrid): LeafRequest {
    const { tenant, lookbackMs, dedupIntervalMs = 0, extraFilters, limits } = this.#tools.options;
    const { seriesCountMax } = limits;
    return { tenant, grid, lookbackMs, dedupIntervalMs, extraFilters, seriesCountMax };
  }

  #count(coverage: Coverage, seriesCount: number, sampleCount: number): void {
    for (const item of coverage.missing) this.#missing.set(`${item.where} ${item.reason}`, item);
    this.#seriesFetched += seriesCount;
    this.#samplesRead += sampleCount;
  }
}

function withLabelKeys(leaf: LeafColumns): Columns {
  const { stepCount, values, presence } = leaf;
  return { stepCount, labels: labelsOfLeaf(leaf), dropsName: null, values, presence };
}
