/**
 * Prints the counts of a run as its very last line, `N passed, N failed` (with `, N skipped` if there are any), so that
 * a script can read the outcome without knowing the test runner. Whatever fails outside a test (a file that does not
 * load, a hook, an unhandled rejection) counts as one failure.
 */
import type { Reporter, SerializedError, TestModule, TestSuite } from 'vitest/node';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function countsLine(counts: Counts): string {
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

/** Counts of finished modules; a test still pending at the end of a run counts as failed. */
export function count(modules: readonly TestModule[], strayErrors: number): Counts {
  const counts = { passed: 0, failed: strayErrors, skipped: 0 };
  for (const module of modules) {
    const owners: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
    for (const owner of owners) counts.failed += owner.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === 'pending' ? 'failed' : state] += 1;
    }
  }
  return counts;
}

export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const line = countsLine(count(modules, errors.length));
    // After every other reporter and after vitest's own closing lines.
    process.once('exit', () => process.stdout.write(`${line}\n`));
  }
}
