/** Every card with values worked out by hand. Instant queries at minute 4 unless a case says otherwise. */
import { describe, expect, test } from "vitest";
import { ask, closeTo, series, type Rows } from "../testing/ask.ts";
import { aggregateCards, functionCards, languageFacts } from "./shelf.ts";

const AT = 240_000;

/** Minutes 0 to 4; values of the last three minutes lie in [3m] windows. */
const data = [
  series("c_total", "0 10 30 5 15"),
  series("g", "1 -2 4 4 -3"),
  series("flat", "7 7 7 7 7"),
  series("line", "1 3 5 7 9"),
  series("odd", "NaN 3 NaN 1 2"),
  series("half", "0 0 0 0 2.5"),
  series("date", "0 0 0 0 1709210096"), // 2024-02-29 12:34:56, a Thursday
  series("before", "0 0 0 0 -86400"), // 1969-12-31
  series('v{i="1",s="a"}', "_ _ _ _ 1"),
  series('v{i="2",s="a"}', "_ _ _ _ 2"),
  series('v{i="10",s="b"}', "_ _ _ _ 6"),
  series('v{i="9",s="b"}', "_ _ _ _ NaN"),
  series('b{le="0.1"}', "0 0 0 0 10"),
  series('b{le="1"}', "0 0 0 0 30"),
  series('b{le="1e1"}', "0 0 0 0 40"),
  series('b{le="+Inf"}', "0 0 0 0 40"),
  series('low{le="-1"}', "0 0 0 0 4"),
  series('low{le="1"}', "0 0 0 0 8"),
  series('low{le="Inf"}', "0 0 0 0 16"),
  series('open{le="1"}', "0 0 0 0 8"),
  series('bent{le="1"}', "0 0 0 0 8"),
  series('bent{le="2"}', "0 0 0 0 6"),
  series('bent{le="+Inf"}', "0 0 0 0 16"),
];

/** Name of a query, and the value of its only row: `{}` unless the query is `name: query`. */
const values: readonly [string, number | null][] = [
  // counters: windows (1m, 4m] hold 30 5 15 at minutes 2 3 4
  ["increase(c_total[3m])", (15 - 30 + 30) * (180 / 120)],
  ["rate(c_total[3m])", (15 * (180 / 120)) / 180],
  ["delta(g[3m])", (-3 - 4) * (180 / 120)],
  ["irate(c_total[3m])", 10 / 60],
  ["irate(c_total[3m] @ 180)", 5 / 60],
  ["idelta(c_total[3m] @ 180)", -25],
  ["resets(c_total[5m])", 1],
  ["changes(g[5m])", 3],
  ["changes(odd[5m])", 4],
  ["rate(c_total[1m])", null],
  // a counter that starts near zero is not taken below it: 10 → 30 in a minute would have been 0 half a minute before
  ["increase(c_total[10m] @ 120)", 30],
  // regression
  ["deriv(line[5m])", 2 / 60],
  ["predict_linear(line[5m], 120)", 13],
  ["predict_linear(line[5m] @ 120, 0)", 9],
  ["deriv(flat[5m])", 0],
  ["double_exponential_smoothing(flat[5m], 0.5, 0.5)", 7],
  ["double_exponential_smoothing(line[5m], 0.5, 0.5)", 9],
  // sums: 4 4 -3 in (1m, 4m]
  ["sum_over_time(g[3m])", 5],
  ["avg_over_time(g[3m])", 5 / 3],
  ["stdvar_over_time(g[3m])", (16 + 16 + 9) / 3 - 25 / 9],
  ["stddev_over_time(line[5m])", Math.sqrt(8)],
  ["count_over_time(g[3m])", 3],
  ["present_over_time(g[3m])", 1],
  ["min_over_time(odd[5m])", 1],
  ["max_over_time(odd[5m])", 3],
  ["quantile_over_time(0.5, line[5m])", 5],
  ["quantile_over_time(0.9, line[5m])", 8.2],
  ["mad_over_time(line[5m])", 2],
  ["ts_of_max_over_time(g[5m])", 180],
  ["ts_of_min_over_time(flat[5m])", 240],
  ["ts_of_first_over_time(g[3m])", 120],
  ["ts_of_last_over_time(g[3m])", 240],
  // math
  ["abs(g)", 3],
  ["ceil(half)", 3],
  ["floor(half)", 2],
  ["round(half)", 3],
  ["round(-half)", -2],
  ["round(half, 0.2)", 2.6],
  ["exp(half * 0)", 1],
  ["ln(half)", Math.log(2.5)],
  ["log2(line - 1)", 3],
  ["log10(line * 10 + 10)", 2],
  ["sqrt(line)", 3],
  ["sgn(g)", -1],
  ["clamp(line, 1, 5)", 5],
  ["clamp_min(g, 0)", 0],
  ["clamp_max(g, -5)", -5],
  ["deg(half / 2.5 * pi())", 180],
  ["rad(half * 72)", Math.PI],
  ["sin(half)", Math.sin(2.5)],
  ["cos(half)", Math.cos(2.5)],
  ["tan(half)", Math.tan(2.5)],
  ["asin(half / 5)", Math.asin(0.5)],
  ["acos(half / 5)", Math.acos(0.5)],
  ["atan(half)", Math.atan(2.5)],
  ["sinh(half)", Math.sinh(2.5)],
  ["cosh(half)", Math.cosh(2.5)],
  ["tanh(half)", Math.tanh(2.5)],
  ["asinh(half)", Math.asinh(2.5)],
  ["acosh(half)", Math.acosh(2.5)],
  ["atanh(half / 5)", Math.atanh(0.5)],
  ["pi()", Math.PI],
  // dates
  ["year(date)", 2024],
  ["month(date)", 2],
  ["day_of_month(date)", 29],
  ["day_of_week(date)", 4],
  ["day_of_year(date)", 60],
  ["days_in_month(date)", 29],
  ["hour(date)", 12],
  ["minute(date)", 34],
  ["minute()", 4],
  ["year(before)", 1969],
  ["year(date * 1000)", 56132],
  ["year(odd @ 0)", 292277026596],
  // conversion
  ["time()", 240],
  ["scalar(g)", -3],
  ["scalar(v)", NaN],
  ["vector(3)", 3],
  ["timestamp(g @ 180)", 180],
  ["absent(nothing)", 1],
  ["absent(g)", null],
  ["absent_over_time(nothing[5m])", 1],
  ["absent_over_time(g[5m])", null],
  ["start() + end()", 480],
  ["range() + step()", 0],
  ["min_of(2, 1)", 1],
  ["max_of(2, NaN)", NaN],
  // histograms: 10 below 0.1, 20 more below 1, 10 more below 10
  ["histogram_quantile(0.5, b)", 0.1 + 0.9 * 0.5],
  ["histogram_quantile(0, b)", 0],
  ["histogram_quantile(1, b)", 10],
  ["histogram_quantile(0.1, low)", -1],
  ["histogram_quantile(0.9, low)", 1],
  ["histogram_quantile(0.5, open)", NaN],
  ["histogram_quantile(0.5, bent)", 1],
  ["histogram_quantile(2, b)", Infinity],
  ["histogram_quantile(-1, b)", -Infinity],
  ["histogram_quantile(NaN, b)", NaN],
  ["histogram_fraction(0.1, 1, b)", 0.5],
  ["histogram_fraction(0, 0.05, b)", 0.125],
  ["histogram_fraction(1, 0, b)", 0],
  ["histogram_fraction(-Inf, Inf, b)", 1],
  ["histogram_count(b)", null],
  ["histogram_sum(b)", null],
  ["histogram_avg(b)", null],
  ["histogram_stddev(b)", null],
  ["histogram_stdvar(b)", null],
  ["sum(info(v > 5))", 6],
  ["start_timestamp(v)", null],
  // aggregates over 1, 2, 6, NaN
  ["sum(v == v)", 9],
  ["sum(v)", NaN],
  ["avg(v == v)", 3],
  ["min(v)", 1],
  ["max(v)", 6],
  ["count(v)", 4],
  ["group(v)", 1],
  ["stdvar(v == v)", 14 / 3],
  ["stddev(v == v)", Math.sqrt(14 / 3)],
  ["quantile(0.5, v == v)", 2],
  ["avg(vector(1e308) or on (x) label_replace(vector(1.5e308), 'x', '1', '', ''))", 1.25e308],
  // operators
  ["2 ^ 3 ^ 2", 512],
  ["-7 % 3", -1],
  ["1 / 0", Infinity],
  ["0 / 0", NaN],
  ["1 atan2 1", Math.PI / 4],
  ["1 == bool NaN", 0],
  ["-line", -9],
];

describe("one value", () => {
  test.for(values)("%s is %s", async ([query, value]) => {
    expect(await ask(query, data, { at: AT })).toEqual(
      value === null ? {} : closeTo({ "{}": [value] }),
    );
  });
});

const rowsByQuery: readonly [string, Rows][] = [
  ["last_over_time(g[3m])", { g: [-3] }],
  ["first_over_time(g[3m])", { g: [4] }],
  [
    "sort(v)",
    {
      'v{i="1", s="a"}': [1],
      'v{i="2", s="a"}': [2],
      'v{i="10", s="b"}': [6],
      'v{i="9", s="b"}': [NaN],
    },
  ],
  [
    "sort_desc(v)",
    {
      'v{i="10", s="b"}': [6],
      'v{i="2", s="a"}': [2],
      'v{i="1", s="a"}': [1],
      'v{i="9", s="b"}': [NaN],
    },
  ],
  [
    'sort_by_label(v, "i")',
    {
      'v{i="1", s="a"}': [1],
      'v{i="2", s="a"}': [2],
      'v{i="9", s="b"}': [NaN],
      'v{i="10", s="b"}': [6],
    },
  ],
  [
    'sort_by_label_desc(v, "s", "i")',
    {
      'v{i="10", s="b"}': [6],
      'v{i="9", s="b"}': [NaN],
      'v{i="2", s="a"}': [2],
      'v{i="1", s="a"}': [1],
    },
  ],
  ["topk(2, v)", { 'v{i="10", s="b"}': [6], 'v{i="2", s="a"}': [2] }],
  ["topk by (s) (1, v)", { 'v{i="2", s="a"}': [2], 'v{i="10", s="b"}': [6] }],
  ["bottomk(1, v)", { 'v{i="1", s="a"}': [1] }],
  ["bottomk(0, v)", {}],
  ["limitk(1, v)", { 'v{i="1", s="a"}': [1] }],
  [
    'count_values by (s) ("n", v > bool 1)',
    { '{n="0", s="a"}': [1], '{n="1", s="b"}': [1], '{n="1", s="a"}': [1], '{n="0", s="b"}': [1] },
  ],
  ['count_values without (i) ("i", v < 2)', { '{s="a"}': [1] }],
  ['histogram_quantiles(b, "q", 0.5, 1)', { '{q="0.5"}': [0.55], '{q="1.0"}': [10] }],
  ['label_join(v < 2, "j", "-", "s", "i", "none")', { 'v{i="1", j="a-1-", s="a"}': [1] }],
  [
    'label_replace(v < 2, "r", "<$1|${s}|$$|$1x>", "i", "(?P<s>.)")',
    { 'v{i="1", r="<1|1|$|>", s="a"}': [1] },
  ],
  ['label_replace(v < 2, "r", "x", "i", "[2-9]")', { 'v{i="1", s="a"}': [1] }],
  ['label_replace(v < 2, "s", "", "i", ".*")', { 'v{i="1"}': [1] }],
  ['label_replace(abs(v < 2), "__name__", "w", "", "")', { 'w{i="1", s="a"}': [1] }],
];

describe("rows in their order", () => {
  test.for(rowsByQuery)("%s", async ([query, rows]) => {
    const actual = await ask(query, data, { at: AT });
    expect(actual).toEqual(closeTo(rows));
    expect(Object.keys(actual)).toEqual(Object.keys(rows));
  });
});

describe("limit_ratio", () => {
  test("a ratio and its complement share the series out", async () => {
    const some = Object.keys(await ask("limit_ratio(0.5, v)", data, { at: AT }));
    const others = Object.keys(await ask("limit_ratio(-0.5, v)", data, { at: AT }));
    expect([...some, ...others].toSorted()).toEqual(
      Object.keys(await ask("v", data, { at: AT })).toSorted(),
    );
  });
});

describe("the shelf", () => {
  const cards = [...functionCards, ...aggregateCards];

  test("no name stands twice", () => {
    expect(new Set(cards.map(({ name }) => name)).size).toBe(cards.length);
  });

  test("the parser learns of every card", () => {
    for (const { name } of functionCards) expect(languageFacts.functionFacts(name)).toBeDefined();
    for (const { name } of aggregateCards)
      expect(languageFacts.aggregationFacts(name)).toBeDefined();
  });

  test("every card has its help, and a case here", () => {
    const queries = [...values, ...rowsByQuery].map(([query]) => query).join("\n");
    for (const { name, help } of cards.filter((card) => card.name !== "limit_ratio")) {
      expect(help).toMatch(/^\S/);
      expect(queries).toContain(name);
    }
  });
});
