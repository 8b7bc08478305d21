/** The starters that come with the package are what `policy init` makes of their answers, and the linter has nothing to say. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAnswers, TEMPLATES } from '../../participant/tools/answers.ts';
import { starterPolicy } from '../../participant/tools/starter.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import { lintPolicy } from '../../protocol/policy/lint/lint.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';

function starterFile(name: string): string {
  return readFileSync(new URL(`../../starter/${name}`, import.meta.url), 'utf8');
}

describe.each(TEMPLATES)('starter %s', (template) => {
  const answers = readAnswers(starterFile(`${template}.answers.json`));
  const made = starterPolicy(answers);

  it('is what init makes of its answers', () => {
    const kept = parsePolicy(starterFile(`${template}.json`));
    expect(kept).toMatchObject({ ok: true });
    if (kept.ok) expect(toHex(policyDigest(kept.value))).toBe(toHex(policyDigest(made.policy)));
  });

  it('leaves the linter nothing to say', () => {
    const { parties, threshold } = answers;
    expect(lintPolicy(made.policy, { parties, threshold })).toEqual([]);
  });
});
