/** Every check that the sources can name is explained, and the page of errors says the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CHECKS, describeCulprits, wordsOf } from '../../protocol/ceremony/check-words.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function sources(directory: string): readonly string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

/** By the shape of their names, and by the places where aborts get one. */
const SHAPED = /'((?:K(?:[1-9]|1[0-2])|F1|P[1-5]|C[12]|S[0-7]|two-[a-z]+))'/g;
const GIVEN =
  /\b(?:failed|#abort|failedSetup)\(\s*'[A-Z]+',\s*'([^']+)'|\b(?:blame|inconsistent|cheat)\(\s*'([^']+)'|\bcheck:\s*'([^']+)'/g;

const named = new Set<string>();
for (const text of [
  ...sources('protocol/threshold'),
  ...sources('protocol/ceremony/evidence'),
  ...sources('participant/ceremonies'),
  ...sources('participant/pairs'),
]) {
  for (const match of text.matchAll(SHAPED)) named.add(match[1] ?? '');
  for (const match of text.matchAll(GIVEN)) named.add(match[1] ?? match[2] ?? match[3] ?? '');
}
named.delete('');

describe('the table of checks', () => {
  it('walks all checks of the specification', () => {
    const numbered = (letter: string, from: number, to: number): readonly string[] =>
      Array.from({ length: to - from + 1 }, (_, i) => `${letter}${from + i}`);
    for (const check of [...numbered('K', 1, 12), 'F1', ...numbered('P', 1, 5), 'C1', 'C2', ...numbered('S', 0, 7)]) {
      expect(Object.keys(CHECKS)).toContain(check);
    }
  });

  it('explains every check that the sources name', () => {
    expect(named.size).toBeGreaterThan(35);
    expect([...named].filter((check) => !Object.hasOwn(CHECKS, check))).toEqual([]);
  });

  it('says what failed without blaming by name, and what to do', () => {
    for (const [check, { next, sentence }] of Object.entries(CHECKS)) {
      expect(sentence, check).toMatch(/^[a-z].*[^.]$/);
      expect(next, check).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('is the one of docs/errors.md, in both directions', () => {
    const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
    const section = page.slice(page.indexOf('## Checks'), page.indexOf('\n## ', page.indexOf('## Checks') + 3));
    const rows = [...section.matchAll(/^\| ([^|`]+) \| ([^|]+) \| ([^|]+) \|$/gm)]
      .map((match) => [match[1]?.trim(), match[2]?.trim(), match[3]?.trim()])
      .filter(([check]) => check !== 'check' && check?.startsWith('-') !== true);
    const table = Object.entries(CHECKS).map(([check, { next, sentence }]) => [check, sentence, next]);
    expect(rows).toEqual(table);
  });

  it('names culprits, and knows what to say of a check that does not exist', () => {
    const nameOf = (party: number): string | undefined => (party === 3 ? 'bea' : undefined);
    expect(describeCulprits('K4', [3], nameOf)).toBe('party 3 (bea): K4, a dealing does not open its commitment');
    expect(describeCulprits('S6', [], nameOf)).toBe('S6: the key shares of the signers do not add up to the key');
    expect(describeCulprits('S2', [2, 3], nameOf)).toContain('party 2, party 3 (bea): S2');
    for (const check of ['nonsense', 'toString', '__proto__']) expect(wordsOf(check).sentence).toBe('a check failed');
  });
});
