/**
 * The oracle: what a storage may answer, kept in plain maps. For each place (series and time) it keeps what happened there,
 * in order, and works out which values may be read: more than one where nobody knows whether a write that failed is there,
 * or what a power cut has left.
 */
import { inSameInterval } from "@tideline/model";
import type { Row, Samples } from "../lane/lane-fixtures.ts";
import { keyText, winner } from "../lane/lane-fixtures.ts";

/** The bits of a sample, or that there is none. */
export type Found = bigint | undefined;

export interface Happening {
  /** What was written; undefined: what was there is deleted. */
  readonly bits: Found;
  /** When it was acknowledged, as a number of the same count; Infinity: never, it may have happened or not. */
  keptAt: number;
  /** Whether it survives a power cut. */
  isDurable: boolean;
}

/** Retention may have taken what was there: some of the parts and heads that hold the place, all of them, or none. */
const EXPIRY: Happening = {
  bits: undefined,
  keptAt: Infinity,
  isDurable: false,
};

/** What happened at one time of one series. */
interface Place {
  happenings: Happening[];
  /** Values below what a start has found, in other parts: they lost against it, and show where it goes before them. */
  beneath: ReadonlySet<bigint>;
  /** A newer sample was sent for the same dedup interval: a merge may leave this one out, part by part as retention does. */
  isCrowded: boolean;
  /** How often it was sent. */
  sentCount: number;
  /** All that was ever sent: what may turn up when damage has taken something newer away. */
  readonly sent: Set<bigint>;
}

/** Which places something happens to. */
export type PlaceFilter = (key: string, ms: number) => boolean;

export class Model {
  readonly series = new Map<string, Map<number, Place>>();
  /** Time of the oldest place. */
  oldestMs = Infinity;
  /** Counts acknowledgements. */
  newest = 0;
  /** Of samples of one series in one interval all but the newest may be left out; 0 = none. */
  readonly #dedupIntervalMs: number;

  constructor(dedupIntervalMs = 0) {
    this.#dedupIntervalMs = dedupIntervalMs;
  }

  /** Rows are sent: from now on they may be there. */
  send(rows: readonly Row[]): Happening[] {
    return rows.map(({ key, ms, bits }) => {
      const place = this.#place(keyText(key), ms);
      place.sent.add(bits);
      place.sentCount += 1;
      this.#crowd(keyText(key), ms);
      return this.#happen(place, bits);
    });
  }

  /** What was sent before may be gone from now on, where `filter` says so. */
  remove(filter: PlaceFilter): Happening[] {
    const removals: Happening[] = [];
    for (const [key, places] of this.series)
      for (const [ms, place] of places) {
        if (place.happenings.length > 0 && filter(key, ms))
          removals.push(this.#happen(place, undefined));
      }
    return removals;
  }

  /** What is older may be gone from now on, part by part: of several samples at one time the one that counted may go first. */
  expire(beforeMs: number): void {
    for (const places of this.series.values())
      for (const [ms, { happenings }] of places) {
        const isNew = happenings.length > 0 && happenings.at(-1) !== EXPIRY;
        if (ms < beforeMs && isNew) happenings.push(EXPIRY);
      }
  }

  /** What was sent or removed is acknowledged. */
  acknowledge(happenings: readonly Happening[], isDurable: boolean): void {
    this.newest += 1;
    for (const happening of happenings) {
      happening.keptAt = this.newest;
      happening.isDurable = isDurable;
    }
  }

  /** What was acknowledged up to `number` survives a power cut from now on. */
  settle(number: number): void {
    for (const happening of this.#happenings())
      if (happening.keptAt <= number) happening.isDurable = true;
  }

  /** The power goes: of what was not on the disk anything may be left. */
  cutPower(): void {
    for (const happening of this.#happenings())
      if (!happening.isDurable) happening.keptAt = Infinity;
  }

  /**
   * What was found at a start is what there is.
   *
   * @param isLasting false where a sync has failed before: the kernel may show what will never be on the disk
   */
  collapse(found: Samples, isLasting: boolean): void {
    for (const [key, places] of this.series)
      for (const [ms, place] of places) {
        const bits = found.get(key)?.get(ms);
        if (!this.possible(place).has(bits)) continue;
        const { parts } = whatMayBe(place, Infinity);
        const isDurable = isLasting || place.happenings.every((happening) => happening.isDurable);
        if (isDurable) place.beneath = losersOf(parts, bits);
        if (isDurable) place.happenings = [];
        if (bits !== undefined) place.happenings.push({ bits, keptAt: this.newest, isDurable });
      }
  }

  /**
   * What a running storage showed, all of it, is what is left: what a merge or retention has taken does not come back. Where
   * something is not known to be on the disk, more may come to light.
   */
  notice(found: Samples): void {
    for (const [key, places] of this.series)
      for (const [ms, place] of places) {
        const bits = found.get(key)?.get(ms);
        const { happenings, isCrowded } = place;
        const isSure = happenings.every(
          (one) => one === EXPIRY || (one.isDurable && one.keptAt <= this.newest),
        );
        const isExpired = happenings.includes(EXPIRY);
        if (!isSure || !(isCrowded || isExpired)) continue;
        place.beneath = losersOf(whatMayBe(place, Infinity).parts, bits);
        place.happenings =
          bits === undefined ? [] : [{ bits, keptAt: this.newest, isDurable: true }];
        // It may go later.
        if (bits !== undefined && isExpired) place.happenings.push(EXPIRY);
      }
  }

  /** Whether any sample was ever sent of a time within the bounds. */
  hasSampleWithin(startMs: number, endMs: number): boolean {
    for (const places of this.series.values())
      for (const ms of places.keys()) if (ms >= startMs && ms <= endMs) return true;
    return false;
  }

  /**
   * What may be found at a place, by one who asked at `since` or later: what was not acknowledged by then may be there or not.
   *
   * @param isExpired whoever answers may have dropped parts of it by the retention
   */
  possible(place: Place, since = Infinity, isExpired = false): Set<Found> {
    const { states, parts } = whatMayBe(place, since);
    return isExpired || place.isCrowded ? new Set([...states, ...parts, undefined]) : states;
  }

  *#happenings(): Iterable<Happening> {
    for (const places of this.series.values())
      for (const { happenings } of places.values()) yield* happenings;
  }

  #happen(place: Place, bits: Found): Happening {
    const happening = { bits, keptAt: Infinity, isDurable: false };
    place.happenings.push(happening);
    return happening;
  }

  #crowd(key: string, ms: number): void {
    if (this.#dedupIntervalMs === 0) return;
    for (const [otherMs, other] of this.series.get(key) ?? []) {
      const [olderMs, newerMs] = otherMs < ms ? [otherMs, ms] : [ms, otherMs];
      if (olderMs === newerMs || !inSameInterval(olderMs, newerMs, this.#dedupIntervalMs)) continue;
      const older = olderMs === ms ? this.#place(key, ms) : other;
      older.isCrowded = true;
    }
  }

  #place(key: string, ms: number): Place {
    let places = this.series.get(key);
    if (!places) this.series.set(key, (places = new Map()));
    this.oldestMs = Math.min(this.oldestMs, ms);
    let place = places.get(ms);
    if (!place) places.set(ms, (place = newPlace()));
    return place;
  }
}

function newPlace(): Place {
  return { happenings: [], beneath: new Set(), isCrowded: false, sentCount: 0, sent: new Set() };
}

/**
 * What may be found at a place, and which values may lie there beside each other: of those one counts, until retention takes it
 * before the others.
 */
function whatMayBe(
  { happenings, beneath }: Place,
  since: number,
): { states: Set<Found>; parts: Set<bigint> } {
  let states = new Set<Found>([undefined]);
  let parts = new Set<bigint>(beneath);
  for (const happening of happenings) {
    const { bits, keptAt } = happening;
    if (happening === EXPIRY) {
      for (const part of parts) states.add(part);
      states.add(undefined);
      continue;
    }
    const isCertain = keptAt < Infinity && keptAt <= since;
    const next = new Set<Found>(isCertain ? [] : states);
    for (const state of states) next.add(bits === undefined ? undefined : winner(state, bits));
    states = next;
    if (bits !== undefined) parts.add(bits);
    else if (isCertain) parts = new Set();
  }
  return { states, parts };
}

/** What of `parts` may lie where `found` is what counts. */
function losersOf(parts: ReadonlySet<bigint>, found: Found): Set<bigint> {
  return new Set(
    found === undefined ? [] : [...parts].filter((bits) => winner(found, bits) === found),
  );
}
