/** SeriesSource → LeafSource: leaves evaluated from raw blocks, wherever those come from. */
import {
  InputError,
  type Leaf,
  type LeafResult,
  type LeafSource,
  type SeriesSource,
} from "@tideline/model";
import { Budget } from "../budget.ts";
import { Pacer } from "../pacer.ts";
import { evaluateLeaf } from "./evaluate-leaf.ts";
import type { LeafNode } from "./leaf-node.ts";
import { constantColumns, parseLeaf } from "./leaf-text.ts";

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
      const node = knownLeaf(leaf.text);
      const limits = { ...options, sampleCountMax: leaf.sampleCountMax };
      const budget = new Budget(limits, memoryOf);
      const tools = { source, budget, pacer: new Pacer(signal) };
      return evaluateLeaf(node, constantColumns(node, leaf.grid), leaf, tools);
    },
  };
}

function knownLeaf(text: string): LeafNode {
  const node = parseLeaf(text);
  if (node) return node;
  throw new InputError("TIDELINE_LEAF", `Cannot evaluate a leaf that is no leaf: ${text}`);
}
