/**
 * Many keys in the order of their labels, as compareLabelKeys has it.
 *
 * In a key each text stands after its size, so that sorting keys by their bytes, which is native and quick, gathers equal texts
 * but puts short ones before long ones. Here runs of equal texts are put right, from the first text to the last. 10,000
 * keys of node_exporter: 3 ms when warm, of which the native sort takes 1.4; with a comparing function 12.5.
 */

/**
 * @param keys different ones, in any order
 * @param start where their labels begin: 0 in label keys, behind the tenant in the text of series keys
 * @returns a new list
 */
export function inLabelOrder(keys: readonly string[], start = 0): string[] {
  const ordered: string[] = [];
  arrange(keys.toSorted(), 0, keys.length, start, ordered);
  return ordered;
}

interface Run {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Offset after the text. */
  readonly end: number;
}

/** Appends keys [from, to), sorted by bytes and equal up to offset `at`, where the size of a text stands. */
function arrange(
  keys: readonly string[],
  from: number,
  to: number,
  at: number,
  ordered: string[],
): void {
  let next = from;
  // One that ends here is a prefix of the others.
  if (next < to && (keys[next] as string).length === at) {
    ordered.push(keys[next] as string);
    next += 1;
  }
  const runs: Run[] = [];
  while (next < to) {
    const key = keys[next] as string;
    if (next + 1 === to && runs.length === 0) {
      ordered.push(key);
      return;
    }
    const run = runAt(keys, next, to, at);
    runs.push(run);
    next = run.to;
  }
  if (runs.length > 1) runs.sort((a, b) => (a.text < b.text ? -1 : 1));
  for (const run of runs) arrange(keys, run.from, run.to, run.end, ordered);
}

/** The keys that have the same text at `at` as the one at `from`. */
function runAt(keys: readonly string[], from: number, to: number, at: number): Run {
  const key = keys[from] as string;
  let textStart = at;
  let size = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = key.charCodeAt(textStart);
    textStart += 1;
    size += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  const end = textStart + size;
  const sized = key.slice(at, end);
  const isIn = (index: number): boolean => (keys[index] as string).startsWith(sized, at);
  return {
    text: key.slice(textStart, end),
    from,
    to: isIn(to - 1) ? to : runEnd(from, to, isIn),
    end,
  };
}

/** The first index after `from` that is not in, when those that are come first: by doubling, then by halving. */
function runEnd(from: number, to: number, isIn: (index: number) => boolean): number {
  let inside = from;
  let step = 1;
  while (inside + step < to && isIn(inside + step)) {
    inside += step;
    step *= 2;
  }
  let outside = Math.min(inside + step, to);
  while (outside - inside > 1) {
    const middle = (inside + outside) >> 1;
    if (isIn(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}
