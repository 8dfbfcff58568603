/** Series that tests of whole queries ask about. */
import { series, type Asked } from "./ask.ts";

export const data = [
  series('errors{job="a",code="500"}', "1 2 3 4"),
  series('errors{job="a",code="404"}', "10 20 30 40"),
  series('errors{job="b",code="500"}', "100 _ stale 400"),
  series('requests{job="a"}', "100 100 100 100"),
  series('requests{job="b"}', "1000 1000 1000 1000"),
  series('twin_a{x="1"}', "1 1 1 1"),
  series('twin_b{x="1"}', "2 2 2 2"),
  series("special", "NaN Inf -Inf 5"),
];

/** Steps at minutes 0 to 3. */
export const minutes: Asked = { grid: { startMs: 0, endMs: 180_000, stepMs: 60_000 } };
