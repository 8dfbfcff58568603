/** Lets frames pass as long as the consumer has granted room for them. */
export class CreditGate {
  #credits = 0;
  #wake: (() => void) | null = null;

  /** The consumer has room for `count` more. */
  add(count: number): void {
    this.#credits += count;
    this.#wake?.();
  }

  /** Takes one credit, waits for it when there is none. @throws the signal's reason */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#credits <= 0) {
      await this.#nextCredit(signal);
      signal.throwIfAborted();
    }
    this.#credits -= 1;
  }

  #nextCredit(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake = null;
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
