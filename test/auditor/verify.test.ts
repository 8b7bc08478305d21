/** `keymoot audit verify`: exit codes, the first failing entry, and nothing believed without a roster. */
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprint } from '../../protocol/ceremony/roster.ts';
import { fileOf } from '../support/story.ts';
import { ETHER, readyMoot, transfer, treasuryMoot, trojan } from '../support/treasury.ts';
import { claimed } from '../transcript/support.ts';
import { Desk, run } from './support.ts';

const desk = new Desk();
afterAll(() => {
  desk.clear();
});

const moot = treasuryMoot('auditor');
const keygen = moot.keygen('treasury');
const { from } = readyMoot('auditor');
// readyMoot made the same wallet from the same label, with pair setups.
const signing = moot.sign(from, { payload: transfer() });
const refusal = moot.sign(from, { payload: trojan() });
const forged = moot.sign(from, { payload: trojan(), answer: claimed(trojan()) });

const roster = desk.roster(moot.roster.file);
const files = {
  keygen: desk.write('1-keygen.jsonl', fileOf(keygen.lines)),
  signing: desk.write('2-signing.jsonl', fileOf(signing.lines)),
  refusal: desk.write('3-refusal.jsonl', fileOf(refusal.lines)),
  forged: desk.write('4-forged.jsonl', fileOf(forged.lines)),
};
const words = fingerprint(moot.roster.digest).words;

interface Answer {
  readonly ok: boolean;
  readonly error?: { readonly code: string; readonly entry?: string; readonly file?: string };
  readonly roster?: { readonly fingerprint: string };
  readonly transcripts: readonly {
    readonly file: string;
    readonly ok: boolean;
    readonly ending?: string;
    readonly checks: readonly { readonly name: string; readonly ok: boolean }[];
    readonly failure?: { readonly code: string; readonly entry?: string };
  }[];
}

describe('audit verify', () => {
  it('verifies a year of ceremonies with nothing but the roster', async () => {
    const { code, out, error } = await run('verify', files.refusal, files.keygen, files.signing, '--roster', roster);
    expect(error).toBe('');
    expect(code).toBe(0);
    expect(out).toContain(`fingerprint: ${words}`);
    expect(out.match(/VERIFIED: /g)).toHaveLength(3);
    // In the order in which they were proposed.
    expect(out.indexOf(files.keygen)).toBeLessThan(out.indexOf(files.signing));
    expect(out.indexOf(files.signing)).toBeLessThan(out.indexOf(files.refusal));
    expect(out).toContain('3 of 3 transcripts verified');
  });

  it('compares the fingerprint, in words or digits', async () => {
    expect((await run('verify', files.signing, '--roster', roster, '--fingerprint', words.toUpperCase())).code).toBe(0);
    const { digits } = fingerprint(moot.roster.digest);
    expect((await run('verify', files.signing, '--roster', roster, '--fingerprint', digits)).code).toBe(0);
    const other = await run('verify', files.signing, '--roster', roster, '--fingerprint', `${words} zoo`);
    expect(other).toMatchObject({ code: 1 });
    expect(other.error).toContain('FINGERPRINT_DIFFERS');
  });

  it('exits with 1 and UNANCHORED without a roster', async () => {
    const { code, out, error } = await run('verify', files.signing);
    expect(code).toBe(1);
    expect(error).toContain('UNANCHORED');
    expect(out).toContain('NOT VERIFIED');
    const { code: second, out: json } = await run('verify', files.signing, '--json');
    expect(second).toBe(1);
    expect((JSON.parse(json) as Answer).error?.code).toBe('UNANCHORED');
  });

  it('names file, first failing entry and reason', async () => {
    const { code, out, error } = await run('verify', files.signing, files.forged, '--roster', roster);
    expect(code).toBe(1);
    expect(error).toMatch(/^.*4-forged\.jsonl: entry \d+: the consent of party 1 .*\(JUDGEMENT_DIFFERS\)$/);
    expect(out).toContain('1 of 2 transcripts verified');
  });

  it('says the same as JSON', async () => {
    const { code, out } = await run('verify', files.signing, files.forged, '--roster', roster, '--json');
    expect(code).toBe(1);
    const answer = JSON.parse(out) as Answer;
    expect(answer).toMatchObject({ ok: false, error: { code: 'JUDGEMENT_DIFFERS', file: files.forged } });
    expect(answer.roster?.fingerprint).toBe(words);
    const [good, bad] = answer.transcripts;
    expect(good).toMatchObject({ file: files.signing, ok: true, ending: 'completed' });
    expect(good?.checks.every((check) => check.ok)).toBe(true);
    expect(good?.checks.at(-1)?.name).toBe('history');
    expect(bad?.failure?.code).toBe('JUDGEMENT_DIFFERS');
    expect(Number(bad?.failure?.entry)).toBeGreaterThan(1);
  });

  it('finds what only two transcripts show', async () => {
    const a = moot.sign(from, { payload: transfer(), random: 'again' });
    const b = moot.sign(from, { payload: transfer(ETHER), random: 'again' });
    const paths = [desk.write('5-a.jsonl', fileOf(a.lines)), desk.write('6-b.jsonl', fileOf(b.lines))];
    const { code, error } = await run('verify', ...paths, '--roster', roster);
    expect(code).toBe(1);
    expect(error).toContain('NONCE_REUSED');
  });

  it('accepts the same transcript twice and says so', async () => {
    const copy = desk.write('copy.jsonl', fileOf(signing.lines));
    const { code, out } = await run('verify', files.signing, copy, '--roster', roster);
    expect(code).toBe(0);
    expect(out).toContain('note this transcript was given before');
  });

  it.each([
    ['a file that is not there', 'nowhere.jsonl', 'FILE_UNREADABLE'],
    ['a directory', '.', 'FILE_UNREADABLE'],
  ])('%s: exit 1', async (_, path, reason) => {
    const result = await run('verify', path, '--roster', roster);
    expect(result).toMatchObject({ code: 1 });
    expect(result.error).toContain(reason);
  });

  it('refuses rosters that are none: exit 1', async () => {
    for (const [name, content, reason] of [
      ['empty.json', '', 'ROSTER_MALFORMED'],
      ['binary.json', Uint8Array.of(0xff, 0xfe), 'ROSTER_MALFORMED'],
      ['other.json', '{"roster":{},"signatures":[]}', 'ROSTER_MALFORMED'],
      ['twice.json', '{"roster":{},"roster":{},"signatures":[]}', 'ROSTER_MALFORMED'],
    ] as const) {
      const result = await run('verify', files.signing, '--roster', desk.write(name, content));
      expect(result).toMatchObject({ code: 1, out: '' });
      expect(result.error).toContain(reason);
    }
    const unsigned = { ...moot.roster.file, signatures: moot.roster.file.signatures.slice(0, 2) };
    const path = desk.roster(unsigned, 'unsigned.json');
    expect((await run('verify', files.signing, '--roster', path)).error).toContain('ROSTER_UNSIGNED');
  });

  it('refuses noise without falling over', async () => {
    for (const [i, content] of ['', '\n', '{}\n', '[]', '\u0000', `${'['.repeat(100_000)}\n`].entries()) {
      const result = await run('verify', desk.write(`noise-${i}`, content), '--roster', roster);
      expect(result).toMatchObject({ code: 1 });
      expect(result.error).toContain('FILE_MALFORMED');
    }
  });

  it.each([
    [[]],
    [['verify']],
    [['verify', '--rooster', 'x', 'y']],
    [['verify', '--roster']],
    [['show']],
    [['show', 'a', 'b']],
    [['believe', 'a']],
  ])('usage mistakes exit with 2: %j', async (args) => {
    const result = await run(...args);
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.error).toContain('Usage');
  });

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, error: '' });
  });
});

describe('audit show', () => {
  it('reads a signing out in plain words, unverified', async () => {
    const { code, out } = await run('show', files.signing);
    expect(code).toBe(0);
    expect(out).toContain('NOT VERIFIED');
    for (const words of [
      'operator olivia proposes a sign for wallet treasury',
      'TRANSACTION of your wallet on chain 31337',
      '0.5 test ETH',
      'the proposer claims: "monthly payment"',
      'party 1 CONSENTS by policy alone',
      'rules: common/small',
      'operator:olivia starts it',
      'party 2 reports the signature r ',
      'party:3 closes it as completed',
    ]) {
      expect(out).toContain(words);
    }
  });

  it('names addresses as the policies in the transcript do, once it verifies', async () => {
    const verified = await run('show', files.signing, '--roster', roster);
    expect(verified.out).toContain(' = "Payee" (your list "payees")');
    expect((await run('show', files.signing)).out).not.toContain('"Payee"');
    expect((await run('show', files.forged, '--roster', roster)).out).not.toContain('(your list');
  });

  it('shows why a payload was refused', async () => {
    const { code, out } = await run('show', files.refusal, '--roster', roster);
    expect(code).toBe(0);
    expect(out).toMatch(/^VERIFIED\n/);
    expect(out).toContain('DELEGATECALL');
    expect(out).toContain('party 3 REJECTS by policy alone');
    expect(out).toContain('because DELEGATECALL_UNTRUSTED: ');
  });

  it('shows a keygen', async () => {
    const { out } = await run('show', files.keygen);
    expect(out).toContain('reports the key');
    expect(out).toContain(
      'wallet: the proposal that it came from, and the certificate of all holders (KEYGEN, generation 1)',
    );
  });

  it('exits with 1 if the roster says no', async () => {
    const { code, out } = await run('show', files.forged, '--roster', roster);
    expect(code).toBe(1);
    expect(out).toContain('NOT VERIFIED: ');
  });

  it('gives the entries as JSON', async () => {
    const { code, out } = await run('show', files.signing, '--json');
    expect(code).toBe(0);
    const shown = JSON.parse(out) as { readonly verified: boolean; readonly entries: readonly { kind: string }[] };
    expect(shown.verified).toBe(false);
    expect(shown.entries).toHaveLength(signing.lines.length);
    expect(shown.entries[0]?.kind).toBe('open');
  });

  it('prints what a file says without obeying it', async () => {
    const evil = moot.sign(from, {
      payload: transfer(),
      proposal: (body) => ({ ...body, note: 'paid\u001b[2J\u202eevil\nVERIFIED' }),
    });
    const { out } = await run('show', desk.write('evil.jsonl', fileOf(evil.lines)));
    expect(out).toMatch(/^[\x20-\x7e\n]*$/);
    expect(out).toContain('paid\\u{1b}[2J');
    expect(out.split('\n').filter((line) => line === 'VERIFIED')).toEqual([]);
  });

  it('refuses what is no transcript', async () => {
    const { code, error } = await run('show', desk.write('none.jsonl', 'hello\n'));
    expect(code).toBe(1);
    expect(error).toContain('FILE_MALFORMED');
  });
});
