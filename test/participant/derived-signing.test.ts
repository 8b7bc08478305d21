/** Signing by a derived key, with real processes: the addresses are shown, the path is checked, the audit names Q′. */
import { readFile } from 'node:fs/promises';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOf } from '../../protocol/ceremony/address.ts';
import { concat, fromHex, toHex } from '../../protocol/common/bytes.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { type Fields, Network } from '../crash/support/network.ts';
import { payment } from '../crash/support/payments.ts';
import { eventually } from '../crash/support/processes.ts';

let network: Network;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network.stop();
});

type Rows = readonly Fields[];

async function derived(index: number, derive: readonly string[]): Promise<Rows> {
  const answer = await network.ask(index, 'wallets', { derive: [...derive] });
  const [wallet] = answer['wallets'] as unknown as Rows;
  return wallet?.['derived'] as unknown as Rows;
}

test('all parties derive the same addresses, and show the operator the first ones', async () => {
  const [one, two, three] = await Promise.all([1, 2, 3].map((index) => derived(index, ['0/0..4', 'm/7'])));
  expect(one).toHaveLength(6);
  expect(two).toEqual(one);
  expect(three).toEqual(one);
  const wallets = await eventually('the addresses at the operator', async () => {
    const answer = await network.operate('wallets');
    const [wallet] = answer['wallets'] as unknown as Rows;
    const rows = wallet?.['derived'] as unknown as Rows | undefined;
    return rows !== undefined && rows.length >= 20 ? wallet : undefined;
  });
  const shown = wallets['derived'] as unknown as Rows;
  const at = (rows: Rows | undefined, path: string): unknown => rows?.find((row) => row['path'] === path)?.['address'];
  expect(at(shown, 'm/0/3')).toBe(at(one, 'm/0/3'));
});

test('a payment is signed by the key of a path, and the audit follows it', async () => {
  const [row] = await derived(1, ['0/5']);
  const ceremony = await network.propose(payment({ nonce: 0n }), { path: 'm/0/5' });
  const result = await network.result(ceremony);
  expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed', ok: true, path: 'm/0/5' });
  expect(result['address']).toBe(row?.['address']);
  const path = await eventually('the transcript', async () => {
    const { transcript } = await network.operate('ceremony', { ceremony });
    return typeof transcript === 'string' ? transcript : undefined;
  });
  const report = verifyTranscript(new Uint8Array(await readFile(path)), { roster: network.roster });
  expect(report.failure).toBeUndefined();
  const key = report.derived?.publicKey ?? new Uint8Array();
  expect(toHex(key)).toBe(row?.['publicKey']);
  expect(checksumAddress(`0x${toHex(addressOf(key))}`)).toBe(row?.['address']);
  const { signature } = report;
  if (signature === undefined) throw new Error('no signature');
  const digest = fromHex(String(result['digest']).slice(2)) ?? new Uint8Array();
  expect(secp256k1.verify(concat(signature.r, signature.s), digest, key, { prehash: false })).toBe(true);
  expect(report.derived).toMatchObject({ namedBy: [1, 2, 3], repeated: false });
  const { chainCode } = await network.ask(3, 'chain-code', { wallet: 'treasury' });
  const chainCodes = [fromHex(String(chainCode)) ?? new Uint8Array()];
  const whole = verifyTranscript(new Uint8Array(await readFile(path)), { roster: network.roster, chainCodes });
  expect(whole.derived).toMatchObject({ repeated: true });
  const [again] = await derived(2, []);
  expect(again).toMatchObject({ path: 'm/0/5', signed: 1 });
}, 120_000);

test('each address has its own nonces', async () => {
  const result = await network.result(await network.propose(payment({ nonce: 0n, value: 5n }), { path: 'm/0/6' }));
  expect(result).toMatchObject({ ending: 'completed' });
  const twice = await network.result(await network.propose(payment({ nonce: 0n, value: 6n }), { path: 'm/0/6' }));
  expect(twice).toMatchObject({ ending: 'refused' });
  expect(JSON.stringify(twice['refusals'])).toContain('NONCE_REUSE');
}, 120_000);

test('a wrong address is rejected by everybody, a hardened path by the first who reads it', async () => {
  const [other] = await derived(1, ['0/9']);
  const ceremony = await network.propose(payment({ nonce: 9n }), { path: 'm/0/8', address: other?.['address'] ?? '' });
  const result = await network.result(ceremony);
  expect(result).toMatchObject({ ending: 'refused' });
  expect(JSON.stringify(result['refusals'])).toContain('WRONG_ADDRESS');
  await expect(network.propose(payment({ nonce: 9n }), { path: "m/0'/1" })).rejects.toThrow('hardened');
  await expect(network.propose(payment({ nonce: 9n }), { path: 'm/3/3' })).rejects.toThrow('--derive 3/3');
}, 120_000);
