/** The address book: what it is called on screens, what it makes familiar, and until when. */
import { describe, expect, test } from 'vitest';
import type { Address } from '../../protocol/payload/address.ts';
import { AddressBook } from '../../protocol/payload/words/names.ts';
import { familiarOf } from '../../protocol/policy/familiar.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { addressNames } from '../../protocol/policy/names.ts';
import { ALICE, CHAIN, transaction, WALLET } from './support/payloads.ts';
import { type Draft, drop, edited, entryFile, policyFrom, put, rich, SIZE } from './support/versions.ts';

const ACME: Address = `0x${'ac'.repeat(20)}`;
const END = 1_795_000_000;

function policy(edit: (draft: Draft) => unknown = () => undefined) {
  return policyFrom(
    edited(rich(), (draft) => {
      put(draft, 'counterparties.acme', entryFile('acme', 1, [ACME], { expires: END }));
      edit(draft);
    }),
  );
}

describe('names', () => {
  const named = policy((draft) =>
    put(draft, 'addressLists.payees', [{ chainId: Number(CHAIN), address: ACME, label: 'Own treasury' }]),
  );

  test('come from the entry alone, whatever a list says', () => {
    const [label, ...others] = addressNames([named], END - 1)(CHAIN, ACME);
    expect(others).toEqual([]);
    expect(label).toMatchObject({ label: 'Acme GmbH', list: 'acme', chainId: CHAIN });
    const shown = new AddressBook(CHAIN, addressNames([named], END - 1)).nameOf(ACME);
    expect(shown).toMatch(/^"Acme GmbH" \(address book, signed by its identity [0-9a-f]{16}\.\.\.\)$/);
  });

  test('are for the chain of the entry, and end with it', () => {
    expect(addressNames([named], END - 1)(1n, ACME)).toEqual([]);
    expect(addressNames([named], END)(CHAIN, ACME)).toEqual([
      { label: 'Own treasury', list: 'payees', chainId: CHAIN },
    ]);
  });
});

describe('what is familiar', () => {
  test('are its entries on their chain, until they end', () => {
    const policies = [policy()];
    const before = familiarOf(policies, [WALLET], END - 1);
    expect([before.isListed(CHAIN, ACME), before.isListed(1n, ACME)]).toEqual([true, false]);
    expect(before.labelOf(ACME)).toBe('Acme GmbH');
    expect(before.addresses.imitatedBy(`0xacac${'00'.repeat(16)}acac`)).toEqual([ACME]);
    expect(familiarOf(policies, [WALLET], END - 2)).toBe(before);
    const after = familiarOf(policies, [WALLET], END);
    expect(after.isListed(CHAIN, ACME)).toBe(false);
    expect(familiarOf(policies, [WALLET], END - 1).isListed(CHAIN, ACME)).toBe(true);
  });

  test('are the own accounts of every wallet', () => {
    const own: Address = `0x${'0f'.repeat(20)}`;
    const familiar = familiarOf([policy((draft) => put(draft, 'wallets.ops.accounts', [own]))], [], END);
    expect([familiar.isListed(CHAIN, own), familiar.isListed(1n, own)]).toEqual([true, true]);
  });
});

test('a payment to an entry is permitted until it ends, and not a second longer', () => {
  const common = policy((draft) => drop(draft, 'limits'));
  const decide = (to: Address, now: number): string =>
    judge({
      assessment: transaction({ to, value: 3n }),
      wallet: { name: 'treasury', address: WALLET, ...SIZE },
      initiator: 'olivia',
      now,
      common,
      ledger: 'uncounted',
    }).decision;
  expect([decide(ACME, END - 1), decide(ACME, END)]).toEqual(['allow', 'deny']);
  expect([decide(ALICE, END - 1), decide(ALICE, END)]).toEqual(['allow', 'allow']);
});
