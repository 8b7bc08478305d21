/** What one party sees outside of the bytes, with real processes: its own history, and an external checker. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeChecker } from '../../participant/checker/settings.ts';
import { homeLayout } from '../../participant/keystore/settings.ts';
import type { Address } from '../../protocol/payload/address.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { type Fields, Network } from '../crash/support/network.ts';
import { payment } from '../crash/support/payments.ts';
import { eventually } from '../crash/support/processes.ts';
import { ETHER, PAYEE } from '../support/treasury.ts';

const STUB = fileURLToPath(new URL('./checker/stub.mjs', import.meta.url));
const SHOP: Address = '0x3cf638a1b2c3d4e5f60718293a4b5c6d7e8fc03f';
const FAKE_SHOP: Address = '0x3cf6e5ffffffffffffffffffffffffffffffc03f';
const ALL = [1, 2, 3];

/** Any payment is allowed if all agree; only what is unusual about it stops it. */
const OPEN = {
  schema: 'keymoot/policy/1',
  id: 'open',
  version: 1,
  wallets: { treasury: {} },
  addressLists: { payees: [{ chainId: 31337, address: PAYEE, label: 'Payee' }] },
  assets: { ETH: { chainId: 31337, address: 'native', decimals: 18 } },
  rules: [{ id: 'pay', effect: 'allow', match: { assets: ['ETH'], amount: { max: String(ETHER) } }, consents: 3 }],
};

let network: Network;

beforeAll(async () => {
  network = await Network.start({ policy: OPEN });
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network?.stop();
});

const pay = (to: Address, nonce = network.nextNonce()): Promise<string> => network.propose(payment({ nonce, to }));

async function shown(ceremony: string, index = 1): Promise<Fields> {
  return await eventually(`ceremony ${ceremony} in the inbox of party ${index}`, async () => {
    const inbox = (await network.ask(index, 'inbox')) as unknown as readonly Fields[];
    return inbox.some((row) => row['ceremony'] === ceremony)
      ? await network.ask(index, 'show', { ceremony })
      : undefined;
  });
}

async function report(ceremony: string) {
  const path = await eventually('the transcript', async () => {
    const { transcript } = await network.operate('ceremony', { ceremony });
    return typeof transcript === 'string' ? transcript : undefined;
  });
  return verifyTranscript(new Uint8Array(await readFile(path)), { roster: network.roster });
}

test('a listed payee is paid without asking, a stranger only by hand, and the transcript shows why', async () => {
  expect(await network.result(await pay(PAYEE))).toMatchObject({ ending: 'completed' });
  const ceremony = await pay(SHOP);
  const screen = await shown(ceremony);
  expect(screen['risks']).toEqual(['FIRST_SEEN_DESTINATION']);
  expect(JSON.stringify(screen['screen'])).toContain('nothing signed here ever reached');
  await Promise.all(ALL.map((index) => network.approve(index, ceremony)));
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed' });
  const audited = await report(ceremony);
  expect(audited.failure).toBeUndefined();
  expect(audited).toMatchObject({ ok: true, ending: 'completed' });
});

test('the second payment to the same address is usual, also for a party that has started anew', async () => {
  expect(await network.result(await pay(SHOP))).toMatchObject({ ending: 'completed' });
  await network.stopParty(2);
  await network.stopParty(3);
  await network.startParty(2);
  await network.startParty(3);
  await network.meshed();
  await network.paired('treasury', 2, 3);
  await network.paired('treasury', 1, 2);
  await network.paired('treasury', 1, 3);
  expect(await network.result(await pay(SHOP))).toMatchObject({ ending: 'completed' });
}, 240_000);

test('an address that looks like it is shown as what it is', async () => {
  const ceremony = await pay(FAKE_SHOP);
  const screen = await shown(ceremony);
  expect(screen['risks']).toEqual(['FIRST_SEEN_DESTINATION', 'LOOKALIKE']);
  const [digest, reason] = [String(screen['digest']), 'a look-alike'];
  await expect(
    network.ask(1, 'approve', { ceremony, digest, risks: ['FIRST_SEEN_DESTINATION'] }),
  ).rejects.toMatchObject({
    code: 'SHOWN_DIFFERS',
  });
  await network.ask(1, 'reject', { ceremony, reason });
  expect(await network.result(ceremony)).toMatchObject({ ending: 'refused' });
});

test('another payment in the place of one that was signed is denied, the same one rejected by hand is a repetition', async () => {
  const nonce = network.nextNonce();
  expect(await network.result(await pay(PAYEE, nonce))).toMatchObject({ ending: 'completed' });
  const result = await network.result(await pay(SHOP, nonce));
  expect(result).toMatchObject({ ending: 'refused' });
  expect(JSON.stringify(result)).toContain('NONCE_REUSE');
  const screen = await shown(await pay(FAKE_SHOP));
  expect(screen['risks']).toContain('REPEATED_REQUEST');
});

test('a party whose checker disagrees rejects, the others see why, and the transcript verifies', async () => {
  const { checker } = homeLayout(network.holder(3).home);
  await network.stopParty(3);
  await writeChecker(checker, { command: [process.execPath, STUB, 'wrong-receiver'], seconds: 10 });
  await network.startParty(3);
  await network.meshed();
  expect((await network.ask(3, 'status'))['looks']).toEqual(['external checker']);
  const ceremony = await pay(PAYEE);
  expect(await network.result(ceremony)).toMatchObject({ ending: 'refused' });
  const screen = await network.ask(1, 'show', { ceremony });
  expect(JSON.stringify(screen['screen'])).toContain('CHECKER_DISAGREES');
  const audited = await report(ceremony);
  expect(audited.failure).toBeUndefined();
  expect(audited).toMatchObject({ ok: true, ending: 'refused' });

  await network.stopParty(3);
  await writeChecker(checker, { command: [process.execPath, STUB, 'right'], seconds: 10 });
  await network.startParty(3);
  await network.meshed();
  await network.paired('treasury', 1, 3);
  await network.paired('treasury', 2, 3);
  // Another amount: the same request again, after one party has stopped it, would be a matter for people.
  const other = await network.propose(payment({ nonce: network.nextNonce(), to: PAYEE, value: 7n }));
  expect(await network.result(other)).toMatchObject({ ending: 'completed' });
}, 240_000);
