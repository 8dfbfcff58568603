/** A leaf from the text that it travels as. */
import type { StepGrid } from "@tideline/model";
import { parse } from "@tideline/promql";
import { languageFacts } from "../functions/shelf.ts";
import { stepCountOf } from "../grid.ts";
import { leafNodeOf, type LeafNode } from "./leaf-node.ts";

/**
 * @returns null where the text is an expression that is no leaf
 * @throws {InputError} it is none at all; {ExecutionError} see matrixLeaf
 */
export function parseLeaf(text: string): LeafNode | null {
  return leafNodeOf(parse(text, languageFacts));
}

/** The parameters of a leaf: one value per step each. */
export function constantColumns({ parameters }: LeafNode, grid: StepGrid): Float64Array[] {
  const stepCount = stepCountOf(grid);
  return parameters.map((value) => new Float64Array(stepCount).fill(value));
}
