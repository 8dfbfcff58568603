/** The key lists that an asker offers, beside the frame that is being made: does it end like one of them? */
import { compareBytes } from "@tideline/common";
import { nameOfKeys, type KeyListOffer } from "./key-list.ts";

export class OfferedLists {
  #offers: readonly KeyListOffer[] = [];
  /** At how many series lists end, ascending; and how many of these this frame has passed. */
  #counts: readonly number[] = [];
  #passedCount = 0;
  /** Where each key of this frame ends: the name of a list covers it. */
  #ends = new Uint32Array(64);
  /** Series of this frame at which a list may end next; 0: none does. */
  next = 0;

  /** Of a new answer. */
  begin(offers: readonly KeyListOffer[]): void {
    this.#offers = offers;
    const counts = new Set(offers.map(({ seriesCount }) => seriesCount));
    this.#counts = [...counts].toSorted((a, b) => a - b);
    this.toStart();
  }

  /** Of a new frame. */
  toStart(): void {
    this.#to(0);
  }

  /** The key of series `number` of the frame ends here. */
  endKey(number: number, end: number): void {
    if (number >= this.#ends.length) {
      const grown = new Uint32Array(this.#ends.length * 2);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#ends[number] = end;
  }

  /** Where the keys of the first series of the frame end: a view. */
  endsOf(seriesCount: number): Uint32Array {
    return this.#ends.subarray(0, seriesCount);
  }

  /** The frame has `next` series. @returns the name of its keys if they are a list; else the next count is another */
  nameHere(keys: Uint8Array): Uint8Array | null {
    const seriesCount = this.next;
    const alike = this.#offers.filter(
      (offer) => offer.seriesCount === seriesCount && offer.keysSize === keys.length,
    );
    if (alike.length > 0) {
      const name = nameOfKeys({ bytes: keys, ends: this.#ends.subarray(0, seriesCount) });
      if (alike.some((offer) => compareBytes(offer.name, name) === 0)) return name;
    }
    this.#to(this.#passedCount + 1);
    return null;
  }

  #to(passedCount: number): void {
    this.#passedCount = passedCount;
    this.next = this.#counts[passedCount] ?? 0;
  }
}
