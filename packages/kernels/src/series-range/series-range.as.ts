// Range functions and sums over the series at hand: see plain.ts, which defines them. Nothing here is untrusted: places
// are the caller's own. Values lie in series-memory.ts; so do the columns of a window plan, one entry per step:
//
// firsts, lasts  i32, the samples at the window's edges; last <= first: no value
// sampled        f64, seconds between them
// toStart, toEnd f64, seconds to add
// factors        f64, what growth is multiplied by where nothing is known of zero
// safe           f64, × growth: a first value from there up is further from zero than the window's edge

// @ts-ignore: decorators are AssemblyScript's
@inline function at64(plane: usize, index: i32): usize { return plane + (<usize>index << 3); }

// @ts-ignore
@inline function at32(plane: usize, index: i32): usize { return plane + (<usize>index << 2); }

// Whether a value is a NaN.
export function hasNaN(values: usize, count: i32): bool {
  let found = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const a = v128.load(at64(values, i)), b = v128.load(at64(values, i), 16);
    found = v128.or(found, v128.or(f64x2.ne(a, a), f64x2.ne(b, b)));
  }
  let any = v128.any_true(found);
  for (; i < count; i++) any = any || isNaN<f64>(load<f64>(at64(values, i)));
  return any;
}

// Whether a value is below the one before it.
export function hasDrop(values: usize, count: i32): bool {
  let found = f64x2.splat(0);
  let i = 1;
  for (; i + 4 <= count; i += 4) {
    const at = at64(values, i);
    found = v128.or(found, f64x2.lt(v128.load(at), v128.load(at - 8)));
    found = v128.or(found, f64x2.lt(v128.load(at, 16), v128.load(at + 8)));
  }
  let any = v128.any_true(found);
  for (; i < count; i++) any = any || load<f64>(at64(values, i)) < load<f64>(at64(values, i - 1));
  return any;
}

// drops[i]: how often values fell from `from` to i.
function countDrops(values: usize, from: i32, to: i32, drops: usize): void {
  let count = 0;
  store<i32>(at32(drops, from), 0);
  for (let i = from + 1; i < to; i++) {
    if (load<f64>(at64(values, i)) < load<f64>(at64(values, i - 1))) count += 1;
    store<i32>(at32(drops, i), count);
  }
}

function growthAcrossDrops(values: usize, first: i32, last: i32): f64 {
  let growth = load<f64>(at64(values, last)) - load<f64>(at64(values, first));
  for (let i = first + 1; i <= last; i++) {
    const previous = load<f64>(at64(values, i - 1));
    if (load<f64>(at64(values, i)) < previous) growth += previous;
  }
  return growth;
}

// The growth of each window, extrapolated, into `out`. rangeSeconds is 0 where no rate is wanted.
export function extrapolate(
  values: usize, from: i32, to: i32, stepCount: i32, isCounter: bool, rangeSeconds: f64,
  firsts: usize, lasts: usize, sampled: usize, toStarts: usize, toEnds: usize, factors: usize, safe: usize,
  drops: usize, out: usize,
): void {
  const hasDrops = isCounter && hasDrop(at64(values, from), to - from);
  if (hasDrops) countDrops(values, from, to, drops);
  for (let step = 0; step < stepCount; step++) {
    const first = load<i32>(at32(firsts, step)), last = load<i32>(at32(lasts, step));
    if (last <= first) continue;
    const firstValue = load<f64>(at64(values, first));
    let growth = load<f64>(at64(values, last)) - firstValue;
    if (hasDrops && load<i32>(at32(drops, last)) != load<i32>(at32(drops, first)))
      growth = growthAcrossDrops(values, first, last);
    let factor = load<f64>(at64(factors, step));
    if (isCounter && growth > 0 && firstValue >= 0) {
      const isFar = firstValue >= growth * load<f64>(at64(safe, step)) && firstValue > 1e-280;
      if (!isFar) {
        const sampledSeconds = load<f64>(at64(sampled, step));
        const toZero = sampledSeconds * (firstValue / growth);
        if (toZero < load<f64>(at64(toStarts, step))) {
          factor = (sampledSeconds + toZero + load<f64>(at64(toEnds, step))) / sampledSeconds;
          if (rangeSeconds > 0) factor /= rangeSeconds;
        }
      }
    }
    store<f64>(at64(out, step), growth * factor);
  }
}

// ---- series whose values stand in one block as they are ----

// A row of the table, i32 each: where the block lies, its size, its values, where its plan lies, and which samples that touches.
const ROW_SIZE: usize = 24;

const CODEC_RAW: u8 = 0;
const CODEC_CONST: u8 = 1;

// Where the values of a block stand, or those of `scratch` that were filled with the one that it has; 0: they are packed, or it is damaged.
function valuesOf(block: usize, size: i32, count: i32, from: i32, to: i32, scratch: usize): usize {
  if (size < 1) return 0;
  const codec = load<u8>(block);
  if (codec == CODEC_RAW) return size == 1 + (count << 3) ? block + 1 : 0;
  if (codec != CODEC_CONST || size != 9) return 0;
  const value = load<f64>(block + 1);
  for (let i = from; i < to; i++) store<f64>(at64(scratch, i), value);
  return scratch;
}

// As `extrapolate` for the rows `start` to `end` of a table, each into its row of `out`, and a byte per step into `presence`.
// Returns the first row that is left: its values are packed, or a NaN is among them.
export function extrapolateBlocks(
  table: usize, start: i32, end: i32, stepCount: i32, isCounter: bool, rangeSeconds: f64,
  scratch: usize, drops: usize, out: usize, presence: usize,
): i32 {
  const plane = <usize>stepCount << 3;
  for (let row = start; row < end; row++) {
    const entry = table + <usize>row * ROW_SIZE;
    const from = load<i32>(entry, 16), to = load<i32>(entry, 20);
    const values = valuesOf(load<u32>(entry), load<i32>(entry, 4), load<i32>(entry, 8), from, to, scratch);
    if (values == 0 || hasNaN(at64(values, from), to - from)) return row;
    const sampled: usize = load<u32>(entry, 12);
    const firsts = sampled + plane * 5, lasts = firsts + (plane >> 1);
    extrapolate(
      values, from, to, stepCount, isCounter, rangeSeconds, firsts, lasts,
      sampled, sampled + plane, sampled + plane * 2, sampled + plane * 3, sampled + plane * 4,
      drops, at64(out, row * stepCount),
    );
    const there = presence + row * stepCount;
    for (let step = 0; step < stepCount; step++)
      store<u8>(there + step, u8(load<i32>(at32(lasts, step)) > load<i32>(at32(firsts, step))));
  }
  return end;
}

// Growth of the series of a table of blocks, in one window: a value and a byte for each, from 0 on. The byte is 1 where there is a
// value, 0 where there is none, and 2 for a series that is left: it has several blocks, a packed one, a NaN, or no plan.
// `blocks` has two words a block: its timestamps, and where it ends in `bytes`; `series` two words a series, of which the second
// counts the blocks up to its last one. `plans` has four a timestamp block: where its plan lies or 0, from, to, values of a block.
// Returns how many samples the windows held.
export function extrapolateTable(
  bytes: usize, blocks: usize, series: usize, seriesCount: i32, plans: usize, isCounter: bool, rangeSeconds: f64,
  scratch: usize, drops: usize, out: usize, presence: usize,
): f64 {
  let block: i32 = 0, touched: f64 = 0;
  for (let i = 0; i < seriesCount; i++) {
    const end = load<i32>(series + (<usize>i << 3), 4);
    const first = block;
    block = end;
    store<u8>(presence + i, 2);
    store<f64>(at64(out, i), 0);
    if (end != first + 1) continue;
    const entry = blocks + (<usize>first << 3);
    const plan = plans + (<usize>load<u32>(entry) << 4);
    const sampled: usize = load<u32>(plan);
    if (sampled == 0) continue;
    const from = load<i32>(plan, 4), to = load<i32>(plan, 8);
    const start = first == 0 ? 0 : load<i32>(entry - 4);
    const values = valuesOf(bytes + start, load<i32>(entry, 4) - start, load<i32>(plan, 12), from, to, scratch);
    if (values == 0 || hasNaN(at64(values, from), to - from)) continue;
    // A plan of one step: its columns are 8 bytes each, the last two 4.
    const firsts = sampled + 40, lasts = sampled + 44;
    extrapolate(
      values, from, to, 1, isCounter, rangeSeconds, firsts, lasts,
      sampled, sampled + 8, sampled + 16, sampled + 24, sampled + 32, drops, at64(out, i),
    );
    store<u8>(presence + i, u8(load<i32>(lasts) > load<i32>(firsts)));
    touched += to - from;
  }
  return touched;
}

// ---- sums of rows ----

// @ts-ignore
@inline function addOne(value: f64, sums: usize, lost: usize, i: i32): void {
  const sum = load<f64>(at64(sums, i)), total = sum + value;
  if (abs<f64>(total) == Infinity) store<f64>(at64(lost, i), 0);
  else {
    const rest = abs<f64>(sum) >= abs<f64>(value) ? sum - total + value : value - total + sum;
    store<f64>(at64(lost, i), load<f64>(at64(lost, i)) + rest);
  }
  store<f64>(at64(sums, i), total);
}

// Adds a row that has a value at each step to sums that have one at each step.
function addFullRow(row: usize, count: i32, sums: usize, lost: usize): void {
  const infinity = f64x2.splat(Infinity);
  let i = 0;
  for (; i + 2 <= count; i += 2) {
    const value = v128.load(at64(row, i)), sum = v128.load(at64(sums, i));
    const total = f64x2.add(sum, value);
    const isGreater = f64x2.ge(f64x2.abs(sum), f64x2.abs(value));
    const great = v128.bitselect(sum, value, isGreater), small = v128.bitselect(value, sum, isGreater);
    const rest = f64x2.add(f64x2.sub(great, total), small);
    const kept = f64x2.add(v128.load(at64(lost, i)), rest);
    v128.store(at64(lost, i), v128.andnot(kept, f64x2.eq(f64x2.abs(total), infinity)));
    v128.store(at64(sums, i), total);
  }
  for (; i < count; i++) addOne(load<f64>(at64(row, i)), sums, lost, i);
}

// Adds a row; presence and seen have a byte per step. The first value of a step is taken as it is.
function addRow(row: usize, presence: usize, count: i32, sums: usize, lost: usize, seen: usize): void {
  for (let i = 0; i < count; i++) {
    if (!load<u8>(presence + i)) continue;
    const value = load<f64>(at64(row, i));
    if (load<u8>(seen + i)) {
      addOne(value, sums, lost, i);
    } else {
      store<u8>(seen + i, 1);
      store<f64>(at64(sums, i), value);
    }
  }
}

// Whether none of the bytes is 0.
function isFull(bytes: usize, count: i32): bool {
  let i = 0;
  let all = i8x16.splat(-1);
  for (; i + 16 <= count; i += 16) all = i8x16.min_u(all, v128.load(bytes + i));
  let full = i8x16.all_true(all);
  for (; i < count; i++) full = full && load<u8>(bytes + i) != 0;
  return full;
}

// Adds rows to the sums of their groups, in order.
export function addRows(
  rows: usize, presence: usize, rowCount: i32, count: i32, groups: usize, sums: usize, lost: usize, seen: usize,
): void {
  for (let row = 0; row < rowCount; row++) {
    const at = row * count, group = load<i32>(at32(groups, row)) * count;
    const values = at64(rows, at), there = presence + at;
    const groupSums = at64(sums, group), groupLost = at64(lost, group), groupSeen = seen + group;
    if (isFull(there, count) && isFull(groupSeen, count)) addFullRow(values, count, groupSums, groupLost);
    else addRow(values, there, count, groupSums, groupLost, groupSeen);
  }
}

// sums[i] += lost[i], also where that is nothing: a sum of -0 becomes 0.
export function settle(count: i32, sums: usize, lost: usize): void {
  for (let i = 0; i < count; i++) store<f64>(at64(sums, i), load<f64>(at64(sums, i)) + load<f64>(at64(lost, i)));
}
