/** What is unusual: the own history and the lists of the policies against real decoded payloads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Address } from '../../protocol/payload/address.ts';
import { AddressIndex, looksLike } from '../../protocol/payload/risk/address-index.ts';
import type { Assessment } from '../../protocol/payload/risk/assess.ts';
import { HistoryIndex } from '../../protocol/payload/risk/history.ts';
import { reachOf } from '../../protocol/payload/risk/reach.ts';
import { type Balances, type UnusualInput, unusual } from '../../protocol/payload/risk/unusual.ts';
import { canonicalPolicy } from '../../protocol/policy/canonical.ts';
import { familiarOf, walletClassOf } from '../../protocol/policy/familiar.ts';
import {
  ALICE,
  BOB,
  CHAIN,
  calldata,
  execTransaction,
  MALLORY,
  MULTISEND,
  multiSend,
  SAFE,
  safeTx,
  transaction,
  USDC,
  WALLET,
} from './support/payloads.ts';
import { file, NOW, parsed, policyOf } from './support/policies.ts';

/** Known from the history only. */
const SHOP: Address = '0x3cf638a1b2c3d4e5f60718293a4b5c6d7e8fc03f';
/** Starts and ends like it, as a screen shortens both. */
const FAKE_SHOP: Address = '0x3cf6e5ffffffffffffffffffffffffffffffc03f';

const nothing = familiarOf([], [], NOW);
const lists = familiarOf(
  [policyOf([{ id: 'pay', effect: 'allow', match: { selectors: ['0xa9059cbb'] } }])],
  [WALLET],
  NOW,
);

function reachFor({ decoded }: Assessment) {
  return reachOf(decoded, WALLET, decoded.chainId);
}

function seen(...payloads: readonly Assessment[]): HistoryIndex {
  const history = new HistoryIndex();
  for (const payload of payloads) history.add(reachFor(payload), WALLET, 1_800_000_000);
  return history;
}

function found(payload: Assessment, more: Partial<UnusualInput> = {}): readonly string[] {
  const reach = reachFor(payload);
  const digest = toHex(payload.decoded.digest);
  const input = { reach, digest, wallet: WALLET, history: seen(), familiar: nothing, uses: [], ...more };
  return unusual(input).map(({ code, path }) => `${code}@${path}`);
}

const pay = (to: Address, value = 5n, maxFeePerGas = 10n ** 9n): Assessment => transaction({ to, value, maxFeePerGas });

describe('a destination', () => {
  it('is first seen until something that reached it was signed', () => {
    expect(found(pay(SHOP))).toEqual(['FIRST_SEEN_DESTINATION@0']);
    expect(found(pay(SHOP), { history: seen(pay(SHOP)) })).toEqual([]);
    expect(found(pay(SHOP), { history: seen(pay(BOB)) })).toEqual(['FIRST_SEEN_DESTINATION@0']);
  });

  it('is known on the chain where it was reached, and on no other', () => {
    const elsewhere = transaction({ to: SHOP, value: 5n, chainId: 10n });
    expect(found(elsewhere, { history: seen(pay(SHOP)) })).toEqual(['FIRST_SEEN_DESTINATION@0']);
  });

  it('that policies list, or that is an own wallet, is no stranger', () => {
    expect(found(pay(ALICE), { familiar: lists })).toEqual([]);
    expect(found(pay(MALLORY), { familiar: lists })).toEqual(['FIRST_SEEN_DESTINATION@0']);
    expect(found(safeTx({ to: WALLET, value: 1n }), { familiar: lists })).toEqual([]);
    expect(found(transaction({ to: ALICE, chainId: 10n }), { familiar: lists })).toEqual(['FIRST_SEEN_DESTINATION@0']);
  });

  it('is whoever receives, spends or is named, wherever in the tree', () => {
    const transfer = transaction({ to: USDC, data: calldata('transfer', MALLORY, 1n) });
    expect(found(transfer)).toEqual(['FIRST_SEEN_DESTINATION@0', 'FIRST_SEEN_DESTINATION@0']);
    expect(found(transfer, { familiar: lists })).toEqual(['FIRST_SEEN_DESTINATION@0']);
    const approve = transaction({ to: USDC, data: calldata('setApprovalForAll', MALLORY, true) });
    expect(found(approve, { familiar: lists })).toContain('FIRST_SEEN_DESTINATION@0');
    const batch = multiSend([{ to: ALICE }, { to: MALLORY, value: 1n }]);
    const tx = safeTx({ to: MULTISEND, operation: 1, data: batch });
    expect(found(tx, { familiar: lists })).toEqual(['FIRST_SEEN_DESTINATION@0.1']);
    // A Safe that is made to act is a stranger like any other contract.
    const strange = transaction({ to: MALLORY, data: execTransaction({ to: ALICE, value: 1n }) });
    expect(found(strange, { familiar: lists })).toContain('FIRST_SEEN_DESTINATION@0');
  });

  it('of a cold wallet must be listed: having been paid is not enough', () => {
    const cold = { walletClass: 'cold', familiar: lists } as const;
    expect(found(pay(ALICE), cold)).toEqual([]);
    expect(found(pay(SHOP), { ...cold, history: seen(pay(SHOP)) })).toEqual(['COLD_TO_EXTERNAL@0']);
    expect(found(pay(SHOP), { ...cold, walletClass: 'hot', history: seen(pay(SHOP)) })).toEqual([]);
  });
});

describe('a look-alike', () => {
  it('of an address in the history, or of a listed one, which is worse', () => {
    const history = seen(pay(SHOP));
    expect(found(pay(FAKE_SHOP), { history })).toEqual(['FIRST_SEEN_DESTINATION@0', 'LOOKALIKE@0']);
    const fake: Address = `0xa1a1${'0'.repeat(32)}a1a1`;
    expect(found(pay(fake), { familiar: lists })).toEqual(['FIRST_SEEN_DESTINATION@0', 'LOOKALIKE_LISTED@0']);
    // Having paid it once by mistake makes it no better.
    expect(found(pay(fake), { familiar: lists, history: seen(pay(fake)) })).toEqual(['LOOKALIKE_LISTED@0']);
    const own: Address = `0x1111${'7'.repeat(32)}1111`;
    expect(found(pay(own), { familiar: lists })).toContain('LOOKALIKE_LISTED@0');
  });

  it('says whom it imitates', () => {
    const reach = reachFor(pay(`0xa1a1${'0'.repeat(32)}a1a1`));
    const input = { reach, digest: '', wallet: WALLET, history: seen(), familiar: lists, uses: [] };
    const [, imitation] = unusual(input);
    expect(imitation?.detail).toMatch(/^policy: 0x[0-9A-Fa-f]{40} looks like 0x[Aa]1.*, which is listed \(Alice\)$/);
  });

  it.each<[string, Address, Address, boolean]>([
    ['four digits at both ends', SHOP, FAKE_SHOP, true],
    ['three at the beginning, four at the end', SHOP, `0x3cf${'1'.repeat(33)}c03f`, false],
    ['three at the beginning, five at the end', SHOP, `0x3cf${'1'.repeat(32)}fc03f`, true],
    ['eight at the beginning alone', SHOP, `0x3cf638a1${'9'.repeat(32)}`, true],
    ['seven at the beginning alone', SHOP, `0x3cf638a${'9'.repeat(33)}`, false],
    ['the same address', SHOP, SHOP, false],
    [
      'a leading row of zeros alone',
      `0x${'0'.repeat(10)}${'ab'.repeat(15)}`,
      `0x${'0'.repeat(10)}${'cd'.repeat(15)}`,
      false,
    ],
    ['zeros and the end', `0x${'0'.repeat(10)}${'ab'.repeat(15)}`, `0x${'0'.repeat(10)}${'cd'.repeat(13)}abab`, true],
    ['digits moved past zeros', `0x${'0'.repeat(20)}${'ab'.repeat(10)}`, `0x${'ab'.repeat(10)}${'0'.repeat(20)}`, true],
    ['few digits among zeros', `0x${'0'.repeat(38)}ab`, `0xab${'0'.repeat(38)}`, false],
  ])('%s', (_, a, b, expected) => {
    expect(looksLike(a, b)).toBe(expected);
    expect(looksLike(b, a)).toBe(expected);
    const index = new AddressIndex();
    index.add(a);
    expect(index.imitatedBy(b)).toEqual(expected ? [a] : []);
  });

  it('is found in the index exactly if a comparison with every address finds it', () => {
    const digit = fc.constantFrom('0', '0', '0', '0', '1', 'a', 'b');
    const address = fc.array(digit, { minLength: 40, maxLength: 40 }).map((hex): Address => `0x${hex.join('')}`);
    const near = fc.tuple(address, address, fc.nat(9), fc.nat(9)).map(([a, b, first, last]): [Address, Address] => {
      const middle = b.slice(2 + first, 42 - last);
      return [a, `0x${a.slice(2, 2 + first)}${middle}${a.slice(42 - last)}`];
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(near), { maxLength: 12 }), (pairs) => {
        const all = [...new Set(pairs.map(([a]) => a))];
        const index = new AddressIndex();
        for (const a of all) index.add(a);
        for (const [, strange] of pairs) {
          expect(index.imitatedBy(strange)).toEqual(all.filter((known) => looksLike(known, strange)).sort());
        }
      }),
    );
  });

  it('is looked for among so many addresses as are kept, the latest ones', () => {
    const index = new AddressIndex(2);
    for (const address of [SHOP, ALICE, BOB]) index.add(address);
    expect(index.size).toBe(2);
    expect(index.imitatedBy(FAKE_SHOP)).toEqual([]);
  });
});

describe('a function', () => {
  const call = (name: 'approve' | 'transfer') => transaction({ to: USDC, data: calldata(name, SHOP, 1n) });
  const history = seen(call('approve'));

  it('is new that was never called on a known contract, and that no permission names', () => {
    expect(found(call('approve'), { history })).toEqual([]);
    expect(found(call('transfer'), { history })).toEqual(['NEW_SELECTOR@0']);
    expect(found(call('transfer'), { history, familiar: lists })).toEqual([]);
    // The contract is a stranger itself.
    expect(found(call('transfer'))).not.toContain('NEW_SELECTOR@0');
  });
});

describe('sizes', () => {
  it('a fee cap far above all before, once there were enough', () => {
    const gwei = 10n ** 9n;
    const usual = [pay(SHOP, 5n, gwei), pay(SHOP, 5n, 2n * gwei), pay(SHOP, 5n, gwei)];
    expect(found(pay(SHOP, 5n, 20n * gwei), { history: seen(...usual) })).toEqual([]);
    expect(found(pay(SHOP, 5n, 20n * gwei + 1n), { history: seen(...usual) })).toEqual(['UNUSUAL_FEE@0']);
    expect(found(pay(SHOP, 5n, 900n * gwei), { history: seen(...usual.slice(1)) })).toEqual([]);
  });

  it('an amount far above all before, of the same asset from the same account, summed over the payload', () => {
    const history = seen(pay(ALICE, 10n), pay(ALICE, 7n), pay(ALICE, 1n));
    expect(found(pay(ALICE, 100n), { history })).toEqual([]);
    expect(found(pay(ALICE, 101n), { history })).toEqual(['UNUSUAL_AMOUNT@0']);
    expect(found(safeTx({ to: ALICE, value: 101n }), { history })).toEqual([]);
    const safeHistory = seen(...[1n, 1n, 1n].map((value) => safeTx({ to: ALICE, value })));
    const batch = safeTx({
      to: MULTISEND,
      operation: 1,
      data: multiSend([
        { to: ALICE, value: 6n },
        { to: ALICE, value: 6n },
      ]),
    });
    expect(found(batch, { history: safeHistory })).toEqual(['UNUSUAL_AMOUNT@0.0']);
  });

  it('a large share of a balance that somebody names', () => {
    const balances = (amount: bigint | undefined): Balances => ({ source: 'simulation on block 7', of: () => amount });
    const history = seen(pay(ALICE));
    expect(found(pay(ALICE, 50n), { history, balances: balances(100n) })).toEqual([]);
    expect(found(pay(ALICE, 51n), { history, balances: balances(100n) })).toEqual(['LARGE_SHARE@0']);
    expect(found(pay(ALICE, 51n), { history, balances: balances(0n) })).toEqual(['LARGE_SHARE@0']);
    expect(found(pay(ALICE, 51n), { history, balances: balances(undefined) })).toEqual([]);
    const approve = transaction({ to: USDC, data: calldata('approve', ALICE, 51n) });
    expect(found(approve, { familiar: lists, balances: balances(1n) })).toEqual(['NEW_SELECTOR@0']);
  });
});

describe('a nonce', () => {
  const own = toHex(pay(ALICE).decoded.digest);
  const history = seen(pay(ALICE));

  it('that another digest has taken is used again', () => {
    const use = (digest: string, state: 'signed' | 'pending') =>
      found(pay(ALICE), { history, uses: [{ digest, state }] });
    expect(use('ff', 'pending')).toEqual(['NONCE_REUSE@0']);
    expect(use('ff', 'signed')).toEqual(['NONCE_REUSE@0']);
    expect(use(own, 'signed')).toEqual([]);
  });

  it('belongs to one account and chain; a Safe has its own', () => {
    const places = [
      pay(ALICE),
      pay(BOB),
      transaction({ to: ALICE, chainId: 10n }),
      safeTx({}),
      safeTx({ to: BOB }),
      safeTx({ safe: ALICE }),
      safeTx({ chainId: 10n }),
    ].map((payload) => reachFor(payload).place);
    expect(places[0]).toBe(places[1]);
    expect(places[3]).toBe(places[4]);
    expect(new Set(places).size).toBe(5);
  });
});

describe('a request', () => {
  it('is the same whatever its nonce and fee', () => {
    const intent = (payload: Assessment) => reachFor(payload).intent;
    expect(intent(pay(ALICE, 5n, 1n))).toBe(intent(pay(ALICE, 5n, 2n)));
    expect(intent(pay(ALICE, 5n))).not.toBe(intent(pay(ALICE, 6n)));
    expect(intent(pay(ALICE))).not.toBe(intent(pay(BOB)));
    expect(intent(transaction({ to: ALICE, value: 5n, chainId: 10n }))).not.toBe(intent(pay(ALICE)));
    expect(intent(safeTx({ to: SAFE, operation: 1 }))).not.toBe(intent(safeTx({ to: SAFE, operation: 0 })));
  });

  it('that came to nothing before is repeated', () => {
    const unfinished = { times: 2, last: 5, how: 'the last one was rejected by party 3' };
    expect(found(pay(ALICE), { history: seen(pay(ALICE)), unfinished })).toEqual(['REPEATED_REQUEST@0']);
  });
});

describe('what policies vouch for', () => {
  it('leaves out lists that serve denials only', () => {
    const chainId = Number(CHAIN);
    const addressLists = {
      payees: [{ chainId, address: ALICE, label: 'Alice' }],
      blocked: [{ chainId, address: MALLORY, label: 'thief' }],
      spare: [{ chainId, address: BOB, label: 'Bob' }],
    };
    const never = {
      id: 'never',
      effect: 'deny',
      match: { counterparties: '@blocked', selectors: ['0x095ea7b3'] },
    } as const;
    const plain = { id: 'plain', effect: 'allow', match: { to: [SAFE], chainIds: [chainId, 10] } } as const;
    const { addresses, isListed, labelOf, selectors } = familiarOf(
      [policyOf([never, plain], { addressLists })],
      [WALLET],
      NOW,
    );
    expect([ALICE, MALLORY, BOB, USDC, SAFE, WALLET].map((address) => isListed(CHAIN, address))).toEqual([
      ...[true, false, true, true, true, true],
    ]);
    expect([SAFE, WALLET, ALICE].map((address) => isListed(10n, address))).toEqual([true, true, false]);
    expect(addresses.has(MALLORY)).toBe(false);
    expect([labelOf(ALICE), labelOf(USDC), labelOf(WALLET)]).toEqual(['Alice', 'USDC', 'an own wallet']);
    expect([...selectors]).toEqual([]);
  });

  it('includes the class of a wallet, the strictest one', () => {
    const classed = (name: string) => policyOf([], { wallets: { treasury: { class: name } } });
    expect(walletClassOf([policyOf([])], 'treasury')).toBeUndefined();
    expect(walletClassOf([classed('hot'), classed('cold')], 'treasury')).toBe('cold');
    expect(walletClassOf([classed('hot')], 'other')).toBeUndefined();
    expect(JSON.stringify(canonicalPolicy(classed('middle')))).toContain('"class":"middle"');
    expect(() => parsed(file([], { wallets: { treasury: { class: 'warm' } } }))).toThrow('wallets.treasury.class');
  });
});
