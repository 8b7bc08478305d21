/** What somebody types into `policy init`, and what Enter gives. */
import { describe, expect, it } from 'vitest';
import { TEMPLATES } from '../../participant/tools/answers.ts';
import { askAnswers } from '../../participant/tools/questions.ts';
import { starterPolicy } from '../../participant/tools/starter.ts';
import { directory, file } from './support.ts';

const ACCOUNT = 'Main=0x3b9e0f1a2c4d5e6f708192a3b4c5d6e7f8091a2b';
const PAYEES = 'Hosting=0x6e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293041, Audit = 0x7f3a4b5c6d7e8f90a1b2c3d4e5f6071829304152';
const NOW = 1_800_000_000;

/** Types these lines one after another, and Enter to everything else. */
function typing(lines: Readonly<Record<number, string>>): { readonly ask: () => Promise<string>; asked: () => number } {
  let asked = 0;
  return {
    ask: () => {
      asked += 1;
      return Promise.resolve(lines[asked] ?? '');
    },
    asked: () => asked,
  };
}

describe('the questions', () => {
  it.each(TEMPLATES)(
    '%s: accounts and payees are typed, the rest is Enter, and a valid policy comes out',
    async (template) => {
      const { ask, asked } = typing({ 4: ACCOUNT, 5: PAYEES });
      const { policy } = starterPolicy(await askAnswers(template, ask, NOW));
      expect(asked()).toBeLessThanOrEqual(8);
      expect(policy.document).toMatchObject({ id: template, expiresAt: NOW + 31_536_000 });
      expect(policy.document.groups).toBeUndefined();
    },
  );

  it('take approvers from the files that their devices printed', async () => {
    const ada = { person: 'Ada', device: 'laptop', key: `ed25519:${'5d'.repeat(32)}` };
    const path = await file(await directory(), 'ada.json', { ada });
    const { ask } = typing({ 4: ACCOUNT, 5: PAYEES, 8: `1 ${path}` });
    const { policy } = starterPolicy(await askAnswers('operations', ask, NOW));
    expect(policy.document.groups?.get('approvers')).toEqual(['ada']);
  });

  it.each([
    [{ 5: PAYEES }, 'accounts'],
    [{ 4: ACCOUNT, 5: 'Hosting' }, 'payees'],
    [{ 2: '3 of 2', 4: ACCOUNT, 5: PAYEES }, 'threshold'],
    [{ 4: ACCOUNT, 5: PAYEES, 7: '10 1.0000001 5' }, 'tokenPerDay'],
  ])('refuse %j at %s', async (lines, field) => {
    const { ask } = typing(lines);
    const made = askAnswers('operations', ask, NOW).then(starterPolicy);
    await expect(made).rejects.toMatchObject({ code: 'ANSWERS_INVALID', field });
  });
});
