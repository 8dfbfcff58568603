/**
 * info(): labels of info series, such as target_info, put on the series that have the same `instance` and `job`.
 *
 * The info series are asked for by their times (`timestamp(…)`): their values do not matter, and of two that fit at a step the
 * one with the younger sample is taken. A label that a series has already stays as it is.
 */
import { compileMatcher, ExecutionError, METRIC_NAME, type Matcher } from "@tideline/model";
import { print, type VectorSelector } from "@tideline/promql";
import type { Columns } from "../columns/columns.ts";
import { RowCollector } from "../columns/row-collector.ts";
import {
  bytesText,
  keepLabels,
  labelSetText,
  labelsOf,
  labelValue,
  metricNameOf,
  plainText,
  withLabel,
} from "../labels/label-key.ts";

/** Labels that tell which info series belongs to a series. */
const IDENTIFYING = ["instance", "job"] as const;
const IDENTIFYING_NAMES: ReadonlySet<string> = new Set(IDENTIFYING);
const SIGNATURE_NAMES: ReadonlySet<string> = new Set([METRIC_NAME, ...IDENTIFYING]);

/** What the second argument of info() says. */
export interface InfoSearch {
  /** On the names of info metrics. */
  readonly nameMatchers: readonly Matcher[];
  /** On the labels to be added; only labels named here are. Empty: all. */
  readonly labelMatchers: readonly Matcher[];
}

/** Without a matcher on the name it is target_info; where names are only excluded, whatever ends in _info. */
export function infoSearch(matchers: readonly Matcher[]): InfoSearch {
  const named = matchers.filter(({ name }) => name === METRIC_NAME);
  const labelMatchers = matchers.filter(({ name }) => name !== METRIC_NAME);
  const isPositive = named.some(({ operator }) => operator === "=" || operator === "=~");
  const nameMatchers = [...named];
  if (named.length === 0)
    nameMatchers.push({ name: METRIC_NAME, operator: "=", value: "target_info" });
  else if (!isPositive) nameMatchers.push({ name: METRIC_NAME, operator: "=~", value: ".+_info" });
  return { nameMatchers, labelMatchers };
}

/** Whether a series is an info series itself: those are left as they are. */
function infoTest({ nameMatchers }: InfoSearch): (key: string) => boolean {
  const compiled = nameMatchers.map(compileMatcher);
  return (key) => {
    const name = metricNameOf(key);
    return compiled.every(({ matches }) => matches(name));
  };
}

/** The leaf that finds the info series of `base`, as text; null when nothing in it can have any. */
export function infoLeafText(base: Columns, search: InfoSearch): string | null {
  const isInfo = infoTest(search);
  const others = base.labels.filter((key) => !isInfo(key));
  const matchers: Matcher[] = [...search.nameMatchers, ...search.labelMatchers];
  let canMatch = false;
  for (const name of IDENTIFYING) {
    const values = new Set(others.map((key) => plainText(labelValue(key, name))));
    values.delete("");
    if (values.size === 0) continue;
    canMatch = true;
    const value = [...values].toSorted().map(quoteMeta).join("|");
    // A pattern past the limit is left out: the series are matched again below, one by one.
    if (value.length <= PATTERN_LENGTH_MAX) matchers.push({ name, operator: "=~", value });
  }
  if (!canMatch) return null;
  const selector: VectorSelector = {
    kind: "vectorSelector",
    name: "",
    matchers,
    offset: null,
    at: null,
    extension: null,
    span: { start: 0, end: 0 },
  };
  return `timestamp(${print(selector)})`;
}

const PATTERN_LENGTH_MAX = 8 * 1024;

function quoteMeta(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

/** The info series that fits a signature: a row per step, -1 for none. */
type Winners = Int32Array;

/**
 * @param info times of the samples of info series in seconds, over the same grid, with names; null: there are none
 * @throws {ExecutionError} two info series of equal age that fit one signature; labels of two that contradict each other; as put
 */
export function withInfoLabels(
  base: Columns,
  info: Columns | null,
  search: InfoSearch,
  checkRows: (rowCount: number) => void,
): Columns {
  return new InfoJoin(base, info, search, checkRows).run();
}

class InfoJoin {
  readonly #base: Columns;
  readonly #info: Columns | null;
  readonly #labelNames: ReadonlySet<string> | null;
  /** Series without an info series pass only if all matchers let a missing label pass. */
  readonly #keepsUnmatched: boolean;
  readonly #isInfo: (key: string) => boolean;
  readonly #winners: ReadonlyMap<string, Winners>;
  readonly #infoNames: readonly string[];
  readonly #rows: RowCollector;

  constructor(
    base: Columns,
    info: Columns | null,
    search: InfoSearch,
    checkRows: (rowCount: number) => void,
  ) {
    this.#base = base;
    this.#info = info;
    const names = search.labelMatchers.map(({ name }) => bytesText(name));
    this.#labelNames = names.length === 0 ? null : new Set(names);
    this.#keepsUnmatched = search.labelMatchers.every(
      (matcher) => compileMatcher(matcher).matchesEmpty,
    );
    this.#isInfo = infoTest(search);
    this.#winners = info ? winnersOf(base, info, checkRows) : new Map();
    const infoNames = (info?.labels ?? []).map((key) => labelValue(key, METRIC_NAME));
    this.#infoNames = [...new Set(infoNames)].toSorted();
    this.#rows = new RowCollector(base.stepCount, base.labels.length, checkRows);
  }

  run(): Columns {
    const base = this.#base;
    base.labels.forEach((key, row) => {
      const dropsName = base.dropsName?.[row] === 1;
      const fits = this.#isInfo(key) ? null : this.#fitsOf(key);
      if (fits === null) this.#rows.copy(this.#rows.row(key, dropsName), base, row, null);
      else this.#addRow(row, fits, dropsName);
    });
    return this.#rows.finish();
  }

  /** The winners of each info metric for a series. */
  #fitsOf(key: string): readonly Winners[] {
    const identity = keepLabels(key, IDENTIFYING_NAMES);
    return this.#infoNames
      .map((name) => this.#winners.get(withLabel(identity, METRIC_NAME, name)))
      .filter((winners) => winners !== undefined);
  }

  #addRow(row: number, fits: readonly Winners[], dropsName: boolean): void {
    const { stepCount, presence, values, labels } = this.#base;
    const key = labels[row] as string;
    const matched = new Int32Array(fits.length);
    let target: number | null = null;
    for (let step = 0; step < stepCount; step += 1) {
      const at = row * stepCount + step;
      if (presence[at] === 0) continue;
      if (takeChange(fits, step, matched) || target === null) {
        const isIn = this.#keepsUnmatched || matched.some((found) => found >= 0);
        target = isIn ? this.#rows.row(this.#withLabels(key, matched), dropsName) : -1;
      }
      if (target >= 0) this.#rows.put(target + step, values[at] as number);
    }
  }

  #withLabels(key: string, infoRows: Int32Array): string {
    const added = new Map<string, string>();
    for (const infoRow of infoRows) {
      if (infoRow < 0) continue;
      for (const label of labelsOf(this.#info?.labels[infoRow] as string)) {
        const name = bytesText(label.name);
        if (name === METRIC_NAME || this.#labelNames?.has(name) === false) continue;
        const value = added.get(name) ?? label.value;
        if (value !== label.value) {
          throw new ExecutionError("TIDELINE_QUERY_INFO", `conflicting label: ${label.name}`);
        }
        if (labelValue(key, name) === "") added.set(name, value);
      }
    }
    let labels = key;
    for (const [name, value] of added) labels = withLabel(labels, name, bytesText(value));
    return labels;
  }
}

/** Puts the winners of a step into `matched`; true when they are others than those in it. */
function takeChange(fits: readonly Winners[], step: number, matched: Int32Array): boolean {
  let hasChanged = false;
  for (let i = 0; i < fits.length; i += 1) {
    const found = fits[i]?.[step] as number;
    if (matched[i] !== found) hasChanged = true;
    matched[i] = found;
  }
  return hasChanged;
}

/** The youngest info series of each signature, step by step, where the base has any sample at all. */
function winnersOf(
  base: Columns,
  info: Columns,
  checkRows: (rowCount: number) => void,
): ReadonlyMap<string, Winners> {
  const { stepCount } = info;
  const isActive = new Uint8Array(stepCount);
  for (let at = 0; at < base.presence.length; at += 1)
    if (base.presence[at] === 1) isActive[at % stepCount] = 1;
  checkRows(info.labels.length);
  const winners = new Map<string, Winners>();
  info.labels.forEach((key, row) => {
    const signature = keepLabels(key, SIGNATURE_NAMES);
    const known = winners.get(signature);
    const rows = known ?? new Int32Array(stepCount).fill(-1);
    if (!known) winners.set(signature, rows);
    for (let step = 0; step < stepCount; step += 1) {
      const at = row * stepCount + step;
      if (info.presence[at] === 0 || isActive[step] === 0) continue;
      const other = rows[step] as number;
      const seconds = info.values[at] as number;
      const otherSeconds =
        other < 0 ? -Infinity : (info.values[other * stepCount + step] as number);
      if (seconds === otherSeconds) throw duplicateError(info, other, row, seconds);
      if (seconds > otherSeconds) rows[step] = row;
    }
  });
  return winners;
}

function duplicateError(
  info: Columns,
  existing: number,
  added: number,
  seconds: number,
): ExecutionError {
  const [first, second] = [existing, added].map((row) => labelSetText(info.labels[row] as string));
  const timeMs = Math.round(seconds * 1000);
  return new ExecutionError(
    "TIDELINE_QUERY_INFO",
    `found duplicate series for info metric: existing ${first} @ ${timeMs}, new ${second} @ ${timeMs}`,
  );
}
