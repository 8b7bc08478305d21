/** The trees that the rules run over: the repository itself, and the fixtures that they must reject. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, readSource, type Source } from './source.ts';

export const ROOT: string = join(import.meta.dirname, '..', '..');
export const FIXTURES: string = join(import.meta.dirname, 'fixtures');

/** Generated code, data, and what is wrong on purpose. */
const NOT_OURS = ['proto/gen', 'test/vectors', 'test/architecture/fixtures'];

const isSource = (path: string): boolean => /\.(?:ts|mjs)$/.test(path);

export const ROOT_SOURCES: readonly Source[] = listFiles(ROOT, NOT_OURS)
  .filter(isSource)
  .map((path) => readSource(ROOT, path));

/** Sources of the product itself, without tests and scripts. */
export const PRODUCT_SOURCES: readonly Source[] = ROOT_SOURCES.filter(
  ({ path }) => path === 'cli.ts' || /^(?:protocol|proto|participant|coordinator|auditor)\//.test(path),
);

export const FIXTURE_SOURCES: readonly Source[] = listFiles(join(FIXTURES, 'tree'))
  .filter(isSource)
  .map((path) => readSource(join(FIXTURES, 'tree'), path));

/** What must reject a fixture, from its first line: `// Rejected by: arrows, lint no-cycle`; none if it is accepted. */
export function rejectedBy(source: Source): readonly string[] {
  const [first = ''] = source.text.split('\n');
  if (first.startsWith('// Accepted')) return [];
  const names = /^\/\/ Rejected by: (.+)$/.exec(first)?.[1];
  if (names === undefined) throw new Error(`${source.path} does not say what must reject it`);
  return names.split(', ');
}

export function readRoot(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
