/** `keymoot recover` as somebody uses it: a key, sealed files, one private key in a file of its own. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recover } from '../../../participant/commands/recover.ts';
import { sealShare } from '../../../participant/recovery/seal-share.ts';
import { rosterText } from '../../../protocol/ceremony/roster-file.ts';
import { signSealedShare } from '../../../protocol/ceremony/sealed-share.ts';
import { fromHex, toHex } from '../../../protocol/common/bytes.ts';
import { canonicalText } from '../../../protocol/common/canonical-json.ts';
import { curve } from '../../../protocol/threshold/curve/accelerated.ts';
import { integerFromBytes } from '../../../protocol/threshold/math/scalar.ts';
import { must } from '../../support/must.ts';
import { fileOf } from '../../support/story.ts';
import { readyMoot, transfer } from '../../support/treasury.ts';
import { vec } from '../../threshold/support/labels.ts';

const { moot, from } = readyMoot('recover');
let directory = '';
let sealed: readonly string[] = [];
let common: readonly string[] = [];

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const write = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write));
  try {
    return { code: await recover([...args, '--json']), text };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keymoot-recover-'));
  const at = (name: string): string => join(directory, name);
  await writeFile(at('passphrase'), 'correct horse battery\n', { mode: 0o600 });
  await writeFile(at('roster.json'), rosterText(moot.roster.file));
  await writeFile(at('wallet.json'), canonicalText(from.wallet.document));
  await writeFile(at('transcript.jsonl'), fileOf(moot.sign(from, { payload: transfer() }).lines));
  const home = ['--home', at('home'), '--passphrase-file', at('passphrase')];
  const made = await run('init', ...home, '--weak-kdf');
  expect(made.code).toBe(0);
  const recipient = fromHex((JSON.parse(made.text) as { publicKey: string }).publicKey) ?? new Uint8Array();
  sealed = await Promise.all(
    [1, 2, 3].map(async (party) => {
      const own = from.shares.get(party);
      if (own === undefined) throw new Error('no share');
      const about = { sessionId: vec('session'), epochId: from.wallet.epochId, recipient, party };
      const body = {
        proposal: vec('proposal'),
        attempt: 1,
        ...about,
        ...must(await sealShare(own, about)),
        created: 1,
      };
      const path = at(`sealed-${party}.json`);
      await writeFile(path, signSealedShare(body, moot.keyOf(`party:${party}`)).envelope.bytes);
      return path;
    }),
  );
  common = [...home, '--roster', at('roster.json')];
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

test.each(['wallet.json', 'transcript.jsonl'])('opens the shares by %s into a file of mode 0600', async (wallet) => {
  const out = join(directory, `key-of-${wallet}`);
  const code = join(directory, `code-of-${wallet}`);
  const opened = await run(
    'open',
    ...sealed,
    ...common,
    '--wallet',
    join(directory, wallet),
    '--out',
    out,
    '--chain-code',
    code,
  );
  expect(opened.code, opened.text).toBe(0);
  const key = (await readFile(out, 'utf8')).trim();
  const sk = integerFromBytes(fromHex(key) ?? new Uint8Array());
  expect(toHex(curve.encode(curve.base(sk)))).toBe(toHex(from.wallet.publicKey));
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  expect((await readFile(code, 'utf8')).trim()).toBe(from.shares.get(1)?.chainCode.use(toHex));
  expect(opened.text).not.toContain(key);
  const again = await run('open', ...sealed, ...common, '--wallet', join(directory, wallet), '--out', out);
  expect(again.text).toContain('FILE_EXISTS');
});

test('the key goes to one place only, and to no pipe', async () => {
  const wallet = ['--wallet', join(directory, 'wallet.json')];
  for (const target of [[], ['--show'], ['--show', '--out', join(directory, 'x')]]) {
    const refused = await run('open', ...sealed, ...common, ...wallet, ...target);
    expect(refused.code).toBe(1);
    expect(refused.text).toContain('OPTION_INVALID');
  }
});

test('refuses another roster’s fingerprint, a file that is no share, one share alone, and a second init', async () => {
  const wallet = ['--wallet', join(directory, 'wallet.json'), '--out', join(directory, 'never')];
  const words = ['--fingerprint', 'zero zero'];
  expect((await run('open', ...sealed, ...common, ...wallet, ...words)).text).toContain('FINGERPRINT_DIFFERS');
  const [one = ''] = sealed;
  expect((await run('open', one, ...common, ...wallet)).text).toContain('RECOVERY_TOO_FEW_SHARES');
  const roster = join(directory, 'roster.json');
  expect((await run('open', roster, ...common, ...wallet)).text).toContain('SEALED_SHARE_INVALID');
  expect((await run('open', ...sealed, ...common, '--wallet', roster, '--out', 'x')).text).toContain('WALLET_INVALID');
  const again = await run(
    'init',
    '--home',
    join(directory, 'home'),
    '--passphrase-file',
    join(directory, 'passphrase'),
  );
  expect(again.code).toBe(1);
});
