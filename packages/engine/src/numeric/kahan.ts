/**
 * Sums with compensation (Kahan, in Neumaier's form), as Prometheus adds: the error of each addition is kept in a
 * second number that is added at the end. Loops that are hot write these three lines out; the rest uses this.
 */
export class CompensatedSum {
  sum = 0;
  compensation = 0;

  add(value: number): void {
    const total = this.sum + value;
    if (total === Infinity || total === -Infinity) this.compensation = 0;
    else this.compensation += lostBy(this.sum, value, total);
    this.sum = total;
  }

  get total(): number {
    return this.sum + this.compensation;
  }
}

/** What the addition `a + b = total` lost. */
export function lostBy(a: number, b: number, total: number): number {
  return Math.abs(a) >= Math.abs(b) ? a - total + b : b - total + a;
}
