import { expect, test } from 'vitest';
import { Accounts } from '../../coordinator/collect/accounts.ts';
import { addressOf } from '../../protocol/ceremony/address.ts';
import { addressesDocument, readAddresses } from '../../protocol/ceremony/addresses.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { treasuryMoot } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';

const moot = treasuryMoot('accounts');
const { wallet: from } = moot.keygen('treasury');
if (from === undefined) throw new Error('no wallet');
const { wallet } = from;
const keyOf = (k: bigint): Uint8Array => curve.encode(curve.base(k));

function shown(...keys: readonly (readonly [readonly number[], bigint])[]): Json {
  return addressesDocument(
    wallet.walletId,
    keys.map(([path, k]) => ({ path, publicKey: keyOf(k) })),
  );
}

test('what a party shows is known by its path, in the order of paths', () => {
  const accounts = new Accounts();
  accounts.addDocument(shown([[0, 10], 10n], [[0, 9], 9n], [[0], 8n]));
  expect(accounts.list(wallet.walletId).map(({ path }) => path)).toEqual([[0], [0, 9], [0, 10]]);
  expect(accounts.of(wallet, { path: [0, 9] }).address).toEqual(addressOf(keyOf(9n)));
  expect(accounts.list(vec('another wallet'))).toEqual([]);
});

test('the root address needs nobody; an address given by hand is taken as it is', () => {
  const accounts = new Accounts();
  expect(accounts.of(wallet)).toEqual({ path: [], address: wallet.address });
  expect(accounts.of(wallet, { path: [7], address: addressOf(keyOf(5n)) }).address).toEqual(addressOf(keyOf(5n)));
});

test('an unknown path is refused with what to do', () => {
  expect(() => new Accounts().of(wallet, { path: [0, 5] })).toThrow(/m\/0\/5.*--derive 0\/5/);
});

test('parties that show different addresses make it unusable until people have looked', () => {
  const accounts = new Accounts();
  accounts.addDocument(shown([[0, 5], 5n]));
  accounts.addDocument(shown([[0, 5], 5n]));
  expect(accounts.list(wallet.walletId).map(({ disputed }) => disputed)).toEqual([false]);
  accounts.addDocument(shown([[0, 5], 6n]));
  expect(accounts.list(wallet.walletId).map(({ disputed }) => disputed)).toEqual([true, true]);
  expect(() => accounts.of(wallet, { path: [0, 5] })).toThrow('different addresses');
});

test('no document that is not one is taken in', () => {
  const good = shown([[0, 1], 1n]) as { readonly [key: string]: Json };
  expect(readAddresses(good).ok).toBe(true);
  const bad: readonly Json[] = [
    { ...good, walletId: 'aa' },
    { ...good, derived: [{ key: `04${'11'.repeat(32)}`, path: ['0'] }] },
    { ...good, derived: [{ key: '02', path: ['0'] }] },
    { ...good, derived: [{ key: '02'.repeat(33), path: [] }] },
    { ...good, derived: [{ key: '02'.repeat(33), path: ['2147483648'] }] },
    { ...good, more: 'x' },
    'text',
    [],
  ];
  const accounts = new Accounts();
  for (const document of bad) {
    expect(readAddresses(document).ok).toBe(false);
    accounts.addDocument(document);
  }
  expect(accounts.list(wallet.walletId)).toEqual([]);
});
