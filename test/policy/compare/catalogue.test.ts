/** Typical narrowings are recognised, else deny-everything would pass; typical widenings are never called narrowings. */
import { describe, expect, test } from 'vitest';
import { comparePolicies } from '../../../protocol/policy/compare/compare.ts';
import { judge } from '../../../protocol/policy/judge.ts';
import { ALICE, BOB, CHAIN, calldata, MALLORY, SAFE, safeTx, WALLET } from '../support/payloads.ts';
import {
  add,
  approverFile,
  compared,
  type Draft,
  drop,
  dropLast,
  edited,
  entryFile,
  get,
  policyFrom,
  put,
  rich,
  SIZE,
} from '../support/versions.ts';

type Edit = (draft: Draft) => void;
const ACME = [`0x${'ac'.repeat(20)}`, `0x${'ad'.repeat(20)}`];

const NARROWINGS: Readonly<Record<string, Edit>> = {
  'an amount is lowered': (draft) => put(draft, 'rules.small.match.amount.max', '5'),
  'a minimum appears': (draft) => put(draft, 'rules.small.match.amount.min', '5'),
  'a fee is capped lower': (draft) => put(draft, 'rules.small.match.fee.totalMax', '5'),
  'a fee cap appears': (draft) => put(draft, 'rules.tokens.match.fee', { totalMax: '5' }),
  'gas is capped': (draft) => put(draft, 'rules.small.match.gas', { limitMax: '100000', maxFeePerGasMax: '5' }),
  'an argument is capped lower': (draft) => put(draft, 'rules.tokens.match.args.0.value', '7'),
  'an argument is asked': (draft) =>
    add(draft, 'rules.tokens.match.args', { arg: 'to', op: 'inList', value: '@payees' }),
  'only in the day': (draft) => put(draft, 'rules.small.match.time', [{ days: [1, 2], from: '08:00', to: '18:00' }]),
  'a payee is gone': (draft) => dropLast(draft, 'addressLists.payees'),
  'a list is gone from a rule': (draft) => put(draft, 'rules.small.match.counterparties', '@payees'),
  'a function is gone from a rule': (draft) => put(draft, 'rules.tokens.match.selectors', ['0xa9059cbb']),
  'a wallet is gone from a rule': (draft) => put(draft, 'rules.small.match.wallets', ['ops']),
  'an initiator is named': (draft) => put(draft, 'rules.small.match.initiators', ['olivia']),
  'a chain is named': (draft) => put(draft, 'rules.small.match.chainIds', [Number(CHAIN)]),
  'a risk is accepted no longer': (draft) => put(draft, 'rules.tokens.match.risks', ['BATCH']),
  'a rule asks people': (draft) => put(draft, 'rules.small.effect', 'require'),
  'a rule asks a group': (draft) => {
    put(draft, 'rules.small.effect', 'require');
    put(draft, 'rules.small.require', { groups: [{ group: 'finance', quorum: 2 }], holder: false });
  },
  'a quorum rises': (draft) => put(draft, 'rules.tokens.require.groups.0.quorum', 2),
  'approvals live shorter': (draft) => put(draft, 'rules.tokens.require.ttlSec', 600),
  'a delay appears': (draft) => put(draft, 'rules.tokens.require.delaySec', 600),
  'devices must differ': (draft) => put(draft, 'rules.tokens.require.distinctDevices', true),
  'one rejection is enough': (draft) => put(draft, 'rules.tokens.require.rejects', 1),
  'more parties must consent': (draft) => put(draft, 'rules.tokens.consents', 4),
  'fewer parties can end it': (draft) => put(draft, 'rules.tokens.rejections', 1),
  'a denial is added': (draft) => add(draft, 'rules', { id: 'no', effect: 'deny', match: { operations: ['create'] } }),
  'a denial strikes at more': (draft) => put(draft, 'rules.never.match.counterparties', ['@blocked', '@safes']),
  'a blocked address is added': (draft) =>
    add(draft, 'addressLists.blocked', { chainId: 1, address: MALLORY, label: 'Mallory' }),
  'a permission is gone that nothing else covers': (draft) => drop(draft, 'rules.small'),
  'everything is denied': (draft) => {
    put(draft, 'rules', [get(draft, 'rules.never')]);
  },
  'a limit is added': (draft) => add(draft, 'limits', { id: 'hour', measure: 'count', windowSec: 60, max: '1' }),
  'a limit is lower': (draft) => put(draft, 'limits.day.max', '5'),
  'a limit looks back longer': (draft) => put(draft, 'limits.count.windowSec', 7200),
  'a limit counts together': (draft) => put(draft, 'limits.day.per', ['wallet']),
  'a limit counts more': (draft) => drop(draft, 'limits.count.match'),
  'a limit denies': (draft) => put(draft, 'limits.soft.onExceed', 'deny'),
  'a code always denies': (draft) => add(draft, 'hardDeny', 'NONCE_REUSE'),
  'flows are looked at': (draft) => put(draft, 'flows', [{ from: 'middle', to: 'hot' }]),
  'a wallet becomes cold': (draft) => put(draft, 'wallets.ops.class', 'cold'),
  'a wallet has a chain less': (draft) => put(draft, 'wallets.treasury.chainIds', [Number(CHAIN)]),
  'a wallet takes no payload without chain': (draft) => drop(draft, 'wallets.treasury.legacyChainId'),
  'it ends earlier': (draft) => put(draft, 'expiresAt', 1_850_000_000),
  'it begins later': (draft) => put(draft, 'effectiveAt', 1_790_000_000),
  'an approver is gone': (draft) => {
    dropLast(draft, 'groups.finance');
    drop(draft, 'approvers.cem');
  },
  'a counterparty is gone': (draft) => {
    drop(draft, 'counterparties');
    put(draft, 'rules.small.match.counterparties', '@payees');
  },
  'a counterparty has an address less': (draft) =>
    put(draft, 'counterparties.acme', entryFile('acme', 2, ACME.slice(0, 1))),
  'a note says more': (draft) => put(draft, 'rules.small.note', 'asked for by the auditors'),
};

const WIDENINGS: Readonly<Record<string, Edit>> = {
  'an amount is raised': (draft) => put(draft, 'rules.small.match.amount.max', '2000000000000000000'),
  'an amount is gone': (draft) => drop(draft, 'rules.small.match.amount'),
  'a fee cap is gone': (draft) => drop(draft, 'rules.small.match.fee'),
  'coins may go along': (draft) => put(draft, 'rules.tokens.match.nativeValue', { max: '1' }),
  'an argument is free': (draft) => drop(draft, 'rules.tokens.match.args'),
  'a payee is added': (draft) =>
    add(draft, 'addressLists.payees', { chainId: Number(CHAIN), address: MALLORY, label: 'Carol' }),
  'a label says something else': (draft) => put(draft, 'addressLists.payees.0.label', 'Own wallet'),
  'a list is new': (draft) =>
    put(draft, 'addressLists.more', [{ chainId: 1, address: `0x${'77'.repeat(20)}`, label: 'More' }]),
  'a risk is accepted': (draft) => add(draft, 'rules.tokens.match.risks', 'DELEGATECALL_UNTRUSTED'),
  'a rule asks nobody': (draft) => {
    put(draft, 'rules.tokens.effect', 'allow');
    drop(draft, 'rules.tokens.require');
  },
  'another group decides': (draft) => put(draft, 'rules.tokens.require.groups.0.group', 'board'),
  'no hand is needed': (draft) => put(draft, 'rules.tokens.require.holder', false),
  'approvals live longer': (draft) => put(draft, 'rules.tokens.require.ttlSec', 86_400),
  'fewer parties must consent': (draft) => put(draft, 'rules.safe.consents', 2),
  'more parties must reject': (draft) => put(draft, 'rules.small.rejections', 2),
  'a demand is gone beside a wider rule': (draft) => {
    add(draft, 'rules', {
      id: 'wide',
      effect: 'require',
      match: {
        kinds: ['evm-typed-data', 'evm-transaction'],
        operations: ['call', 'delegatecall'],
        to: ['@batch', '@payees'],
      },
    });
    drop(draft, 'rules.safe');
  },
  'a denial is gone': (draft) => drop(draft, 'rules.never'),
  'a denial strikes at less': (draft) => put(draft, 'rules.never.match.selectors', ['none']),
  'a blocked address is gone': (draft) => {
    put(draft, 'addressLists.blocked', [{ chainId: 1, address: MALLORY, label: 'Mallory' }]);
  },
  'a limit is gone': (draft) => drop(draft, 'limits.count'),
  'a limit is higher': (draft) => put(draft, 'limits.count.max', '11'),
  'a limit looks back less': (draft) => put(draft, 'limits.day.windowSec', 3600),
  'a limit counts apart': (draft) => put(draft, 'limits.day.per', ['wallet', 'initiator', 'counterparty']),
  'a limit no longer denies what it cannot tell': (draft) => put(draft, 'limits.count.per', ['wallet']),
  'a limit asks instead': (draft) => put(draft, 'limits.day.onExceed', { require: { holder: true } }),
  'a limit counts less': (draft) => put(draft, 'limits.day.match', { wallets: ['ops'] }),
  'a limit has another name': (draft) => put(draft, 'limits.day.id', 'daily'),
  'a code may be accepted': (draft) => drop(draft, 'hardDeny'),
  'a wallet is new': (draft) => put(draft, 'wallets.third', {}),
  'a wallet has a chain more': (draft) => add(draft, 'wallets.ops.chainIds', 10),
  'a wallet is less cold': (draft) => put(draft, 'wallets.treasury.class', 'hot'),
  'an asset is new': (draft) => put(draft, 'assets.DAI', { chainId: 1, address: ALICE, decimals: 18 }),
  'an asset has other decimals': (draft) => put(draft, 'assets.USDC.decimals', 18),
  'it ends later': (draft) => put(draft, 'expiresAt', 1_950_000_000),
  'it never ends': (draft) => drop(draft, 'expiresAt'),
  'an approver is new': (draft) => {
    put(draft, 'approvers.eve', approverFile('Eve', 9));
    add(draft, 'groups.finance', 'eve');
  },
  'an approver has another key': (draft) => put(draft, 'approvers.ben', approverFile('Ben', 9)),
  'somebody leaves those who decide on policies': (draft) => {
    put(draft, 'groups.board', ['ada', 'ben']);
  },
  'admins are fewer': (draft) => put(draft, 'admin.quorum', 1),
  'the delay is shorter': (draft) => put(draft, 'admin.widenDelaySec', 0),
  'what was left to nobody is deferred': (draft) => put(draft, 'unmatched', 'defer'),
  'an entry of the book has another key': (draft) => put(draft, 'counterparties.acme.identity', `0x${'01'.repeat(32)}`),
  'a function becomes familiar': (draft) => put(draft, 'rules.safe.match.selectors', ['0xdeadbeef']),
};

describe('what narrows', () => {
  test.each(Object.entries(NARROWINGS))('%s', (_, edit) => {
    const { changes, direction } = compared(edit);
    expect({ direction, widening: changes.filter(({ kind }) => kind === 'widens') }).toEqual({
      direction: 'narrows',
      widening: [],
    });
  });
});

describe('what widens', () => {
  test.each(Object.entries(WIDENINGS))('%s', (_, edit) => {
    const { changes, direction } = compared(edit);
    expect(direction).toBe('widens');
    expect(changes.some(({ kind, words }) => kind === 'widens' && /^[\x20-\x7e]+$/.test(words))).toBe(true);
  });
});

describe('a pin', () => {
  const file = edited(rich(), (draft) => {
    put(draft, 'limits', []);
    put(draft, 'rules', [
      { id: 'a', effect: 'require', match: { to: ['@safes'], risks: ['SAFE_SELF_CHANGE'] } },
      { id: 'b', effect: 'require', match: { selectors: ['0x694e80c3'] } },
    ]);
  });

  test('opens what only a pin opens, though it matches less', () => {
    const pinned = compared((draft) => put(draft, 'rules.a.match.selectors', ['0x694e80c3']), file);
    expect(pinned.direction).toBe('widens');
  });

  test('excuses an effect that nobody can count, once the vague rule beside it is gone', () => {
    const limited = edited(file, (draft) => {
      put(draft, 'limits', [{ id: 'day', measure: 'amount', asset: 'ETH', windowSec: 86_400, max: '5' }]);
      put(draft, 'rules', [
        { id: 'exact', effect: 'require', match: { to: ['@safes'], selectors: ['0x694e80c3'] } },
        { id: 'vague', effect: 'require', match: { selectors: ['0x694e80c3'] } },
      ]);
    });
    expect(compared((draft) => drop(draft, 'rules.vague'), limited).direction).toBe('widens');
    expect(compared((draft) => drop(draft, 'rules.exact'), limited).direction).toBe('narrows');
  });
});

describe('what only looks like a narrowing', () => {
  const decide = (file: Draft): string =>
    judge({
      assessment: safeTx({ to: SAFE, data: calldata('changeThreshold', 1n) }),
      wallet: { name: 'treasury', address: WALLET, ...SIZE },
      initiator: 'olivia',
      now: 1_800_000_000,
      common: policyFrom(file),
      ledger: () => ({ used: 0n, entries: 0 }),
    }).decision;
  const broad = { kinds: ['evm-typed-data'], risks: ['SAFE_SELF_CHANGE'] };
  const exact = { ...broad, to: ['@safes'], selectors: ['0x694e80c3'] };
  const bare = edited(rich(), (draft) => {
    put(draft, 'limits', []);
    put(draft, 'rules', [
      { id: 'one', effect: 'require', match: { ...broad, to: ['@safes'] } },
      // Familiar already, so that nothing else tells the two versions apart.
      { id: 'known', effect: 'require', match: { initiators: ['nobody'], selectors: ['0x694e80c3'] } },
    ]);
  });

  test('a pin permits what was denied', () => {
    const pin = (draft: Draft): void => put(draft, 'rules.one.match', exact);
    expect([decide(bare), decide(edited(bare, pin)), compared(pin, bare).direction]).toEqual([
      'deny',
      'require',
      'widens',
    ]);
  });

  test('without the vague rule beside it an exact one permits what was denied', () => {
    const counted = edited(bare, (draft) => {
      put(draft, 'limits', [{ id: 'day', measure: 'amount', asset: 'ETH', windowSec: 86_400, max: '5' }]);
      put(draft, 'rules.one.match', exact);
      add(draft, 'rules', { id: 'vague', effect: 'require', match: { ...broad, to: ['@safes'] } });
    });
    const remove = (draft: Draft): void => drop(draft, 'rules.vague');
    const outcome = [decide(counted), decide(edited(counted, remove)), compared(remove, counted).direction];
    expect(outcome).toEqual(['deny', 'require', 'widens']);
  });
});

describe('the address book', () => {
  const next = (edit: Edit): string => compared(edit).direction;

  test('grows by entries that nobody but whom they name can make', () => {
    expect(next((draft) => put(draft, 'counterparties.new', entryFile('new', 1, [`0x${'ee'.repeat(20)}`])))).toBe(
      'book',
    );
    const replaced = entryFile('acme', 2, [`0x${'ae'.repeat(20)}`]);
    expect(next((draft) => put(draft, 'counterparties.acme', replaced))).toBe('book');
  });

  test('is not all that changes, or not all that grows', () => {
    const added = entryFile('new', 1, [`0x${'ee'.repeat(20)}`]);
    expect(
      next((draft) => {
        put(draft, 'counterparties.new', added);
        put(draft, 'rules.small.match.amount.max', '2000000000000000000');
      }),
    ).toBe('widens');
    expect(next((draft) => put(draft, 'counterparties', { new: added, acme: entryFile('acme', 1, [BOB]) }))).toBe(
      'widens',
    );
    const renamed = entryFile('acme', 2, [...ACME, `0x${'ee'.repeat(20)}`], { label: 'Own treasury' });
    expect(next((draft) => put(draft, 'counterparties.acme', renamed))).toBe('widens');
  });

  test('weakens no denial by a smaller quorum', () => {
    const denying = edited(rich(), (draft) => put(draft, 'rules.never.match.counterparties', ['@blocked', '@acme']));
    const moved = entryFile('acme', 2, [`0x${'ae'.repeat(20)}`]);
    expect(compared((draft) => put(draft, 'counterparties.acme', moved), denying).direction).toBe('widens');
  });
});

test('a rule that asks for what cannot be denies, and so its correction widens', () => {
  const broken = edited(rich(), (draft) => put(draft, 'rules.safe.consents', 9));
  expect(compared((draft) => put(draft, 'rules.safe.consents', 4), broken).direction).toBe('widens');
  expect(compared((draft) => put(draft, 'rules.safe.consents', 10), broken).direction).toBe('narrows');
  // A larger group brings them to life.
  expect(compared((draft) => put(draft, 'rules.safe.consents', 5), broken).direction).toBe('widens');
  const sleeping = { id: 'later', effect: 'allow', match: { kinds: ['evm-transaction'] }, consents: 5 };
  expect(compared((draft) => add(draft, 'rules', sleeping)).direction).toBe('widens');
});

test('equal digests are the same, whatever the file looks like; others are not', () => {
  const policy = policyFrom(rich());
  const reordered = { ...rich(), rules: [...(get(rich(), 'rules') as Draft[])].reverse() };
  expect(comparePolicies(policy, policyFrom(reordered))).toEqual({ direction: 'same', changes: [] });
  expect(compared(() => undefined).direction).toBe('narrows');
});

test('ten thousand rules are compared in steps, and what cannot be compared widens', () => {
  const rules = (match: object): Draft[] =>
    Array.from({ length: 3000 }, (_, i) => ({
      id: `r${i}`,
      effect: 'allow',
      match: { initiators: [`bot-${i}`], ...match },
    }));
  const file = { ...rich(), limits: [], rules: rules({}) };
  expect(compared((draft) => put(draft, 'rules', rules({ chainIds: [1] })), file).direction).toBe('narrows');
  const { changes, direction } = compared((draft) => put(draft, 'rules', rules({ kinds: ['evm-message'] })), file);
  expect(direction).toBe('widens');
  expect(changes.at(-1)?.words).toContain('too many rules');
});

test('an approver is another person also where person and device read the same together', () => {
  const file = rich();
  put(file, 'approvers.ben', approverFile('Ben', 2, 'phone on desk'));
  const { direction } = compared((draft) => put(draft, 'approvers.ben', approverFile('Ben on phone', 2, 'desk')), file);
  expect(direction).toBe('widens');
});
