/**
 * The linter and the compiler, shown what they must reject. A configuration that matches nothing passes everything, and says
 * nothing about it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listFiles } from './source.ts';
import { FIXTURE_SOURCES, FIXTURES, ROOT, rejectedBy } from './tree.ts';

const ROOMS = [
  'protocol/common',
  'protocol/threshold',
  'protocol/payload',
  'protocol/simulation',
  'protocol/policy',
  'protocol/ceremony',
  'protocol/transcript',
  'protocol/redteam',
  'proto',
  'participant',
  'coordinator',
  'auditor',
];
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A small copy of the house: its configuration, its packages, and one harmless file in every room. */
function emptyHouse(): string {
  const house = mkdtempSync(join(tmpdir(), 'keymoot-house-'));
  folders.push(house);
  for (const file of ['.oxlintrc.json', 'tsconfig.base.json', 'package.json'])
    cpSync(join(ROOT, file), join(house, file));
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  for (const room of ROOMS) {
    mkdirSync(join(house, room), { recursive: true });
    cpSync(join(ROOT, room, 'tsconfig.json'), join(house, room, 'tsconfig.json'));
    writeFileSync(join(house, room, 'stub.ts'), 'export const stub: number = 1;\nexport type Stub = number;\n');
  }
  return house;
}

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

function run(house: string, tool: string, args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules', '.bin', tool), args, {
    cwd: house,
    encoding: 'utf8',
  });
  return { status, output: `${stdout}\n${stderr}` };
}

describe('lint', () => {
  let found: ReadonlySet<string>;

  beforeAll(() => {
    const house = emptyHouse();
    cpSync(join(FIXTURES, 'tree'), house, { recursive: true });
    const { output } = run(house, 'oxlint', ['--format', 'unix']);
    found = new Set(
      [...output.matchAll(/^(?<path>\S+?):\d+:\d+: .*\[\w+\/\w+\((?<rule>[\w-]+)\)\]$/gm)].map(
        (line) => `${line.groups?.['path']} ${line.groups?.['rule']}`,
      ),
    );
  });

  test.each(
    FIXTURE_SOURCES.flatMap((source) =>
      rejectedBy(source)
        .filter((name) => name.startsWith('lint '))
        .map((name) => [source.path, name.slice('lint '.length)] as const),
    ),
  )('%s is rejected by %s', (path, rule) => {
    expect(found).toContain(`${path} ${rule}`);
  });

  test('what only looks guilty is accepted, and so are the stubs', () => {
    const accepted = FIXTURE_SOURCES.filter((source) => rejectedBy(source).length === 0).map(({ path }) => path);
    expect(accepted.length).toBeGreaterThan(1);
    expect(
      [...found].filter((line) => accepted.includes(line.split(' ')[0] ?? '') || /\/stub\.ts /.test(line)),
    ).toEqual([]);
  });
});

describe('project references and compiler options', () => {
  const walls = listFiles(join(FIXTURES, 'walls')).map((path) => {
    const [first = ''] = readFileSync(join(FIXTURES, 'walls', path), 'utf8').split('\n');
    const header = /^\/\/ tsc -b (?<room>\S+): (?<code>TS\d+)$/.exec(first)?.groups;
    if (header === undefined) throw new Error(`${path} does not say what must reject it`);
    const [name = '', ...rest] = path.split('/');
    return { name, path: rest.join('/'), room: header['room'] ?? '', code: header['code'] ?? '' };
  });

  test('the empty house builds', () => {
    expect(run(emptyHouse(), 'tsc', ['-b', ...ROOMS])).toMatchObject({ status: 0 });
  });

  test.each(walls)('$name: $path is rejected with $code', ({ name, path, room, code }) => {
    const house = emptyHouse();
    mkdirSync(dirname(join(house, path)), { recursive: true });
    cpSync(join(FIXTURES, 'walls', name, path), join(house, path));
    const { status, output } = run(house, 'tsc', ['-b', room, '--pretty', 'false']);
    expect(status).not.toBe(0);
    expect(output).toMatch(new RegExp(`${path.replaceAll('.', '\\.')}\\(\\d+,\\d+\\): error ${code}:`));
  });
});
