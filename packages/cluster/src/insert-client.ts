/**
 * vminsert's side of writing: a RowSink over all storage nodes. Places every series on its node and lane,
 * keeps a long-lived stream to each node, and rejects rows of nodes that are away; the others are kept.
 *
 * Lanes are known from a node's hello: until the first one a node counts as one lane, which is away.
 */
import { type Clock, must } from "@tideline/common";
import { identityRange, type RowBatch, type RowSink, type WriteOutcome } from "@tideline/model";
import { placementOf, type Placement, type StorageNode } from "@tideline/placement";
import { RowRouter, type RowTarget } from "@tideline/wire";
import { InsertLink, type InsertLimits, type InsertNodeStats } from "./insert-link.ts";
import type { Log } from "./log.ts";
import type { LinkTimings } from "./node-link.ts";
import { NodeRoster } from "./node-roster.ts";
import { WIRE_VERSIONS, type Hello } from "./proto.ts";

export interface InsertClientOptions {
  /** At least one; names and addresses are unique (parseStorageNodes). */
  readonly nodes: readonly StorageNode[];
  /** Of this run of the process. */
  readonly bootId: string;
  readonly log: Log;
  readonly programVersion?: string;
  readonly clock?: Clock;
  readonly timings?: Partial<LinkTimings>;
  readonly limits?: Partial<InsertLimits>;
}

/** Lanes of one node at most: a hello that says more is refused. */
const LANES_PER_NODE_MAX = 1024;

export class InsertClient implements RowSink {
  readonly #placement: Placement;
  readonly #links: readonly InsertLink[];
  readonly #roster = new NodeRoster();
  /** Per node: its lanes, and the index of its first lane among the router's targets. */
  readonly #laneCounts: number[];
  readonly #firstTargets: number[];
  readonly #router: RowRouter;

  /** Begins to connect to all nodes. */
  static async open(options: InsertClientOptions): Promise<InsertClient> {
    const placement = await placementOf(options.nodes.map(({ name }) => name));
    return new InsertClient(options, placement);
  }

  private constructor(options: InsertClientOptions, placement: Placement) {
    this.#placement = placement;
    this.#laneCounts = options.nodes.map(() => 1);
    this.#firstTargets = options.nodes.map((_, i) => i);
    this.#links = options.nodes.map((node, i) => this.#newLink(options, node, i));
    this.#router = new RowRouter({
      targets: this.#targets(),
      chooseTarget: (identities, offset) => {
        const node = this.#placement.homeOf(identities, offset);
        const lane = identityRange(identities, this.#laneCounts[node] as number, offset);
        return (this.#firstTargets[node] as number) + lane;
      },
    });
    for (const { link } of this.#links) link.start();
  }

  /** Resolves when every node has been tried once: afterwards `stats` tells who is there. */
  async firstTries(): Promise<void> {
    await Promise.all(this.#links.map(({ link }) => link.firstTry));
  }

  write(batch: RowBatch): Promise<WriteOutcome> {
    return this.#router.write(batch);
  }

  /** What is unanswered is rejected. */
  close(): void {
    for (const link of this.#links) link.close();
  }

  /** One entry per node, in the order given. */
  stats(): InsertNodeStats[] {
    return this.#links.map((link) => link.stats());
  }

  #newLink(options: InsertClientOptions, node: StorageNode, index: number): InsertLink {
    return new InsertLink({
      ...options,
      node,
      hello: () => ({
        wireVersions: WIRE_VERSIONS,
        features: [],
        nodeId: "",
        bootId: options.bootId,
        laneCount: 0,
        placementHash: this.#placement.hash,
        clockMs: Date.now(),
        programVersion: options.programVersion ?? "",
      }),
      accept: ({ laneCount, ...hello }) => {
        if (laneCount < 1 || laneCount > LANES_PER_NODE_MAX) return `it has ${laneCount} lanes`;
        return this.#roster.claim(node.name, { ...hello, laneCount });
      },
      onReady: (hello) => {
        this.#onReady(index, hello);
      },
      onLost: () => {
        this.#resetNode(index);
      },
    });
  }

  #onReady(index: number, { laneCount }: Hello): void {
    if (this.#laneCounts[index] === laneCount) {
      this.#resetNode(index);
      return;
    }
    this.#laneCounts[index] = laneCount;
    let first = 0;
    for (const [i, count] of this.#laneCounts.entries()) {
      this.#firstTargets[i] = first;
      first += count;
    }
    this.#router.reroute(this.#targets());
  }

  /** On the node's next stream nothing is known of what was told on this one. */
  #resetNode(index: number): void {
    const first = this.#firstTargets[index] as number;
    for (let lane = 0; lane < (this.#laneCounts[index] as number); lane += 1) {
      this.#router.resetTarget(first + lane);
    }
  }

  /** Every lane of every node, node by node. */
  #targets(): RowTarget[] {
    return this.#laneCounts.flatMap((laneCount, i) => {
      const link = must(this.#links[i], "every node has a link");
      const { name } = link.link.node;
      return Array.from({ length: laneCount }, (_, lane) => ({
        name,
        send: (block: Uint8Array) => link.sendBlock(lane, block),
      }));
    });
  }
}
