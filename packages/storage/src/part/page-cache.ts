/**
 * The budget for what readers of parts keep in memory: verified index pages, timestamp blocks, read-ahead.
 * One per thread, shared by all its readers. Second chance (clock): what was used since the hand last came by
 * stays for another round.
 */

/** Things of one kind that one reader has in the cache, by file offset. Only the cache changes it. */
export type PageMap<T> = Map<number, CachedPage<T>>;

export interface CachedPage<T> {
  readonly content: T;
  readonly offset: number;
  readonly size: number;
  readonly owner: PageMap<T>;
  /** Set on use, taken by the hand. */
  isUsed: boolean;
  /** Index among the seats. */
  seat: number;
}

/** Rough cost of the bookkeeping of a page, in bytes. */
const PAGE_OVERHEAD_SIZE = 256;

export class PageCache {
  readonly sizeMax: number;
  #size = 0;
  readonly #seats: CachedPage<unknown>[] = [];
  #hand = 0;
  /** What was asked for last: blocks of neighbours lie in one segment. */
  #last: CachedPage<unknown> | null = null;

  /** @param sizeMax bytes; the page added last always stays */
  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  /** Bytes kept now. */
  get size(): number {
    return this.#size;
  }

  /** What is kept for `offset`, marked as used; undefined when it must be read. */
  get<T>(owner: PageMap<T>, offset: number): T | undefined {
    const last = this.#last;
    if (last && last.offset === offset && last.owner === owner) return last.content as T;
    const page = owner.get(offset);
    if (page === undefined) return undefined;
    page.isUsed = true;
    this.#last = page;
    return page.content;
  }

  /** Keeps `content` for `offset`, in the place of what was there; others leave until all fit. */
  add<T>(owner: PageMap<T>, offset: number, content: T, contentSize: number): void {
    const before = owner.get(offset);
    if (before) this.#remove(before);
    const size = contentSize + PAGE_OVERHEAD_SIZE;
    while (this.#size + size > this.sizeMax && this.#seats.length > 0) this.#evictOne();
    const seat = this.#seats.length;
    const page: CachedPage<T> = { content, offset, size, owner, isUsed: false, seat };
    owner.set(offset, page);
    this.#seats.push(page);
    this.#size += size;
  }

  /** Forgets all that a reader has, when it closes. */
  drop<T>(owner: PageMap<T>): void {
    for (const page of owner.values()) this.#remove(page);
  }

  #remove(page: CachedPage<unknown>): void {
    if (page === this.#last) this.#last = null;
    page.owner.delete(page.offset);
    this.#size -= page.size;
    const last = this.#seats.pop() as CachedPage<unknown>;
    if (last === page) return;
    this.#seats[page.seat] = last;
    last.seat = page.seat;
  }

  #evictOne(): void {
    for (;;) {
      if (this.#hand >= this.#seats.length) this.#hand = 0;
      const page = this.#seats[this.#hand] as CachedPage<unknown>;
      if (!page.isUsed) {
        this.#remove(page);
        return;
      }
      page.isUsed = false;
      if (page === this.#last) this.#last = null;
      this.#hand += 1;
    }
  }
}
