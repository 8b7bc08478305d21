/** The last line of a run, which scripts read: run for real on small suites that end in every way a suite can end. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { countsLine } from './reporter.ts';

const ROOT = join(import.meta.dirname, '..');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function runSuite(files: Readonly<Record<string, string>>): {
  readonly lines: readonly string[];
  readonly status: number | null;
} {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-reporter-'));
  folders.push(folder);
  mkdirSync(join(folder, 'test'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, body] of Object.entries(files)) {
    writeFileSync(
      join(folder, 'test', `${name}.test.ts`),
      `import { expect, test, beforeAll, describe } from 'vitest';\n${body}\n`,
    );
  }
  // The run inside must not take itself for a worker of the run around it.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TEST|NODE_OPTIONS)/.test(name)),
  );
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--config', join(ROOT, 'vitest.config.ts')],
    { encoding: 'utf8', env },
  );
  return { lines: stdout.trimEnd().split('\n'), status };
}

const PASSES = "test('a', () => expect(1).toBe(1));\ntest('b', () => expect(1).toBe(1));";

test('everything passes', () => {
  const { lines, status } = runSuite({ one: PASSES, two: PASSES });
  expect(lines.at(-1)).toBe('4 passed, 0 failed');
  expect(lines.filter((line) => /^\d+ passed, \d+ failed/.test(line))).toHaveLength(1);
  expect(status).toBe(0);
});

test('a test fails', () => {
  const { lines, status } = runSuite({ one: PASSES, two: "test('c', () => expect(1).toBe(2));" });
  expect(lines.at(-1)).toBe('2 passed, 1 failed');
  expect(status).toBe(1);
});

test('a file does not load', () => {
  const { lines, status } = runSuite({ one: PASSES, two: "import './missing.ts';" });
  expect(lines.at(-1)).toBe('2 passed, 1 failed');
  expect(status).toBe(1);
});

test('a hook fails before its tests, which then did not run', () => {
  const { lines, status } = runSuite({
    one: PASSES,
    two: "describe('x', () => { beforeAll(() => { throw new Error('hook'); }); test('d', () => expect(1).toBe(1)); });",
  });
  expect(lines.at(-1)).toBe('2 passed, 1 failed, 1 skipped');
  expect(status).toBe(1);
});

test('a rejection that nobody handles fails the run', () => {
  const { lines, status } = runSuite({ one: `${PASSES}\nPromise.reject(new Error('stray'));` });
  expect(lines.at(-1)).toBe('2 passed, 1 failed');
  expect(status).toBe(1);
});

test('a skipped test is counted as such', () => {
  const { lines, status } = runSuite({ one: `${PASSES}\ntest.skipIf(true)('e', () => expect(1).toBe(2));` });
  expect(lines.at(-1)).toBe('2 passed, 0 failed, 1 skipped');
  expect(status).toBe(0);
});

test('the line names skipped tests only if there are any', () => {
  expect(countsLine({ passed: 3, failed: 1, skipped: 0 })).toBe('3 passed, 1 failed');
  expect(countsLine({ passed: 0, failed: 0, skipped: 2 })).toBe('0 passed, 0 failed, 2 skipped');
});
