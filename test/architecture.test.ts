/**
 * The rules of the house (docs/architecture.md), each run over the repository, which must have no problem, and over
 * fixtures, which must have exactly the problem they were made to have.
 */
import { describe, expect, test } from 'vitest';
import { BASE_OT_DST, HOT_TAGS, TAGS } from '../protocol/threshold/tags.ts';
import {
  checkCodes,
  checkDependencies,
  checkForeign,
  checkLock,
  checkTags,
  codesOf,
  type LockFile,
  type PackageFile,
} from './architecture/catalogue.ts';
import { checkDigests } from './architecture/digests.ts';
import { checkReadings } from './architecture/readings.ts';
import { checkArrows, checkDoors, checkPurity, type Problem, roomOf } from './architecture/rooms.ts';
import { checkBarrels, checkEscapes, checkLength } from './architecture/shape.ts';
import { listFiles, parseSource, type Source } from './architecture/source.ts';
import { FIXTURE_SOURCES, PRODUCT_SOURCES, ROOT, ROOT_SOURCES, readRoot, rejectedBy } from './architecture/tree.ts';

const RULES: Readonly<Record<string, (sources: readonly Source[]) => readonly Problem[]>> = {
  arrows: checkArrows,
  doors: checkDoors,
  purity: checkPurity,
  barrels: checkBarrels,
  escapes: checkEscapes,
  digests: checkDigests,
  readings: checkReadings,
};

describe.each(Object.entries(RULES))('%s', (name, rule) => {
  test('the repository keeps the rule', () => {
    expect(rule(ROOT_SOURCES)).toEqual([]);
  });

  test('the fixtures made to break it are rejected, and no other', () => {
    const guilty = FIXTURE_SOURCES.filter((source) => rejectedBy(source).includes(name)).map(({ path }) => path);
    expect(guilty.length).toBeGreaterThan(0);
    expect([...new Set(rule(FIXTURE_SOURCES).map(({ path }) => path))].sort()).toEqual(guilty.sort());
  });
});

test('the rules see the repository: every room has sources, and they import each other', () => {
  const rooms = new Set(PRODUCT_SOURCES.map(({ path }) => roomOf(path)));
  for (const room of [
    'protocol/common',
    'protocol/threshold',
    'protocol/payload',
    'protocol/policy',
    'protocol/ceremony',
    'proto',
  ]) {
    expect(rooms).toContain(room);
  }
  expect(PRODUCT_SOURCES.flatMap(({ imports }) => imports).length).toBeGreaterThan(PRODUCT_SOURCES.length);
});

describe('length', () => {
  test('every file is short enough to have one job', () => {
    expect(checkLength(ROOT_SOURCES)).toEqual([]);
  });

  test('a file of 451 lines is rejected, one of 450 is not', () => {
    const of = (lines: number): Source => parseSource(`${lines}.ts`, `${'let x = 1;\n'.repeat(lines)}\n\n`);
    expect(checkLength([of(450), of(451)]).map(({ path }) => path)).toEqual(['451.ts']);
  });
});

describe('codes', () => {
  const documents = { 'docs/errors.md': readRoot('docs/errors.md') };

  test('every code is documented, and every documented code exists', () => {
    expect(checkCodes(PRODUCT_SOURCES, documents)).toEqual([]);
  });

  test('an undocumented and a forgotten code are rejected', () => {
    const sources = [
      parseSource('a.ts', "throw new InvalidArgument('FRESH_CODE', 'field', 'text');\nconst x = { code: 'SINGLE' };"),
      parseSource('b.ts', "type C = 'IN_A_UNION' | 'X';\nthrow new BugError('BUG_OF_OURS', 'text');"),
      parseSource(
        'c.ts',
        "export const SOME_CODES = {\n  TABLED: 'sentence',\n} as const;\ntype FailureClass = 'LEAK';",
      ),
    ];
    expect([...codesOf(sources).keys()].sort()).toEqual(['ABORT_LEAK', 'FRESH_CODE', 'IN_A_UNION', 'SINGLE', 'TABLED']);
    const table = '| `FRESH_CODE` | x |\n| `SINGLE` | x |\n| `TABLED` | x |\n| `ABORT_LEAK` | x |\n| `LONG_GONE` | x |';
    expect(checkCodes(sources, { 'e.md': table }).map(({ message }) => message)).toEqual([
      'IN_A_UNION is in no document: add a row to docs/errors.md',
      'LONG_GONE is documented and appears in no source: remove its row',
    ]);
  });
});

describe('dependencies', () => {
  test('every dependency is exact and has its reason', () => {
    const file = JSON.parse(readRoot('package.json')) as PackageFile;
    expect(checkDependencies(file, readRoot('docs/dependencies.md'))).toEqual([]);
  });

  test('a range, a missing, a stale and a superfluous entry are rejected', () => {
    const file = {
      dependencies: { a: '^1.0.0', b: '1.0.0' },
      devDependencies: { c: '2.0.0' },
      overrides: { d: 'latest' },
    };
    const document = '| `a` | ^1.0.0 | x | x |\n| `c` | 2.0.1 | x | x |\n| `gone` | 1.0.0 | x | x |';
    expect(checkDependencies(file, document).map(({ message }) => message)).toEqual([
      'the version of a is not exact',
      'the version of d is not exact',
      'b has no entry',
      'c is 2.0.0, not 2.0.1',
      'gone is no dependency',
    ]);
  });
});

describe('the lock file', () => {
  test('fixes every package by its hash, and none runs a script', () => {
    const lock = JSON.parse(readRoot('package-lock.json')) as LockFile;
    expect(Object.keys(lock.packages ?? {}).length).toBeGreaterThan(100);
    expect(checkLock(lock)).toEqual([]);
  });

  test('a weak hash, a place and a script are rejected', () => {
    const packages = {
      '': {},
      'node_modules/a': { integrity: 'sha1-x' },
      'node_modules/b': { integrity: 'sha512-x', resolved: 'somewhere' },
      'node_modules/c': { integrity: 'sha512-x', hasInstallScript: true },
      'node_modules/d': { optional: true },
      'node_modules/e': { integrity: 'sha512-x', optionalDependencies: { 'e-other': '1.0.0' } },
    };
    expect(checkLock({ lockfileVersion: 2, packages }).map(({ message }) => message)).toEqual([
      'is not of version 3',
      'node_modules/a has no sha512 hash',
      'node_modules/b comes from one place only',
      'node_modules/c runs a script when it is installed',
      'node_modules/d has no sha512 hash',
      'e-other is left out, so npm ci refuses: run scripts/complete-lock.mjs',
    ]);
  });
});

describe('tags', () => {
  const table = 'protocol/threshold/tags.ts';

  test('every hash tag is there once and used', () => {
    expect(checkTags([...TAGS, ...HOT_TAGS, BASE_OT_DST], table, PRODUCT_SOURCES.concat(dstUse()))).toEqual([]);
  });

  test('a double and an unused tag are rejected', () => {
    const sources = [parseSource('x.ts', "h('used', 1)"), parseSource(table, "['used', 'used', 'unused']")];
    expect(checkTags(['used', 'used', 'unused'], table, sources).map(({ message }) => message)).toEqual([
      'the tag used is there twice',
      'the tag unused is never used',
    ]);
  });

  /** This one is used by name. */
  function dstUse(): Source {
    const users = PRODUCT_SOURCES.filter(({ path, bare }) => path !== table && /\bBASE_OT_DST\b/.test(bare));
    return parseSource('users.ts', users.map(() => `'${BASE_OT_DST}';`).join('\n'));
  }
});

describe('the tree', () => {
  const files = listFiles(ROOT, ['proto/gen'])
    .filter(
      (path) =>
        /(?:^|\/)[^/]*(?:\.(?:ts|mjs|js|json|md|proto|sh)|rc|run)$/.test(path) && !path.startsWith('test/vectors/'),
    )
    .map((path) => ({ path, text: readRoot(path) }));

  test('names no registry and no path of a machine', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(checkForeign(files)).toEqual([]);
  });

  test('either one is rejected', () => {
    const host = ['https://registry', 'npmjs', 'org/x'].join('.');
    const bad = [host, `"${'/'}work/main"`, `cd ${'/'}root/x`, `${'/'}home/somebody/x`].map((text, i) => ({
      path: `${i}`,
      text,
    }));
    expect(checkForeign(bad).map(({ path }) => path)).toEqual(['0', '1', '2', '3']);
    expect(
      checkForeign([{ path: 'ok', text: 'the work/rest of /dev/null, /usr/bin, ./root, https://a.b/work' }]),
    ).toEqual([]);
  });
});
