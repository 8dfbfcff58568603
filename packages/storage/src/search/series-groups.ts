/**
 * Puts the series of several sources together by identity, in flat memory: a search gives each series once,
 * with the blocks of all sources.
 */
import { IdentityTable, NO_SLOT } from "../head/identity-table.ts";

/** Behind the last member of a group. */
export const NO_MEMBER = 0xffff_ffff;

export class SeriesGroups {
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
    this.#members[member * 3 + 2] = NO_MEMBER;
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

  /** The first member of a group; `after` gives the others, in the order of their sources. */
  firstOf(group: number): number {
    return this.#first[group] as number;
  }

  /** The next member of the same group, or NO_MEMBER. */
  after(member: number): number {
    return this.#members[member * 3 + 2] as number;
  }

  sourceOf(member: number): number {
    return this.#members[member * 3] as number;
  }

  ordinalOf(member: number): number {
    return this.#members[member * 3 + 1] as number;
  }
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(array.length * 2);
  copy.set(array);
  return copy;
}
