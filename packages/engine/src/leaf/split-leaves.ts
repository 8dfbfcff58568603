/**
 * Leaves with series that several nodes have samples of, as after a change of the nodes: for a while their blocks are asked for at
 * once, since rows would have to be asked for anew.
 */
import { formatTenant, type Tenant } from "@tideline/model";

/** Times that a leaf is evaluated from blocks before its rows are tried again. */
const FROM_BLOCKS_COUNT = 16;
const LEAVES_MAX = 256;

class SplitLeaves {
  /** How often each is still evaluated from blocks; oldest first. */
  readonly #restOf = new Map<string, number>();

  /** Whether the leaf is to be evaluated from blocks; it is counted that it was. */
  has(tenant: Tenant, text: string): boolean {
    const name = nameOf(tenant, text);
    const rest = this.#restOf.get(name);
    if (rest === undefined) return false;
    if (rest === 1) this.#restOf.delete(name);
    else this.#restOf.set(name, rest - 1);
    return true;
  }

  add(tenant: Tenant, text: string): void {
    for (const oldest of this.#restOf.keys()) {
      if (this.#restOf.size < LEAVES_MAX) break;
      this.#restOf.delete(oldest);
    }
    this.#restOf.set(nameOf(tenant, text), FROM_BLOCKS_COUNT);
  }
}

/** Those of this thread. */
export const splitLeaves = new SplitLeaves();

function nameOf(tenant: Tenant, text: string): string {
  return `${formatTenant(tenant)} ${text}`;
}
