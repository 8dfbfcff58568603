/**
 * Splits batches of rows over targets (lanes), one row block each, and keeps their stream dictionaries.
 *
 * A block defines refs that are new on its stream by identity alone. A lane that does not know an identity
 * answers with its ref, and then the block goes again with keys; while that is what lanes answer, keys go along at once
 * (key-forecast.ts). Nothing here is an object per row: rows are counted, ordered and gathered through flat arrays. Cost: 20–35 µs per 1k rows over 8 targets
 * (node bench/router.ts).
 */
import { assert } from "@tideline/common";
import {
  IDENTITY_SIZE,
  NOTHING_IGNORED,
  type RowBatch,
  type RowSink,
  type SeriesTable,
  type WriteOutcome,
} from "@tideline/model";
import type { RowBlockAnswer } from "../row-block/answer.ts";
import { encodeRowBlock } from "../row-block/encode.ts";
import { KeyedDefinitions, NO_KEYED } from "../row-block/keyed-definitions.ts";
import { STREAM_REF_MAX } from "../row-block/layout.ts";
import { OutcomeCollector, troubleOfAnswer, troubleOfError } from "./outcome.ts";
import { StreamDictionary } from "./stream-dictionary.ts";
import { TableRoutes } from "./table-routes.ts";

/** Where blocks go: a lane, here or on a node. */
export interface RowTarget {
  /** For messages. */
  readonly name: string;
  /**
   * Sends one block, which it owns from now on. Blocks arrive in the order of the calls.
   *
   * @throws {OverloadError} the block did not get there, or nobody knows whether it did
   */
  send(block: Uint8Array<ArrayBuffer>): Promise<RowBlockAnswer>;
}

export interface RowRouterOptions {
  /** At most 65,534. */
  readonly targets: readonly RowTarget[];
  /**
   * Index of the target that keeps a series; `identities` holds its identity at `offset`. Pure while the
   * routes stand: after a change call `reroute`. (With replicas this becomes `chooseTargets`, which
   * writes several indexes, and a route becomes one row per replica.)
   */
  readonly chooseTarget: (identities: Uint8Array, offset: number) => number;
}

/** Rows of a first block: at 12–20 bytes a row and 20 a definition it stays near 1 MB. */
const ROWS_PER_SEND_MAX = 32 * 1024;
/** Keys that one block carries, in bytes, before the rest goes into another. */
const KEYS_PER_SEND_SIZE_MAX = 512 * 1024;
/** Sends of one block until its target is given up: without keys, with keys, and one for bad luck. */
const TRIES_MAX = 3;

const NO_REFS = new Uint32Array();

/** A batch on its way. */
interface Delivery {
  readonly batch: RowBatch;
  readonly routes: TableRoutes;
  /** Row numbers, grouped by target. */
  readonly rows: Uint32Array;
  readonly outcome: OutcomeCollector;
}

/** Rows [from, to) of a delivery's `rows`, all of one target. */
interface Piece {
  readonly target: number;
  readonly from: number;
  readonly to: number;
  readonly keyed: KeyedDefinitions;
}

export class RowRouter implements RowSink {
  #targets: readonly RowTarget[] = [];
  readonly #chooseTarget: RowRouterOptions["chooseTarget"];
  #dictionaries: readonly StreamDictionary[] = [];
  /** Dictionaries get numbers that no other one of this router ever had. */
  #dictionaryCount = 0;
  readonly #routes = new WeakMap<SeriesTable, TableRoutes>();
  /** Grows when all stream refs are given out anew. */
  #generation = 0;
  /** Per target: rows of the batch at hand, then where its next row goes. Only used between awaits. */
  #cursors = new Uint32Array();
  /** Refs that a block defines. Only used between awaits. */
  #definitions = new Uint32Array(1024);

  constructor({ targets, chooseTarget }: RowRouterOptions) {
    this.#chooseTarget = chooseTarget;
    this.reroute(targets);
  }

  /** A target's stream broke: on the next one its refs are defined again. */
  resetTarget(index: number): void {
    this.#dictionaries[index]?.forgetTold();
  }

  /** What `chooseTarget` answers has changed, or the targets: every series is placed and told anew. */
  reroute(targets: readonly RowTarget[] = this.#targets): void {
    assert(targets.length > 0 && targets.length < 0xffff, "a router has 1 to 65,534 targets");
    this.#targets = targets;
    this.#generation += 1;
    this.#dictionaries = targets.map(() => {
      this.#dictionaryCount += 1;
      return new StreamDictionary(this.#dictionaryCount);
    });
    this.#cursors = new Uint32Array(targets.length + 1);
  }

  /** Rejects with an OverloadError that names the targets, after all of them have settled. */
  async write(batch: RowBatch): Promise<WriteOutcome> {
    if (batch.rowCount === 0) return NOTHING_IGNORED;
    const routes = this.#routesOf(batch);
    this.#place(batch, routes);
    const rows = this.#order(batch, routes);
    const delivery: Delivery = { batch, routes, rows, outcome: new OutcomeCollector() };
    const sends: Promise<void>[] = [];
    let from = 0;
    for (let target = 0; target < this.#targets.length; target += 1) {
      // After the ordering a target's cursor stands at the end of its rows.
      const end = this.#cursors[target] as number;
      while (from < end) {
        const to = Math.min(end, from + ROWS_PER_SEND_MAX);
        sends.push(this.#deliver(delivery, { target, from, to, keyed: NO_KEYED }, 1));
        from = to;
      }
    }
    await Promise.all(sends);
    return delivery.outcome.outcome();
  }

  #routesOf(batch: RowBatch): TableRoutes {
    const { series, rowCount } = batch;
    let routes = this.#routes.get(series);
    if (routes && routes.epoch !== series.epoch) {
      // The old epoch's stream refs are lost; so as not to pile them up, all begin anew.
      this.reroute();
    } else if (this.#dictionaries.some(({ nextRef }) => nextRef + rowCount > STREAM_REF_MAX)) {
      this.reroute();
    }
    if (!routes?.isCurrent(series, this.#generation)) {
      routes = new TableRoutes(series.epoch, this.#generation);
      this.#routes.set(series, routes);
    }
    routes.grow(series.refCount);
    return routes;
  }

  /** Gives every series of the batch its target and counts the rows of each target into the cursors. */
  #place(batch: RowBatch, routes: TableRoutes): void {
    const { refs, rowCount, series } = batch;
    const { targets, streamRefs } = routes;
    const cursors = this.#cursors;
    const { refCount } = series;
    cursors.fill(0);
    for (let row = 0; row < rowCount; row += 1) {
      const ref = refs[row] as number;
      let target = targets[ref] as number;
      if (!(target > 0)) {
        assert(ref < refCount, "a row's ref is in its series table");
        target = this.#chooseTarget(series.identities, ref * IDENTITY_SIZE) + 1;
        assert(target > 0 && target < cursors.length, "a series goes to one of the targets");
        targets[ref] = target;
        streamRefs[ref] = (this.#dictionaries[target - 1] as StreamDictionary).add();
      }
      cursors[target - 1] = (cursors[target - 1] as number) + 1;
    }
  }

  /** Counting sort of the rows by target; the cursors end where the targets' rows end. */
  #order(batch: RowBatch, routes: TableRoutes): Uint32Array {
    const { refs, rowCount } = batch;
    const { targets } = routes;
    const cursors = this.#cursors;
    let start = 0;
    for (let target = 0; target < cursors.length; target += 1) {
      const count = cursors[target] as number;
      cursors[target] = start;
      start += count;
    }
    const rows = new Uint32Array(rowCount);
    for (let row = 0; row < rowCount; row += 1) {
      const target = (targets[refs[row] as number] as number) - 1;
      const at = cursors[target] as number;
      rows[at] = row;
      cursors[target] = at + 1;
    }
    return rows;
  }

  /** Sends a piece until it is kept or given up; what came of it goes into the delivery's outcome. */
  async #deliver(delivery: Delivery, piece: Piece, tryNumber: number): Promise<void> {
    const { batch, routes, outcome } = delivery;
    const target = this.#targets[piece.target] as RowTarget;
    const dictionary = this.#dictionaries[piece.target] as StreamDictionary;
    const definitionCount = this.#collectDefinitions(delivery, piece, dictionary);
    if (definitionCount > 0 && dictionary.forecast.next()) {
      const refs = this.#definitions.subarray(0, definitionCount);
      await this.#deliverWithKeys(delivery, piece, streamRefsOf(refs, routes), tryNumber);
      return;
    }
    const defined = definitionCount === 0 ? NO_REFS : this.#definitions.slice(0, definitionCount);
    const block = encodeRowBlock({
      dictionary: dictionary.number,
      batch,
      rows: delivery.rows,
      rowsFrom: piece.from,
      rowsTo: piece.to,
      streamRefs: routes.streamRefs,
      definitions: defined,
      definitionCount,
      keyed: piece.keyed,
    });
    let answer: RowBlockAnswer;
    try {
      answer = await target.send(block);
    } catch (error) {
      this.#takeBack(routes, dictionary, piece, defined);
      outcome.fail(troubleOfError(target.name, error));
      return;
    }
    if (answer.status === "kept") {
      dictionary.forecast.learn(definitionCount, 0);
      outcome.ignore(answer.ignoredByReason);
      return;
    }
    if (answer.status !== "unknownRefs") {
      this.#takeBack(routes, dictionary, piece, defined);
      outcome.fail(troubleOfAnswer(target.name, answer));
      return;
    }
    dictionary.forecast.learn(definitionCount, answer.unknownRefs.length);
    // Keys can only be asked for while the refs still mean the same.
    if (tryNumber === TRIES_MAX || !routes.isCurrent(batch.series, this.#generation)) {
      outcome.fail(troubleOfAnswer(target.name, answer));
      return;
    }
    await this.#deliverWithKeys(delivery, piece, answer.unknownRefs, tryNumber);
  }

  /** The rows of a piece, and the keys of these stream refs with them. */
  async #deliverWithKeys(
    delivery: Delivery,
    piece: Piece,
    streamRefs: Uint32Array,
    tryNumber: number,
  ): Promise<void> {
    const pieces = withKeys(delivery, piece, streamRefs);
    await Promise.all(pieces.map((next) => this.#deliver(delivery, next, tryNumber + 1)));
  }

  /** Puts the refs that the piece's target has not been told into `#definitions` and marks them told. */
  #collectDefinitions(delivery: Delivery, piece: Piece, dictionary: StreamDictionary): number {
    const { batch, routes, rows } = delivery;
    const { told } = dictionary;
    const { streamRefs } = routes;
    for (const streamRef of piece.keyed.streamRefs) told[streamRef] = 1;
    const rowCount = piece.to - piece.from;
    if (this.#definitions.length < rowCount) this.#definitions = new Uint32Array(rowCount);
    const definitions = this.#definitions;
    let count = 0;
    for (let i = piece.from; i < piece.to; i += 1) {
      const ref = batch.refs[rows[i] as number] as number;
      const streamRef = streamRefs[ref] as number;
      if (told[streamRef] === 0) {
        told[streamRef] = 1;
        definitions[count] = ref;
        count += 1;
      }
    }
    return count;
  }

  /** Nobody knows whether the target read these definitions: they are sent again with the next rows. */
  #takeBack(
    routes: TableRoutes,
    dictionary: StreamDictionary,
    { keyed }: Piece,
    defined: Uint32Array,
  ): void {
    if (routes.generation !== this.#generation) return;
    for (const streamRef of keyed.streamRefs) dictionary.told[streamRef] = 0;
    for (const ref of defined) dictionary.told[routes.streamRefs[ref] as number] = 0;
  }
}

function streamRefsOf(refs: Uint32Array, { streamRefs }: TableRoutes): Uint32Array {
  return refs.map((ref) => streamRefs[ref] as number);
}

/** The rows of a piece, each of these series with its key before its first row, cut by size. */
function withKeys(delivery: Delivery, piece: Piece, seriesRefs: Uint32Array): Piece[] {
  const { batch, routes, rows } = delivery;
  const wanted = new Set(seriesRefs);
  const pieces: Piece[] = [];
  let keyed = new KeyedDefinitions();
  let { from } = piece;
  for (let i = piece.from; i < piece.to && wanted.size > 0; i += 1) {
    const ref = batch.refs[rows[i] as number] as number;
    const streamRef = routes.streamRefs[ref] as number;
    if (!wanted.delete(streamRef)) continue;
    const key = batch.series.keyOf(ref);
    if (keyed.keysSize > 0 && keyed.keysSize + key.length > KEYS_PER_SEND_SIZE_MAX) {
      pieces.push({ target: piece.target, from, to: i, keyed });
      keyed = new KeyedDefinitions();
      from = i;
    }
    keyed.add(streamRef, ref, key);
  }
  pieces.push({ target: piece.target, from, to: piece.to, keyed });
  return pieces;
}
