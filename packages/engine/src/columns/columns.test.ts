import { wordsOf } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { labelKey } from "../labels/label-key.ts";
import {
  blankColumns,
  emptyColumns,
  relabelled,
  repeatedOverSteps,
  selectRows,
  settleNames,
  withoutBlankRows,
  withoutNames,
  type Columns,
} from "./columns.ts";
import { RowCollector } from "./row-collector.ts";

const key = (name: string, label: string): string =>
  labelKey([
    { name: "__name__", value: name },
    { name: "a", value: label },
  ]);
const A = labelKey([{ name: "a", value: "1" }]);
const B = labelKey([{ name: "a", value: "2" }]);

function columnsOf(rows: readonly [string, (number | null)[]][]): Columns {
  const columns = blankColumns(
    rows.map(([label]) => label),
    rows[0]?.[1].length ?? 0,
  );
  rows.forEach(([, values], row) => {
    values.forEach((value, step) => {
      columns.values[row * columns.stepCount + step] = value ?? 0;
      columns.presence[row * columns.stepCount + step] = value === null ? 0 : 1;
    });
  });
  return columns;
}

function cells({ labels, stepCount, values, presence }: Columns): (number | null)[][] {
  return labels.map((_, row) =>
    Array.from({ length: stepCount }, (__, step) =>
      presence[row * stepCount + step] === 1 ? (values[row * stepCount + step] as number) : null,
    ),
  );
}

describe("rows that come to have equal labels", () => {
  const apart = columnsOf([
    [key("x", "1"), [1, null, null]],
    [key("x", "2"), [7, 8, 9]],
    [key("y", "1"), [null, 2, null]],
  ]);

  test("become one, in the place of the first, where they never meet", () => {
    const merged = withoutNames(apart, { delayed: false }, true);
    expect(merged.labels).toEqual([A, B]);
    expect(cells(merged)).toEqual([
      [1, 2, null],
      [7, 8, 9],
    ]);
  });

  test("are an error where they meet at a step, or where no merging is allowed", () => {
    const meeting = columnsOf([
      [key("x", "1"), [1, 1]],
      [key("y", "1"), [null, 2]],
    ]);
    expect(() => withoutNames(meeting, { delayed: false }, true)).toThrow("same labelset");
    expect(() => withoutNames(apart, { delayed: false }, false)).toThrow("same labelset");
  });

  test("stay apart until the end under delayed name removal", () => {
    const marked = withoutNames(apart, { delayed: true }, false);
    expect(marked.labels).toEqual(apart.labels);
    expect(cells(settleNames(marked))).toEqual([
      [1, 2, null],
      [7, 8, 9],
    ]);
  });

  test("other labels are just given", () => {
    const renamed = relabelled(columnsOf([[A, [1]]]), [B], null, true);
    expect(renamed.labels).toEqual([B]);
  });
});

describe("rows", () => {
  test("are selected in any order", () => {
    const columns = columnsOf([
      [A, [1, 2]],
      [B, [3, null]],
    ]);
    const selected = selectRows(columns, [1, 0]);
    expect(selected.labels).toEqual([B, A]);
    expect(cells(selected)).toEqual([
      [3, null],
      [1, 2],
    ]);
  });

  test("without samples are left out", () => {
    const columns = columnsOf([
      [A, [null, null]],
      [B, [null, 5]],
    ]);
    expect(withoutBlankRows(columns).labels).toEqual([B]);
    expect(withoutBlankRows(emptyColumns(3)).labels).toEqual([]);
  });

  test("of one step are repeated bit for bit", () => {
    const columns = columnsOf([
      [A, [0]],
      [B, [null]],
    ]);
    wordsOf(columns.values).set([77, 0x7ff8_0001]);
    const repeated = repeatedOverSteps(columns, 5);
    expect([...repeated.presence]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect([...wordsOf(repeated.values).subarray(0, 10)]).toEqual(
      Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 77 : 0x7ff8_0001)),
    );
  });
});

describe("a row collector", () => {
  test("grows, finds rows by their labels, and asks before it grows", () => {
    const asked: number[] = [];
    const rows = new RowCollector(2, 1, (count) => asked.push(count));
    for (let i = 0; i < 5; i += 1) {
      const start = rows.row(labelKey([{ name: "n", value: String(i) }]));
      rows.put(start + 1, i);
    }
    rows.put(rows.row(labelKey([{ name: "n", value: "3" }])), 30);
    expect(cells(rows.finish())).toEqual([
      [null, 0],
      [null, 1],
      [null, 2],
      [30, 3],
      [null, 4],
    ]);
    expect(asked).toEqual([1, 4, 10]);
  });

  test("takes one sample per row and step", () => {
    const rows = new RowCollector(1, 1, () => undefined);
    rows.put(rows.row(A), 1);
    expect(() => {
      rows.put(rows.row(A), 1);
    }).toThrow("same labelset");
  });
});
