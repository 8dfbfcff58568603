/**
 * The budget for what readers of parts keep in memory: verified index pages and timestamp blocks. One per
 * thread, shared by all its readers. Second chance (clock): a page that was used since the hand last
 * came by stays for another round.
 */

/** What a reader looks up: its own map from file offset to page. */
export type PageMap<T> = Map<number, CachedPage<T>>;

export interface CachedPage<T> {
  readonly content: T;
  readonly size: number;
  /** Set on use, taken by the hand. */
  used: boolean;
}

interface Seat {
  readonly pages: PageMap<unknown>;
  readonly offset: number;
  readonly page: CachedPage<unknown>;
}

/** Rough cost of a map entry, a seat and a view, in bytes. */
const PAGE_OVERHEAD_SIZE = 256;

export class PageCache {
  readonly sizeMax: number;
  #size = 0;
  #seats: Seat[] = [];
  #hand = 0;

  /** @param sizeMax bytes; the page added last always stays */
  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  /** Bytes kept now. */
  get size(): number {
    return this.#size;
  }

  /** The page at `offset`, marked as used; undefined when it must be read. */
  get<T>(pages: PageMap<T>, offset: number): T | undefined {
    const page = pages.get(offset);
    if (page === undefined) return undefined;
    page.used = true;
    return page.content;
  }

  /** Adds a page that is not there yet; others leave until all fit. */
  add<T>(pages: PageMap<T>, offset: number, content: T, contentSize: number): void {
    const size = contentSize + PAGE_OVERHEAD_SIZE;
    while (this.#size + size > this.sizeMax && this.#seats.length > 0) this.#evictOne();
    const page: CachedPage<T> = { content, size, used: false };
    pages.set(offset, page);
    this.#seats.push({ pages: pages, offset, page });
    this.#size += size;
  }

  /** Forgets all pages of a reader that closes. */
  drop<T>(pages: PageMap<T>): void {
    this.#seats = this.#seats.filter((seat) => seat.pages !== (pages as PageMap<unknown>));
    this.#hand = 0;
    for (const page of pages.values()) this.#size -= page.size;
    pages.clear();
  }

  #evictOne(): void {
    for (;;) {
      if (this.#hand >= this.#seats.length) this.#hand = 0;
      const seat = this.#seats[this.#hand] as Seat;
      if (!seat.page.used) {
        seat.pages.delete(seat.offset);
        this.#size -= seat.page.size;
        const last = this.#seats.pop() as Seat;
        if (last !== seat) this.#seats[this.#hand] = last;
        return;
      }
      seat.page.used = false;
      this.#hand += 1;
    }
  }
}
