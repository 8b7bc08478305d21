/** The commands as people run them: what they print, what they refuse, and how they end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { directory, file, repository, run } from './support.ts';

let home: string;

beforeAll(async () => {
  home = await directory();
});

describe('policy test', () => {
  it.each(['treasury', 'operations', 'exchange'])('starter %s: every case is as expected', async (name) => {
    const { code, err, out } = await run('test', repository(`starter/${name}.test.json`));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/[1-9][0-9]* passed, 0 failed/);
  });

  it('says what differs, and ends with 1', async () => {
    const cases = JSON.parse(await readFile(repository('starter/operations.test.json'), 'utf8')) as {
      policy: string;
      cases: { expect: unknown }[];
    };
    cases.policy = repository('starter/operations.json');
    const [first] = cases.cases;
    if (first === undefined) throw new Error('the starter has cases');
    first.expect = { decision: 'deny', consents: 2, rules: [], reasons: ['DEFAULT_DENY'], groups: ['approvers:3'] };
    const { code, out } = await run('test', await file(home, 'wrong.test.json', { ...cases, cases: [first] }));
    expect(code).toBe(1);
    expect(out.split('\n').map((line) => line.trim())).toEqual([
      'FAILED 1,000 USDC: nobody is asked',
      'decision: expected deny, it is allow',
      'consents: expected 2, it is 3',
      'rules: expected none, it is common/token-small',
      'groups: expected approvers:3, it is none',
      'reasons: expected DEFAULT_DENY, they are none',
      '0 passed, 1 failed',
      '',
    ]);
  });

  it.each([
    [{ cases: [] }, 'cases'],
    [{ cases: [{ name: 'a', expect: { decision: 'deny' } }] }, 'cases[0]'],
    [{ cases: [{ name: 'a', sequence: ['0x'], expect: { decision: 'deny' } }] }, 'cases[0].expect'],
    [{ cases: [{ name: 'a', payload: '0x', expect: { decision: 'maybe' } }] }, 'cases[0].expect.decision'],
    [{ cases: [{ name: 'a', payload: '0x', expects: { decision: 'deny' } }] }, 'cases[0].expects'],
  ])('refuses %j at %s', async (part, field) => {
    const path = await file(home, 'bad.json', { schema: 'keymoot/policy-test/1', policy: 'x.json', ...part });
    const { code, out } = await run('test', path, '--json');
    expect(code).toBe(1);
    const { error } = JSON.parse(out) as { readonly error: Record<string, string> };
    expect(error['code']).toMatch(/^(CASES_INVALID|READ_FAILED)$/);
    expect(error['field']).toBe(`${path}: ${field}`);
  });
});

describe('policy init', () => {
  it('writes a policy from answers, once', async () => {
    const out = join(home, 'made.json');
    const answers = repository('starter/treasury.answers.json');
    const first = await run('init', '--answers', answers, '--out', out);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect((await run('check', out)).code).toBe(0);
    const again = await run('init', '--answers', answers, '--out', out);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('FILE_EXISTS') as string });
  });

  it('asks nobody where nobody can answer, and writes nothing', async () => {
    const out = join(home, 'unasked.json');
    const { code, err } = await run('init', '--out', out);
    expect({ code, err: err.split(':')[0] }).toEqual({ code: 1, err: 'CONFIRMATION_MISSING' });
    await expect(readFile(out)).rejects.toThrow('ENOENT');
  });

  it.each([
    [{ threshold: '4' }, 'threshold'],
    [{ token: undefined }, 'token'],
    [{ tokenUnattended: undefined }, 'tokenUnattended'],
    [{ tokenPerDay: '1.0000001' }, 'tokenPerDay'],
    [{ coinPerDay: '-1' }, 'coinPerDay'],
    [{ wallet: 'Operations' }, 'wallet'],
    [{ extra: 'x' }, 'extra'],
  ])('refuses the answers %j', async (change, field) => {
    const answers = JSON.parse(await readFile(repository('starter/operations.answers.json'), 'utf8')) as object;
    const path = await file(home, 'answers.json', { ...answers, ...change });
    const { code, out } = await run('init', '--answers', path, '--out', join(home, 'never.json'), '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, error: { code: 'ANSWERS_INVALID', field } });
  });
});

describe('policy lint, explain and diff', () => {
  it('lint ends with 1 only if it is to be strict', async () => {
    const path = repository('docs/examples/policies/treasury.json');
    const plain = await run('lint', path);
    expect(plain).toMatchObject({ code: 0, out: expect.stringContaining('LINT_NO_OUTSTANDING') as string });
    expect(await run('lint', path, '--strict')).toMatchObject({ code: 1 });
    expect(await run('lint', repository('starter/treasury.json'), '--strict')).toMatchObject({ code: 0 });
  });

  it('explain shows the limit that a payload meets', async () => {
    const cases = JSON.parse(await readFile(repository('starter/treasury.test.json'), 'utf8')) as {
      readonly cases: readonly { readonly payload?: unknown }[];
    };
    const payload = await file(home, 'payload.json', cases.cases[0]?.payload);
    const policyFile = repository('starter/treasury.json');
    const usage = await file(home, 'usage.json', [{ limit: 'coin-a-day', used: '1' }]);
    const at = ['--at', '1800000000', '--threshold', '2', '--parties', '3', '--wallet', 'treasury'];
    const free = await run('explain', policyFile, payload, ...at);
    expect(free).toMatchObject({ code: 0, err: '' });
    expect(free.out).toMatch(/^require/);
    const used = await run('explain', policyFile, payload, ...at, '--usage', usage);
    expect(used.out).toMatch(/^deny/);
    expect(used.out).toContain('LIMIT_EXCEEDED');
    expect(used.out).toContain('coin-a-day');
  });

  it('diff of a policy with itself says so', async () => {
    const path = repository('starter/treasury.json');
    expect(await run('diff', path, path)).toMatchObject({ code: 0, out: 'Both say the same.\n' });
  });
});

describe('policy entry', () => {
  it('is signed by its owner, taken into the next version, and refused when it was changed', async () => {
    const own = join(home, 'acme');
    const passphrase = await file(home, 'passphrase', 'a long enough passphrase');
    const secret = ['--passphrase-file', passphrase];
    expect(await run('entry', 'init', '--home', own, ...secret, '--weak-kdf')).toMatchObject({ code: 0, err: '' });
    const path = join(home, 'acme.json');
    const address = '1:0xc26d7e8f90a1b2c3d4e5f60718293041526374a5:eoa';
    const names = ['--name', 'acme', '--label', 'Acme GmbH', '--address', address, '--out', path];
    expect(await run('entry', 'sign', '--home', own, ...secret, ...names)).toMatchObject({ code: 0, err: '' });
    expect(await run('entry', 'verify', path)).toMatchObject({ code: 0 });
    const next = join(home, 'next.json');
    const exchange = repository('starter/exchange.json');
    expect(await run('entry', 'add', path, '--into', exchange, '--out', next)).toMatchObject({ code: 0, err: '' });
    const { out } = await run('diff', exchange, next, '--json');
    expect(JSON.parse(out)).toMatchObject({ direction: expect.stringMatching(/^(book|widens)$/) as string });
    const changed = (await readFile(path, 'utf8')).replace('a5"', 'a6"');
    const forged = await file(home, 'forged.json', changed);
    const refused = await run('entry', 'verify', forged);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('ENTRY_SIGNATURE') as string });
    expect(await run('entry', 'add', forged, '--into', exchange, '--out', join(home, 'no.json'))).toMatchObject({
      code: 1,
    });
  });
});
