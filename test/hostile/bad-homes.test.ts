/** What is wrong with a home or a file is said in one sentence with a code and exit 1, and nothing is touched. */
import { createHash } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../participant/home.ts';
import { homeLayout } from '../../participant/keystore/settings.ts';
import { systemRandom } from '../../participant/randomness.ts';
import { createHome } from '../../proto/rest/directory.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { Network } from '../crash/support/network.ts';
import { runCli } from '../crash/support/processes.ts';
import { readTree } from '../proto/rest/temporary.ts';
import { treasuryPolicy } from '../support/treasury.ts';

let network: Network;
/** A home that was used: journal, log, policy and a key share lie in it. */
let used: string;

beforeAll(async () => {
  network = await Network.prepare();
  used = network.holder(1).home;
  const passphrase = utf8('weak but long enough');
  const home = await openHome(used, { passphrase, random: systemRandom });
  await home.policies.adopt('common', JSON.stringify(treasuryPolicy()));
  const [walletId, epochId, parentEpochId] = [systemRandom.bytes(32), systemRandom.bytes(32), new Uint8Array(32)];
  const facts = { walletId, epochId, parentEpochId, gen: 1, purpose: 'KEYGEN', holders: 3, index: 1 } as const;
  await home.keyshares.putPrepared(facts, new Uint8Array([7]), systemRandom.bytes(200));
  await home.journal.nextCounter();
  await home.close();
});

afterAll(async () => {
  await network?.stop();
});

let copies = 0;

/** A copy of the used home, to be spoilt. */
async function copyHome(): Promise<string> {
  copies += 1;
  const path = await createHome(join(network.dir, `copy-${copies}`));
  await cp(used, path, { recursive: true });
  return path;
}

/** Every file but those that any opening writes: lock, fencing epoch, and the journal, which it may only add to. */
const OPENING: ReadonlySet<string> = new Set(['lock', 'fencing-epoch', 'journal']);

async function hashes(home: string): Promise<readonly string[]> {
  return [...(await readTree(home))]
    .filter(([name]) => !OPENING.has(name))
    .map(([name, bytes]) => `${name} ${createHash('sha256').update(bytes).digest('hex')}`)
    .sort();
}

const runArgs = (home: string, passphrase = network.passphraseFile): readonly string[] => [
  ...['participant', 'run', '--home', home, '--passphrase-file', passphrase],
  ...['--listen', '/ip4/127.0.0.1/tcp/0'],
];

/** One sentence, a stable code, exit 1. */
async function refused(args: readonly string[], code: RegExp): Promise<void> {
  const finished = await runCli(args);
  expect(finished.code, finished.stderr).toBe(1);
  expect(finished.stderr).toMatch(code);
  expect(finished.stderr).not.toMatch(/ at .*\.(js|ts):\d+/); // no stack
  expect(finished.stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
}

/** Runs the node on a spoilt copy; the copy stays as it was. */
async function runRefused(spoil: (home: string) => Promise<string | undefined>, code: RegExp): Promise<void> {
  const home = await copyHome();
  const passphrase = await spoil(home);
  const before = await hashes(home);
  const journal = await readFile(homeLayout(home).journal).catch(() => Buffer.alloc(0));
  await refused(runArgs(home, passphrase), code);
  expect(await hashes(home)).toEqual(before);
  const after = await readFile(homeLayout(home).journal).catch(() => Buffer.alloc(0));
  expect(after.subarray(0, journal.length).equals(journal)).toBe(true);
}

/** A passphrase other than the usual one is not needed for it. */
async function flipByte(path: string, at: number): Promise<undefined> {
  const bytes = await readFile(path);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 0x40;
  await writeFile(path, bytes);
}

async function sealedFile(home: string, kind: string): Promise<string> {
  const name = [...(await readTree(home)).keys()].find((path) => path.startsWith(`sealed/${kind}/`));
  if (name === undefined) throw new Error(`no sealed ${kind}`);
  return join(home, name);
}

describe('a node does not start', () => {
  test('with a wrong passphrase', async () => {
    const wrong = join(network.dir, 'wrong');
    await writeFile(wrong, 'not the passphrase', { mode: 0o600 });
    await runRefused(async () => wrong, /WRONG_PASSPHRASE/);
  });

  test('with a damaged identity', async () => {
    await runRefused(async (home) => flipByte(await sealedFile(home, 'identity'), -3), /SEALED_FILE_CORRUPT/);
  });

  test('with a damaged key share', async () => {
    await runRefused(async (home) => flipByte(await sealedFile(home, 'key-record'), -3), /SEALED_FILE_CORRUPT/);
  });

  test.each([40, 60, 120])('with a journal damaged at byte %i', async (at) => {
    await runRefused(async (home) => flipByte(homeLayout(home).journal, at), /JOURNAL_CORRUPT/);
  });

  test('without its journal, or with another one', async () => {
    await runRefused(async (home) => {
      const { rm } = await import('node:fs/promises');
      await rm(homeLayout(home).journal);
      return undefined;
    }, /HOME_CORRUPT/);
  });

  test('with a policy file changed by hand', async () => {
    await runRefused(async (home) => {
      const name = [...(await readTree(home)).keys()].find((path) => path.startsWith('policy-common-')) ?? '';
      const text = await readFile(join(home, name), 'utf8');
      await writeFile(join(home, name), text.replace('1000000000000000000', '9000000000000000000'));
      return undefined;
    }, /POLICY_CHANGED/);
  });

  test('with a policy file that has an unknown field', async () => {
    await runRefused(async (home) => {
      const name = [...(await readTree(home)).keys()].find((path) => path.startsWith('policy-common-')) ?? '';
      const text = await readFile(join(home, name), 'utf8');
      await writeFile(join(home, name), text.replace('{', '{"blindSigning":true,'));
      return undefined;
    }, /POLICY_INVALID/);
  });

  test('with a roster whose signature was tampered with', async () => {
    await runRefused(async (home) => {
      const { roster } = homeLayout(home);
      const text = await readFile(roster, 'utf8');
      await writeFile(roster, text.replace('"threshold": "2"', '"threshold": "3"'));
      return undefined;
    }, /ROSTER_MALFORMED/);
  });

  test('with the network key of another roster', async () => {
    await runRefused(async (home) => {
      await writeFile(homeLayout(home).networkKey, `${'ab'.repeat(32)}\n`);
      return undefined;
    }, /NETWORK_KEY_WRONG/);
  });

  test('a second time on one home', async () => {
    const home = await copyHome();
    const passphrase = utf8('weak but long enough');
    const first = await openHome(home, { passphrase, random: systemRandom });
    try {
      const before = await hashes(home);
      await refused(runArgs(home), /HOME_IN_USE|HOME_LOCKED/);
      expect(await hashes(home)).toEqual(before);
    } finally {
      await first.close();
    }
  });
});

describe('a file of a person', () => {
  test('with an unknown field is no policy', async () => {
    const path = join(network.dir, 'policy.json');
    await writeFile(path, JSON.stringify({ ...treasuryPolicy(), blindSigning: true }));
    await refused(['participant', 'policy', 'set', 'common', path, '--home', used, '--yes'], /POLICY_INVALID/);
  });

  test('is not asked of a node that does not run', async () => {
    await refused(['participant', 'status', '--home', used], /NODE_NOT_RUNNING/);
    const { code, stdout } = await runCli(['participant', 'status', '--home', used, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'NODE_NOT_RUNNING' } });
    await refused(['participant', 'status', '--home', join(network.dir, 'nowhere')], /NODE_NOT_RUNNING|HOME_MISSING/);
  });
});
