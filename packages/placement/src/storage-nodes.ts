/**
 * The nodes in `-storageNode`: `host`, `host:port` or `name@host:port`, IPv6 hosts in brackets.
 *
 * The name is what placement hashes, by default the text as given: whoever moves a node to another
 * address keeps its name, and its series stay.
 */
import { InputError } from "@tideline/model";

export interface StorageNode {
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
}

/**
 * @param texts one node each
 * @param defaultPort where none is given: 8400 for writers, 8401 for readers
 * @throws {InputError} an empty list, an unreadable node, two nodes with one name or one address
 */
export function parseStorageNodes(texts: readonly string[], defaultPort: number): StorageNode[] {
  if (texts.length === 0) {
    throw refused("at least one node is needed, e.g. -storageNode=localhost");
  }
  const nodes: StorageNode[] = [];
  for (const text of texts) {
    const node = parseStorageNode(text, defaultPort);
    const twin = nodes.find(({ name, address }) => name === node.name || address === node.address);
    if (twin) {
      const what = twin.name === node.name ? `name "${node.name}"` : `address "${node.address}"`;
      throw refused(`the ${what} is given twice; every node is listed once`);
    }
    nodes.push(node);
  }
  return nodes;
}

function parseStorageNode(text: string, defaultPort: number): StorageNode {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const place = /^(\[[0-9A-Fa-f:.%\w]+\]|[^\s:@/[\]]+)(?::(\d{1,5}))?$/.exec(text.slice(at + 1));
  const port = Number(place?.[2] ?? defaultPort);
  if (!place || name === "" || /\s/.test(name) || port < 1 || port > 65_535) {
    throw refused(`"${text}" is neither host:port nor name@host:port`);
  }
  return { name, address: `${place[1]}:${port}` };
}

function refused(why: string): InputError {
  return new InputError("TIDELINE_STORAGE_NODE", `Cannot use -storageNode: ${why}`);
}
