/**
 * The life of two keys in one group, over real processes and real libp2p: an import, an export, a veto, a hand-over to
 * another group in which one joins, one leaves and all change places, a crash of who joins, and a lost party that comes
 * back from its backup.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { homeLayout } from '../../../participant/keystore/settings.ts';
import { createHome } from '../../../proto/rest/directory.ts';
import { networkKeyText, rosterText } from '../../../protocol/ceremony/roster-file.ts';
import { type Fields, Network } from '../../crash/support/network.ts';
import { payment } from '../../crash/support/payments.ts';
import { eventually, type Finished, runCli } from '../../crash/support/processes.ts';
import { recordsOf } from '../../crash/support/shares.ts';
import { adopt, changedOver, compose, newcomer, propose, signs } from '../../crash/support/succession.ts';
import { treasuryPolicy } from '../../support/treasury.ts';

const PRIVATE_KEY = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0';

let network: Network;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network.stop();
});

function participant(id: number, command: string, ...args: readonly string[]): Promise<Finished> {
  const { home } = network.holder(id);
  const files = ['--passphrase-file', network.passphraseFile];
  return runCli(['participant', command, ...args, '--home', home, ...files, '--json']);
}

function answerOf(finished: Finished): Fields {
  expect(finished, finished.stderr).toMatchObject({ code: 0 });
  return JSON.parse(finished.stdout) as Fields;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function statusOf(id: number): Promise<Fields> {
  return await network.ask(id, 'status');
}

async function walletOf(id: number, name: string): Promise<Fields | undefined> {
  const rows = (await statusOf(id))['wallets'] as readonly Fields[];
  return rows.find((row) => row['name'] === name);
}

async function inboxOf(id: number, ceremony: string): Promise<Fields> {
  return await eventually(`${ceremony} in the inbox of party ${id}`, async () => {
    const rows = (await network.ask(id, 'inbox')) as unknown as readonly Fields[];
    return rows.find((row) => row['ceremony'] === ceremony);
  });
}

/** Approved by all who are named; how it ended. */
async function done(kind: string, params: Fields, approving: readonly number[]): Promise<Fields> {
  const { ceremony } = await network.operate(kind, { note: 'test', detach: true, ...params });
  await Promise.all(approving.map((id) => network.approve(id, String(ceremony))));
  return await network.result(String(ceremony));
}

describe('a key that somebody brings', () => {
  test('is dealt to all, called imported everywhere, and gone from the home that had it', {
    timeout: 120_000,
  }, async () => {
    const file = join(network.dir, 'private-key');
    await writeFile(file, `${PRIVATE_KEY}\n`, { mode: 0o600 });
    const named = answerOf(await participant(2, 'import-key', file, '--yes'));
    const { chainCodeHash, publicKey } = named as Record<string, string>;
    const sealed = join(network.holder(2).home, 'sealed', 'imported-key', String(publicKey));
    expect((await stat(sealed)).mode & 0o077).toBe(0);
    expect((await readFile(sealed)).includes(Buffer.from(PRIVATE_KEY, 'hex'))).toBe(false);

    const wish = { wallet: 'brought', holder: 2, publicKey: publicKey ?? '', chainCodeHash: chainCodeHash ?? '' };
    const result = await done('import', { ...wish, exportable: true }, [1, 2, 3]);
    expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed', publicKey });
    for (const id of [1, 2, 3]) {
      await network.holds('brought', [id]);
      expect(await walletOf(id, 'brought')).toMatchObject({ origin: 'imported', generation: 1, exported: null });
    }
    await eventually('the private key to be gone', async () => ((await exists(sealed)) ? undefined : true));
  });

  test('can be handed over whole, by all of them, and is marked for ever', { timeout: 120_000 }, async () => {
    const home = await createHome(join(network.dir, 'recipient'));
    const pass = ['--home', home, '--passphrase-file', network.passphraseFile, '--json'];
    const made = await runCli(['recover', 'init', ...pass, '--weak-kdf']);
    const recipient = String(answerOf(made)['publicKey']);
    const { ceremony } = await network.operate('export', { wallet: 'brought', recipient, note: 'x', detach: true });
    const screen =
      (await inboxOf(1, String(ceremony))) && (await network.ask(1, 'show', { ceremony: String(ceremony) }));
    expect(JSON.stringify(screen['screen'])).toContain('HANDS OVER A WHOLE PRIVATE KEY');
    expect(JSON.stringify(screen['screen'])).toContain('IMPORTED');
    await Promise.all([1, 2, 3].map((id) => network.approve(id, String(ceremony))));
    const result = await network.result(String(ceremony));
    expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed' });
    for (const id of [1, 2, 3]) expect(await walletOf(id, 'brought')).toMatchObject({ exported: recipient });
    const shares = (await network.operate('sealed-shares', { ceremony: String(ceremony) })) as unknown;
    expect(JSON.stringify(shares)).not.toContain(PRIVATE_KEY);
  });
});

describe('another group', () => {
  let next: ReturnType<typeof compose>;

  test('is not agreed to before it is adopted, and one veto ends it, of who leaves as well', {
    timeout: 120_000,
  }, async () => {
    await newcomer(network);
    next = compose(network, [3, 2, 4]);
    await network.operate('adopt', { roster: rosterText(next.file) });
    const { ceremony } = await network.operate('reshare', {
      wallet: 'treasury',
      note: 'x',
      dealers: [2, 3],
      detach: true,
    });
    const name = String(ceremony);
    expect(await inboxOf(2, name)).toMatchObject({ ceremony: name });
    expect(String((await inboxOf(2, name))['hold'])).toContain('adopt it first');
    expect(await inboxOf(1, name)).toMatchObject({ hold: null });
    const shown = await network.ask(2, 'show', { ceremony: name });
    expect(JSON.stringify(shown['screen'])).toMatch(/JOINS {2}party 3: party-4.*LEAVES party 1: party-1/);
    await expect(network.ask(2, 'approve', { ceremony: name, digest: String(shown['digest']) })).rejects.toMatchObject({
      code: 'SUCCESSOR_NOT_ADOPTED',
    });
    await network.ask(1, 'reject', { ceremony: name, reason: 'nobody told me' });
    expect(await network.result(name)).toMatchObject({ ending: 'refused' });
    await network.stopParty(1);
  });

  test('gets one key although who joins is killed on the way; meanwhile the old epoch signs no more', {
    timeout: 240_000,
  }, async () => {
    await adopt(network, next, [3, 2, 4]);
    await network.node(4).tell({ record: '"type":"acked"', phase: 'half' });
    const name = await propose(network, [2, 3], { dealers: [2, 3] });
    expect(await network.node(4).ended()).toBe(true);
    const refused = await network.result(await network.propose(payment({ nonce: network.nextNonce() })));
    expect(refused, JSON.stringify(refused)).toMatchObject({ ending: 'refused' });
    expect(JSON.stringify(refused)).toContain('EPOCH_FROZEN');
    await network.startParty(4);
    expect(await network.result(name)).toMatchObject({ ending: 'completed', gen: 3 });
    await eventually('the key at the next roster', async () => {
      const rows = (await statusOf(2))['elsewhere'] as readonly Fields[];
      return rows.some((row) => row['name'] === 'treasury' && row['state'] === 'with the next roster')
        ? true
        : undefined;
    });
  });

  test('is in force when it has every key; who was away then hears of it later and erases its shares', {
    timeout: 240_000,
  }, async () => {
    expect((await statusOf(3))['roster']).toMatchObject({ version: 1 });
    await propose(network, [2, 3], { wallet: 'brought', dealers: [2, 3] });
    await changedOver(network, next, [3, 2, 4]);
    for (const id of [2, 3, 4]) {
      expect(await walletOf(id, 'treasury')).toMatchObject({ generation: 3, origin: 'generated', signs: 'YES' });
      expect(await walletOf(id, 'brought')).toMatchObject({ generation: 2, origin: 'imported' });
    }
    expect(String((await walletOf(2, 'brought'))?.['exported'])).toMatch(/^[0-9a-f]{64}$/);
    expect((await recordsOf(network)).filter(({ holder }) => holder === 1)).toHaveLength(2);
    await network.startParty(1);
    await eventually('the old shares to be gone', async () => {
      const old = (await recordsOf(network)).filter(({ record }) => record.gen === 1 && record.state !== 'followed');
      return old.length === 0 ? true : undefined;
    });
    expect((await statusOf(1))['wallets']).toEqual([]);
    await network.stopParty(1);
  });

  test('signs', { timeout: 240_000 }, async () => {
    await network.ask(4, 'policy-set', { scope: 'common', text: JSON.stringify(treasuryPolicy()) });
    expect(await signs(network, [2, 3, 4])).toMatchObject({ ending: 'completed' });
  });
});

describe('a lost machine', () => {
  test('comes back as another party: its backup deals once, and never signs', { timeout: 300_000 }, async () => {
    const file = join(network.dir, 'backup');
    const backup = ['--out', file, '--backup-passphrase-file', network.passphraseFile, '--weak-kdf'];
    expect(answerOf(await participant(4, 'backup', ...backup))).toMatchObject({ ok: true, isMoving: false });
    expect((await stat(file)).mode & 0o077).toBe(0);
    await network.stopParty(4, 'SIGKILL');
    await network.stopParty(2);

    await newcomer(network);
    const next = compose(network, [3, 2, 5]);
    const { home } = network.holder(5);
    const [previousFile, nextFile, keyFile] = ['previous.json', 'next.json', 'net.key'].map((name) =>
      join(network.dir, name),
    );
    await writeFile(previousFile ?? '', rosterText(network.roster.file));
    await writeFile(nextFile ?? '', rosterText(next.file));
    await writeFile(keyFile ?? '', networkKeyText(network.networkKey));
    const joining = [
      'participant',
      'join',
      nextFile ?? '',
      '--previous',
      previousFile ?? '',
      '--network-key',
      keyFile ?? '',
    ];
    expect(answerOf(await runCli([...joining, '--home', home, '--yes', '--json']))).toMatchObject({
      guest: true,
      party: 3,
    });
    const wrong = join(network.dir, 'wrong');
    await writeFile(wrong, 'another passphrase', { mode: 0o600 });
    expect((await participant(5, 'restore', file, '--backup-passphrase-file', wrong, '--yes')).code).toBe(1);
    const restored = answerOf(
      await participant(5, 'restore', file, '--backup-passphrase-file', network.passphraseFile, '--yes'),
    );
    expect(restored['wallets']).toHaveLength(2);

    await network.startParty(2);
    await network.startParty(5);
    const rows = (await statusOf(5))['elsewhere'] as readonly Fields[];
    expect(rows.map((row) => row['state'])).toEqual(['restored, deals only', 'restored, deals only']);
    expect((await statusOf(5))['wallets']).toEqual([]);
    await adopt(network, next, [3, 2, 5]);
    for (const [wallet, generation] of [
      ['treasury', 4],
      ['brought', 3],
    ] as const) {
      const ceremony = await propose(network, [2, 3], { wallet, dealers: [1, 3], restored: [[3, 3]] });
      await eventually(`${wallet} at party 5`, async () => {
        const moved = (await statusOf(5))['elsewhere'] as readonly Fields[];
        const own = (await statusOf(5))['wallets'] as readonly Fields[];
        return [...moved, ...own].some((row) => row['name'] === wallet && row['generation'] === generation)
          ? true
          : undefined;
      });
      expect(ceremony).toMatch(/^[0-9a-f]+$/);
    }
    await changedOver(network, next, [3, 2, 5]);
    await network.ask(5, 'policy-set', { scope: 'common', text: JSON.stringify(treasuryPolicy()) });
    expect(await signs(network, [2, 3, 5])).toMatchObject({ ending: 'completed' });
    const left = (await recordsOf(network)).filter(({ holder, record }) => holder === 5 && record.state === 'restored');
    expect(left).toEqual([]);
  });
});

test('the homes hold nothing that others may read', async () => {
  for (const { home } of network.holders) {
    for (const path of [homeLayout(home).roster, homeLayout(home).journal, homeLayout(home).log]) {
      expect((await stat(path)).mode & 0o077).toBe(0);
    }
  }
});
