import { expect, test } from "vitest";
import { parseList } from "./list.ts";

test.for([
  { text: "", values: [] },
  { text: "a", values: ["a"] },
  { text: "a,b", values: ["a", "b"] },
  { text: "a,,b,", values: ["a", "", "b", ""] },
  { text: '"a,b",c', values: ["a,b", "c"] },
  { text: "'a,\"b',c", values: ['a,"b', "c"] },
  { text: String.raw`"say \"x\", then \\"`, values: [String.raw`say "x", then \ `.trim()] },
  { text: "host:8400,[::1]:8400", values: ["host:8400", "[::1]:8400"] },
])("$text is a list of values", ({ text, values }) => {
  expect(parseList(text)).toEqual(values);
});

test("a quote inside a value is a part of it", () => {
  expect(parseList("a'b,c\"d")).toEqual(["a'b", 'c"d']);
});

test.for(['"a', "'a,b", '"a"b'])("%j is no list", (text) => {
  expect(parseList(text)).toBeUndefined();
});
