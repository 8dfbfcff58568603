/**
 * What a reader remembers of keys that it was sent, by the question that they answered: the same tenant, filters and length of time.
 * One per thread; bounded by the bytes of the keys.
 */
import type { KeySection, SearchQuery } from "@tideline/model";
import { NAMED_KEYS_SIZE_MIN, nameOfKeys, OFFERS_MAX, type KeyListOffer } from "./key-list.ts";

/** A key list with its keys. */
export interface KnownKeyList extends KeyListOffer {
  /** Always the same object for the same list, as long as it is remembered. */
  readonly section: KeySection;
}

/** Bytes of keys that are kept: 40,000 series with eight labels. */
const KEPT_SIZE_MAX = 8 * 1024 * 1024;
/** Of one answer: of a larger one nothing is kept. */
const ANSWER_SIZE_MAX = KEPT_SIZE_MAX / 2;

export class KnownKeys {
  /** Least recently asked first. */
  readonly #answers = new Map<string, readonly KnownKeyList[]>();
  #size = 0;

  /** The lists of the last answer to such a question. */
  of(query: SearchQuery): readonly KnownKeyList[] {
    return this.#answers.get(questionOf(query)) ?? [];
  }

  /** Remembers the lists of an answer instead of those of the one before it. */
  remember(query: SearchQuery, lists: readonly KnownKeyList[]): void {
    const question = questionOf(query);
    this.#forget(question);
    if (lists.length === 0) return;
    this.#answers.set(question, lists);
    this.#size += sizeOf(lists);
    for (const oldest of this.#answers.keys()) {
      if (this.#size <= KEPT_SIZE_MAX) break;
      this.#forget(oldest);
    }
  }

  #forget(question: string): void {
    this.#size -= sizeOf(this.#answers.get(question) ?? []);
    this.#answers.delete(question);
  }
}

/** Collects the key lists of an answer, frame by frame, until they are too many or too large. */
export class AnswerKeys {
  #lists: KnownKeyList[] = [];
  #size = 0;
  #isTooMuch = false;

  /** Those of all frames so far that are worth a name; none when they are too much. */
  get lists(): readonly KnownKeyList[] {
    return this.#lists;
  }

  /** Keys that came in a frame: they are copied. */
  add({ bytes, ends }: KeySection): void {
    if (bytes.length < NAMED_KEYS_SIZE_MIN || !this.#hasRoom(bytes.length)) return;
    const section = { bytes: new Uint8Array(bytes), ends };
    const name = nameOfKeys(section);
    this.#lists.push({ name, seriesCount: ends.length, keysSize: bytes.length, section });
  }

  /** Keys that a frame named. */
  addKnown(list: KnownKeyList): void {
    if (this.#hasRoom(list.keysSize)) this.#lists.push(list);
  }

  #hasRoom(size: number): boolean {
    this.#size += size;
    this.#isTooMuch ||= this.#size > ANSWER_SIZE_MAX || this.#lists.length === OFFERS_MAX;
    if (this.#isTooMuch) this.#lists = [];
    return !this.#isTooMuch;
  }
}

function questionOf({ tenant, filters, startMs, endMs }: SearchQuery): string {
  return `${tenant.accountId}:${tenant.projectId} ${endMs - startMs} ${JSON.stringify(filters)}`;
}

function sizeOf(lists: readonly KnownKeyList[]): number {
  return lists.reduce((size, { keysSize }) => size + keysSize, 0);
}
