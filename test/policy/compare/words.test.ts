/** What people read of a change: one line, both values, and whether it widens. */
import { expect, test } from 'vitest';
import { add, compared, type Draft, drop, entryFile, put } from '../support/versions.ts';

function lines(edit: (draft: Draft) => unknown): readonly string[] {
  return compared(edit).changes.map(({ kind, path, words }) => `${kind} ${path}: ${words}`);
}

test('limits', () => {
  expect(lines((draft) => put(draft, 'limits.day.max', '50000000000000000000'))).toEqual([
    'widens limits.day: limit "day": at most 50 ETH in 24 h, was 5 ETH in 24 h',
  ]);
  expect(lines((draft) => drop(draft, 'limits.count'))).toEqual([
    'widens limits.count: limit removed: "count": at most 10 payloads in 1 h, per counterparty and wallet, match wallets treasury, beyond denied',
  ]);
  expect(lines((draft) => put(draft, 'limits.soft.onExceed', 'deny'))).toEqual([
    'narrows limits.soft: limit "soft": beyond denied, was asked for the key holder\'s hand',
  ]);
});

test('rules', () => {
  expect(lines((draft) => put(draft, 'rules.small.match.amount.max', '500000000000000000'))).toEqual([
    'narrows rules.small: rule "small": amount at most 0.5 ETH, was at most 1 ETH',
  ]);
  expect(lines((draft) => drop(draft, 'rules.small.match.fee'))).toEqual([
    'widens rules.small: rule "small": fee no longer limited, was at most 10000000000000000 wei; no rule before permits all of this',
  ]);
  expect(lines((draft) => put(draft, 'rules.tokens.require.groups.0.quorum', 2))).toEqual([
    'narrows rules.tokens: rule "tokens": require 2 of finance and the key holder\'s hand, valid for 2 h, 2 rejections end it, was 1 of finance and the key holder\'s hand, valid for 2 h, 2 rejections end it',
  ]);
  expect(
    lines((draft) => add(draft, 'rules', { id: 'no', effect: 'deny', match: { operations: ['create'] } })),
  ).toEqual(['narrows rules.no: new rule: deny where operations create']);
});

test('lists, and what follows from them', () => {
  expect(lines((draft) => put(draft, 'addressLists.payees.0.label', 'Own wallet'))).toEqual([
    'widens addressLists.payees: list "payees": 0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 on chain 31337 "Own wallet" was called "Alice"',
  ]);
  const added = lines((draft) =>
    add(draft, 'addressLists.payees', { chainId: 1, address: `0x${'77'.repeat(20)}`, label: 'Carol' }),
  );
  expect(added).toEqual([
    'widens addressLists.payees: list "payees" gains 0x7777777777777777777777777777777777777777 on chain 1 "Carol"',
    'widens rules.safe: rule "safe" as before; no rule before permits all of this',
    'widens rules.small: rule "small" as before; no rule before permits all of this',
    'widens rules.tokens: rule "tokens" as before; no rule before permits all of this',
  ]);
});

test('people, times and the book', () => {
  expect(lines((draft) => put(draft, 'groups.board', ['ada', 'ben']))).toEqual([
    'widens groups.board: group "board", which decides on policies or freezes: ben joins; dan leaves and can no longer approve or reject',
  ]);
  expect(lines((draft) => put(draft, 'admin.widenDelaySec', 3600))).toEqual([
    'widens admin: versions need 2 of board, widening waits 1 h, frozen by one of board; needed 2 of board, widening waits 3 days, frozen by one of board',
  ]);
  expect(lines((draft) => put(draft, 'expiresAt', 1_900_086_400))).toEqual([
    'widens expiresAt: in force until 2030-03-18 17:46:40 UTC, was until 2030-03-17 17:46:40 UTC',
  ]);
  const [line = ''] = lines((draft) => put(draft, 'counterparties.new', entryFile('new', 1, [`0x${'ee'.repeat(20)}`])));
  expect(line.replace(/identity 0x[0-9a-f]{64}/, 'identity KEY')).toBe(
    'widens counterparties.new: new counterparty "new" = "Acme GmbH" version 1, identity KEY: eoa 0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee on chain 31337',
  );
});
