/**
 * Puts the series of several sources together by identity, in flat memory: a search gives each series once,
 * with the blocks of all sources.
 */
import { IdentityTable, NO_SLOT } from "../head/identity-table.ts";
import type { Ordinals } from "../index/label-index.ts";

const NONE = 0xffff_ffff;

/** A series of one source. */
export interface SeriesMember {
  readonly source: number;
  readonly ordinal: number;
}

/** Series, each with its members. */
export interface Groups {
  readonly count: number;
  /** In the order of their sources. */
  members(group: number): Iterable<SeriesMember>;
}

/** A single source has each of its series once: there is nothing to put together. */
export function groupsOfOne(source: number, ordinals: Ordinals): Groups {
  return {
    count: ordinals.length,
    members: (group) => [{ source, ordinal: ordinals[group] as number }],
  };
}

export class SeriesGroups implements Groups {
  readonly #table = new IdentityTable();
  /** Per group: its first and last member. */
  #first = new Uint32Array(1024);
  #last = new Uint32Array(1024);
  /** Per member: source, ordinal, next member of the group. */
  #members = new Uint32Array(3 * 1024);
  #memberCount = 0;

  get count(): number {
    return this.#table.count;
  }

  /** Adds a series of a source; sources come in the order in which their members are listed. */
  add(source: number, ordinal: number, identity: Uint8Array): void {
    const member = this.#memberCount;
    this.#memberCount += 1;
    if (this.#memberCount * 3 > this.#members.length) this.#members = doubled(this.#members);
    this.#members[member * 3] = source;
    this.#members[member * 3 + 1] = ordinal;
    this.#members[member * 3 + 2] = NONE;
    let group = this.#table.find(identity, 0);
    if (group === NO_SLOT) {
      group = this.#table.add(identity, 0);
      if (group >= this.#first.length) {
        this.#first = doubled(this.#first);
        this.#last = doubled(this.#last);
      }
      this.#first[group] = member;
    } else {
      this.#members[(this.#last[group] as number) * 3 + 2] = member;
    }
    this.#last[group] = member;
  }

  /** Members of a group, in the order of their sources. */
  *members(group: number): Generator<SeriesMember> {
    for (let m = this.#first[group] as number; m !== NONE; m = this.#members[m * 3 + 2] as number) {
      yield {
        source: this.#members[m * 3] as number,
        ordinal: this.#members[m * 3 + 1] as number,
      };
    }
  }
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(array.length * 2);
  copy.set(array);
  return copy;
}
