/**
 * Rows of the blocks that share a group commit, in columns: slots already found, refused rows left out.
 */
export class RowGroup {
  slots = new Uint32Array(4096);
  timestampsMs = new Float64Array(4096);
  values = new Float64Array(4096);
  /** The bits of `values`, in words. */
  words = new Uint32Array(this.values.buffer);
  rowCount = 0;

  /** Makes room for `count` more rows. */
  ensure(count: number): void {
    const needed = this.rowCount + count;
    const length = this.slots.length;
    if (needed <= length) return;
    const grown = Math.max(needed, length * 2);
    this.slots = new Uint32Array(this.slots.buffer.transfer(grown * 4));
    this.timestampsMs = new Float64Array(this.timestampsMs.buffer.transfer(grown * 8));
    this.values = new Float64Array(this.values.buffer.transfer(grown * 8));
    this.words = new Uint32Array(this.values.buffer);
  }
}
