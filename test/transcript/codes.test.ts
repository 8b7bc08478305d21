/** Every code has a transcript that fails for it, and a line in the documentation; and the other way round. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AUDIT_CODES, CHECKS } from '../../protocol/transcript/codes.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { fileOf } from '../support/story.ts';
import { readyMoot, transfer } from '../support/treasury.ts';

const here = new URL('.', import.meta.url);
const tests = [here, new URL('../auditor/', here)]
  .flatMap((directory) => readdirSync(directory).map((name) => new URL(name, directory)))
  .filter(({ pathname }) => pathname.endsWith('.test.ts') && !pathname.endsWith('codes.test.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');
const page = readFileSync(new URL('../../docs/transcript.md', here), 'utf8');

describe('audit codes', () => {
  // The verifier's own failure cannot be brought about on purpose.
  it.each(Object.keys(AUDIT_CODES).filter((code) => code !== 'VERIFIER_FAILED'))('%s is provoked by a test', (code) => {
    expect(tests).toMatch(new RegExp(`\\b${code}\\b`));
  });

  it('are all on the page, and nothing else is', () => {
    const listed = [...page.matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.keys(AUDIT_CODES));
  });
});

describe('checks', () => {
  const { moot, from } = readyMoot('codes');
  const { lines } = moot.sign(from, { payload: transfer() });

  it('run in the order of the page', () => {
    const listed = [...page.matchAll(/^\| \d+ \| `([a-z]+)` \|/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.keys(CHECKS));
    const { checks } = verifyTranscript(fileOf(lines), { roster: moot.roster });
    expect(checks.map((check) => check.name)).toEqual(listed.filter((name) => name !== 'history'));
  });
});
