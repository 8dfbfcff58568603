/** Prints one plain closing line, "N passed, N failed, N skipped", for machines that count tests. */
import type { Reporter, TestModule } from "vitest/node";

export default class PlainSummary implements Reporter {
  onTestRunEnd(testModules: ReadonlyArray<TestModule>, unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const testModule of testModules) {
      for (const testCase of testModule.children.allTests()) counts[testCase.result().state] += 1;
      // A file that cannot load has no tests of its own, yet it is a failure.
      if (testModule.errors().length > 0) counts.failed += 1;
    }
    counts.failed += unhandledErrors.length;
    process.stdout.write(
      `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
    );
  }
}
