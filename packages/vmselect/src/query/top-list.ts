/** The greatest of many, in memory for a few times as many as are wanted. */

export interface TopItem {
  readonly name: string;
  readonly value: number;
}

export class TopList {
  readonly #countMax: number;
  #items: TopItem[] = [];
  /** Values below it are not among the greatest. */
  #least = -Infinity;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Whether such a value may be among the greatest; `add` asks, too. */
  wants(value: number): boolean {
    return value >= this.#least;
  }

  add(name: string, value: number): void {
    if (!this.wants(value)) return;
    this.#items.push({ name, value });
    if (this.#items.length >= 4 * this.#countMax + 1024) this.#trim();
  }

  /** The greatest first; of equal ones the first by name. */
  items(): readonly TopItem[] {
    this.#trim();
    return this.#items;
  }

  #trim(): void {
    const sorted = this.#items.toSorted((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
    this.#items = sorted.slice(0, this.#countMax);
    if (sorted.length >= this.#countMax) this.#least = this.#items.at(-1)?.value ?? -Infinity;
  }
}
