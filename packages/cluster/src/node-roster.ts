/**
 * Notices one storage under two names: placement would count it twice, and half of the series would have
 * two homes on one disk. Node ids serve nothing else.
 */
import type { Hello } from "./proto.ts";

export class NodeRoster {
  /** Node id → name of the node that said it first. */
  readonly #nameOfId = new Map<string, string>();

  /** @returns why this node cannot be accepted, or null */
  claim(name: string, hello: Hello): string | null {
    const { nodeId } = hello;
    if (nodeId === "") return "it has no node id";
    const holder = this.#nameOfId.get(nodeId);
    if (holder !== undefined && holder !== name) {
      return `it is the same storage as "${holder}": both have node id ${nodeId}; list it once in -storageNode`;
    }
    for (const [id, other] of this.#nameOfId) if (other === name) this.#nameOfId.delete(id);
    this.#nameOfId.set(nodeId, name);
    return null;
  }
}
