import { expect, test } from "vitest";
import { Metrics } from "./metrics.ts";

test("two programs' metrics of one name do not meet", async () => {
  const [a, b] = [new Metrics(), new Metrics()];
  a.counter({ name: "vm_rows_total", help: "Rows" }).inc(5);
  b.counter({ name: "vm_rows_total", help: "Rows" });
  expect(await a.text()).toContain("\nvm_rows_total 5\n");
  expect(await b.text()).toContain("\nvm_rows_total 0\n");
});

test("metrics read from elsewhere are read each time, with HELP and TYPE", async () => {
  const metrics = new Metrics();
  let rows = 1;
  metrics.counterFrom({ name: "vm_rows_total", help: "Rows", labels: ["type"] }, () => [
    { labels: { type: "a" }, value: rows },
    { labels: { type: "b" }, value: 2 },
  ]);
  metrics.gaugeFrom({ name: "vm_parts", help: "Parts" }, async () => rows);
  rows = 5;
  await metrics.text();
  rows = 7;
  const text = await metrics.text();
  expect(text).toContain(
    '# HELP vm_rows_total Rows\n# TYPE vm_rows_total counter\nvm_rows_total{type="a"} 7\nvm_rows_total{type="b"} 2\n',
  );
  expect(text).toContain("# HELP vm_parts Parts\n# TYPE vm_parts gauge\nvm_parts 7\n");
});

test("a reading that fails is told and leaves the others alone", async () => {
  const errors: unknown[] = [];
  const metrics = new Metrics((error) => errors.push(error));
  metrics.gaugeFrom({ name: "vm_bad", help: "Bad", labels: ["lane"] }, () =>
    Promise.reject(new Error("lane")),
  );
  metrics.gaugeFrom({ name: "vm_good", help: "Good" }, () => 3);
  const text = await metrics.text();
  expect(text).toContain("vm_good 3");
  expect(text).not.toContain("\nvm_bad{");
  expect(errors).toHaveLength(1);
});

test("label values are escaped", async () => {
  const metrics = new Metrics();
  metrics.gauge({ name: "flag", help: "Flags", labels: ["value"] }).set({ value: 'a"b\\c\nd' }, 1);
  expect(await metrics.text()).toContain(String.raw`flag{value="a\"b\\c\nd"} 1`);
});
