/** An auditor's years: keygen, hand-over, another hand-over, signings between them, with one pinned roster. */
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprint } from '../../protocol/ceremony/roster.ts';
import { importKey, reshare } from '../support/key-changes.ts';
import { dealPairs } from '../support/moot.ts';
import type { MootWallet, Told } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { transfer, treasuryMoot } from '../support/treasury.ts';
import { Desk, run } from './support.ts';

const desk = new Desk();
afterAll(() => desk.clear());

const moot = treasuryMoot('years');
const keygen = moot.keygen('treasury');
const next = treasuryMoot('years', 1, { keys: ['1', '2', 'new'], after: moot });
const last = treasuryMoot('years', 1, { keys: ['new', '1', 'newest'], after: next });

function held({ wallet }: { readonly wallet: MootWallet | undefined }): MootWallet {
  if (wallet === undefined) throw new Error('no key');
  return wallet;
}

const first = held(keygen);
dealPairs(moot, first);
const early = moot.sign(first, { payload: transfer() });
const handed = reshare(moot, first, { next });
const second = held(handed);
dealPairs(next, second);
const middle = next.sign(second, { payload: transfer(7n) });
const refreshed = reshare(next, second);
const again = reshare(next, held(refreshed), { next: last });
const third = held(again);
dealPairs(last, third);
const late = last.sign(third, { payload: transfer(9n) });

const write = (name: string, { lines }: Told): string => desk.write(`${name}.jsonl`, fileOf(lines));
const files = {
  keygen: write('keygen', keygen),
  early: write('early', early),
  handed: write('handed', handed),
  middle: write('middle', middle),
  refreshed: write('refreshed', refreshed),
  again: write('again', again),
  late: write('late', late),
};
const [one, two, three] = [
  desk.roster(moot.roster.file, 'one.json'),
  desk.roster(next.roster.file, 'two.json'),
  desk.roster(last.roster.file, 'three.json'),
];

describe('one pinned roster', () => {
  it('verifies all that came after it, in any order of files', async () => {
    const all = Object.values(files).reverse();
    const { code, error, out } = await run('verify', ...all, '--roster', one);
    expect(error).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('7 of 7 transcripts verified');
    expect(out).toContain('HANDS A KEY TO OTHERS');
    expect(out).toContain(fingerprint(next.roster.digest).words);
    expect(out).toContain(fingerprint(last.roster.digest).words);
    expect(out).toContain('NEW SHARES of a key');
  });

  it('says in JSON to whom the key was handed, and under which roster each ceremony was held', async () => {
    const { code, out } = await run('verify', files.handed, files.middle, '--roster', one, '--json');
    expect(code).toBe(0);
    const { transcripts } = JSON.parse(out) as { transcripts: { next?: object; roster: object; wallet: object }[] };
    expect(transcripts[0]?.next).toMatchObject({ version: '2', fingerprint: fingerprint(next.roster.digest).words });
    expect(transcripts[1]?.roster).toMatchObject({ version: '2' });
    expect(transcripts[1]?.wallet).toMatchObject({ generation: '2', origin: 'generated' });
  });

  it('leads nowhere across a missing link: WRONG_ROSTER', async () => {
    const { code, error } = await run('verify', files.keygen, files.middle, '--roster', one);
    expect(code).toBe(1);
    expect(error).toContain('WRONG_ROSTER');
  });

  it('may be the newest, with the files of those before it', async () => {
    const all = Object.values(files);
    const { code, out } = await run('verify', ...all, '--roster', three, '--past-roster', one, '--past-roster', two);
    expect(code).toBe(0);
    expect(out).toContain('7 of 7 transcripts verified');
    const gap = await run('verify', files.keygen, '--roster', three, '--past-roster', one);
    expect(gap.code).toBe(1);
    expect(gap.error).toContain('does not lead back');
  });

  it('of another group verifies nothing', async () => {
    const stranger = desk.roster(treasuryMoot('strangers').roster.file, 'strangers.json');
    expect((await run('verify', ...Object.values(files), '--roster', stranger)).code).toBe(1);
  });
});

describe('show', () => {
  it('reads changes of keys out in plain words', async () => {
    const { out } = await run('show', files.again);
    for (const part of [
      'proposes a reshare for wallet treasury',
      'generation 4, dealt by party 1, 2',
      `fingerprint ${fingerprint(last.roster.digest).words}`,
      'any 2 of them sign',
      '(RESHARE, generation 3)',
      '(REMOVE, generation 4)',
    ]) {
      expect(out).toContain(part);
    }
    const imported = write('imported', importKey(moot, 'spare', { secret: 5n }));
    expect((await run('show', imported)).out).toContain('party 1 brings the key');
  });
});
