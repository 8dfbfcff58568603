/** SeriesSource → LeafSource: leaves evaluated from raw blocks, wherever those come from. */
import {
  InputError,
  type Leaf,
  type LeafResult,
  type LeafSource,
  type SeriesSource,
} from "@tideline/model";
import { parse } from "@tideline/promql";
import { Budget } from "../budget.ts";
import { languageFacts } from "../functions/shelf.ts";
import { stepCountOf } from "../grid.ts";
import { Pacer } from "../pacer.ts";
import { evaluateLeaf } from "./evaluate-leaf.ts";
import { leafNodeOf, type LeafNode } from "./leaf-node.ts";

export interface LeafSourceOptions {
  /** Bytes that one leaf may hold while it is evaluated. 0 = no limit. */
  readonly memorySizeMax: number;
  /** Raw samples that one series may have. Default: no limit. */
  readonly samplesPerSeriesMax?: number;
}

/**
 * Evaluates leaves over a source. Rows keep the series' own keys, metric names included, sorted by labels.
 *
 * @throws (its `evaluate`) {InputError} a text that is no leaf; {ExecutionError} past a limit
 */
export function leafSourceOf(
  source: SeriesSource,
  options: LeafSourceOptions = { memorySizeMax: 0 },
): LeafSource {
  return leafSourceWithin(source, options, null);
}

/** As leafSourceOf; what its leaves hold counts against the budget of a query as well. */
export function leafSourceWithin(
  source: SeriesSource,
  options: LeafSourceOptions,
  memoryOf: Budget | null,
): LeafSource {
  return {
    async evaluate(leaf: Leaf, signal: AbortSignal): Promise<LeafResult> {
      const node = parseLeaf(leaf.text);
      const limits = { ...options, sampleCountMax: leaf.sampleCountMax };
      const budget = new Budget(limits, memoryOf);
      const tools = { source, budget, pacer: new Pacer(signal) };
      return evaluateLeaf(node, constantColumns(node, leaf), leaf, tools);
    },
  };
}

function parseLeaf(text: string): LeafNode {
  const node = leafNodeOf(parse(text, languageFacts));
  if (node) return node;
  throw new InputError("TIDELINE_LEAF", `Cannot evaluate a leaf that is no leaf: ${text}`);
}

function constantColumns(node: LeafNode, leaf: Leaf): Float64Array[] {
  const stepCount = stepCountOf(leaf.grid);
  return node.parameters.map((value) => new Float64Array(stepCount).fill(value));
}
