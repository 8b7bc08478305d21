import { describe, expect, test } from 'vitest';
import type { Assessment } from '../../protocol/payload/risk/assess.ts';
import { MAX_MOVES } from '../../protocol/policy/spend.ts';
import { answer, Desk, limitsOf } from './support/desk.ts';
import {
  ALICE,
  BOB,
  type CallParts,
  calldata,
  MALLORY,
  MULTISEND,
  multiSend,
  SAFE,
  safeTx,
  transaction,
  typedData,
  USDC,
} from './support/payloads.ts';
import { NOW } from './support/policies.ts';

const HOUR = 3600;
const DAY = 86_400;
const FULL = 'LIMIT_EXCEEDED';

let nonce = 0n;
/** Each with a nonce of its own, hence a payload of its own. */
function pay(parts: CallParts): Assessment {
  nonce += 1n;
  return transaction({ nonce, ...parts });
}

function token(name: string, to: string, amount: bigint): Assessment {
  return pay({ to: USDC, data: calldata(name, to, amount) });
}

interface Measure {
  readonly limit: object;
  /** A payload that adds so much, and the same somewhere else than every key of the counts. */
  readonly add: (amount: bigint) => Assessment;
}

const MEASURES: ReadonlyMap<string, Measure> = new Map([
  ['amount of coin', { limit: { measure: 'amount', asset: 'ETH' }, add: (value) => pay({ to: ALICE, value }) }],
  ['amount of token', { limit: { measure: 'amount', asset: 'USDC' }, add: (value) => token('transfer', ALICE, value) }],
  ['amount allowed', { limit: { measure: 'amount', asset: 'USDC' }, add: (value) => token('approve', ALICE, value) }],
  ['fee', { limit: { measure: 'fee' }, add: (value) => pay({ to: ALICE, gas: value, maxFeePerGas: 1n }) }],
]);

const WINDOWS = [undefined, 60, HOUR, 7000, DAY, 90 * DAY];
const N = 100_000n;

describe.each([...MEASURES])('%s', (_, { limit, add }) => {
  test.each(WINDOWS)('in a window of %s s: n-1 and n pass, n+1 does not, in one payload', (windowSec) => {
    const window = windowSec === undefined ? {} : { windowSec };
    const desk = (): Desk => new Desk(limitsOf([{ id: 'n', ...limit, ...window, max: String(N) }]));
    expect(answer(desk().judge(add(N - 1n)))).toBe('allow');
    expect(answer(desk().judge(add(N)))).toBe('allow');
    expect(answer(desk().judge(add(N + 1n)))).toBe(FULL);
  });

  test.each(WINDOWS.slice(1))('in a window of %s s: n-1 and n pass, n+1 does not, on top of another', (windowSec) => {
    for (const [last, expected] of [
      [N / 2n - 1n, 'allow'],
      [N / 2n, 'allow'],
      [N / 2n + 1n, FULL],
    ] as const) {
      const desk = new Desk(limitsOf([{ id: 'n', ...limit, windowSec, max: String(N) }]));
      expect(answer(desk.sign(add(N / 2n)))).toBe('allow');
      expect(answer(desk.sign(add(last)))).toBe(expected);
    }
  });

  test('without a window each payload stands alone', () => {
    const desk = new Desk(limitsOf([{ id: 'n', ...limit, max: String(N) }]));
    for (let i = 0; i < 3; i++) expect(answer(desk.sign(add(N)))).toBe('allow');
  });

  test.each([60, HOUR, 7000, DAY])('is free again %s s after the nonce was used up, and not a second before', (w) => {
    const desk = new Desk(limitsOf([{ id: 'n', ...limit, windowSec: w, max: String(N) }]));
    expect(answer(desk.sign(add(N)))).toBe('allow');
    const mined = NOW + 100_000;
    // However long it takes: what is signed and not mined could be mined in any window.
    expect(answer(desk.judge(add(1n), { at: mined - 1 }))).toBe(FULL);
    desk.mined(nonce, mined);
    expect(answer(desk.judge(add(N), { at: mined }))).toBe(FULL);
    expect(answer(desk.judge(add(1n), { at: mined + w - 1 }))).toBe(FULL);
    expect(answer(desk.judge(add(N), { at: mined + w }))).toBe('allow');
    expect(answer(desk.judge(add(N), { at: mined + w + 1 }))).toBe('allow');
  });
});

describe('count', () => {
  test.each([60, HOUR, DAY])('in a window of %s s: n-1 and n payloads pass, the next does not', (windowSec) => {
    const desk = new Desk(limitsOf([{ id: 'n', measure: 'count', windowSec, max: '5' }]));
    const answers = Array.from({ length: 6 }, () => answer(desk.sign(pay({ to: ALICE, value: 1n }))));
    expect(answers).toEqual(['allow', 'allow', 'allow', 'allow', 'allow', FULL]);
    desk.mined(nonce, NOW + 5);
    expect(answer(desk.judge(pay({ to: ALICE }), { at: NOW + 4 + windowSec }))).toBe(FULL);
    expect(answer(desk.judge(pay({ to: ALICE }), { at: NOW + 5 + windowSec }))).toBe('allow');
  });

  test('counts what moves nothing, too, and a batch once', () => {
    const desk = new Desk(limitsOf([{ id: 'n', measure: 'count', windowSec: HOUR, max: '2' }]));
    const batch = multiSend([
      { to: ALICE, value: 1n },
      { to: BOB, value: 1n },
    ]);
    expect(answer(desk.sign(pay({ to: MULTISEND, data: batch, value: 2n })))).toBe('require');
    expect(answer(desk.sign(pay({ to: ALICE })))).toBe('allow');
    expect(answer(desk.sign(pay({ to: ALICE })))).toBe(FULL);
  });
});

describe('outstanding', () => {
  test('k-1 and k nonces pass, the next does not until one is used up', () => {
    const desk = new Desk(limitsOf([{ id: 'k', measure: 'outstanding', max: '3' }]));
    const first = nonce + 1n;
    const answers = Array.from({ length: 4 }, () => answer(desk.sign(pay({ to: ALICE }))));
    expect(answers).toEqual(['allow', 'allow', 'allow', FULL]);
    expect(answer(desk.judge(pay({ to: ALICE }), { at: NOW + 90 * DAY }))).toBe(FULL);
    desk.mined(first - 1n, NOW + 1);
    expect(answer(desk.judge(pay({ to: ALICE })))).toBe(FULL);
    desk.mined(first, NOW + 2);
    expect(answer(desk.judge(pay({ to: ALICE })))).toBe('allow');
  });

  test('a consent counts before anything is signed, and no longer when it is proven that nothing was', () => {
    const desk = new Desk(limitsOf([{ id: 'k', measure: 'outstanding', max: '1' }]));
    const held = pay({ to: ALICE });
    expect(answer(desk.consent(held))).toBe('allow');
    expect(answer(desk.judge(pay({ to: ALICE })))).toBe(FULL);
    desk.ledger.settle(`wallet/${hex(held)}`, 'attempt 1');
    expect(answer(desk.judge(pay({ to: ALICE })))).toBe('allow');
  });

  test('nonces of Safes and deadlines of permits count beside those of the account', () => {
    const desk = new Desk(limitsOf([{ id: 'k', measure: 'outstanding', max: '2' }], {}, SAFE_AND_ALL));
    expect(answer(desk.sign(safeTx({ to: ALICE, value: 1n, nonce: 7n })))).toBe('allow');
    // The same nonce of the same Safe can be used only once.
    expect(answer(desk.sign(safeTx({ to: BOB, value: 1n, nonce: 7n })))).toBe('allow');
    expect(answer(desk.sign(permit(5n, NOW + 60)))).toBe('require');
    expect(answer(desk.judge(pay({ to: ALICE })))).toBe(FULL);
    expect(answer(desk.judge(pay({ to: ALICE }), { at: NOW + 59 }))).toBe(FULL);
    expect(answer(desk.judge(pay({ to: ALICE }), { at: NOW + 60 }))).toBe('allow');
  });
});

describe('separate counts', () => {
  const eth = { to: ALICE, value: 10n };
  /** Of each key: the payload again, with another value of this key, and asked for by others. */
  const CASES = [
    ['wallet', () => pay(eth), { wallet: 'payroll' }],
    ['initiator', () => pay(eth), { initiator: 'otto' }],
    ['counterparty', () => pay({ ...eth, to: BOB }), {}],
    ['selector', () => pay({ ...eth, data: calldata('approve', MALLORY, 1n), to: USDC, value: 0n }), {}],
    ['asset', () => token('transfer', ALICE, 10n), {}],
  ] as const;

  test.each(CASES)('by %s: full for one, free for another', (per, other, asked) => {
    const desk = new Desk(limitsOf([{ id: 'n', measure: 'count', windowSec: HOUR, max: '1', per: [per] }]));
    expect(answer(desk.sign(pay(eth)))).toBe('allow');
    expect(answer(desk.judge(pay(eth)))).toBe(FULL);
    expect(answer(desk.sign(other(), asked))).toBe('allow');
    expect(answer(desk.judge(other(), asked))).toBe(FULL);
  });

  test.each(CASES)('not by %s: everything that it covers counts together', (per, other, asked) => {
    const keys = ['wallet', 'initiator', 'counterparty', 'selector', 'asset'].filter((key) => key !== per);
    // Of all keys but this one the two payloads may differ in more than one, so only those that are equal are kept.
    const kept = per === 'wallet' || per === 'initiator' ? keys : ['wallet', 'initiator'];
    const desk = new Desk(limitsOf([{ id: 'n', measure: 'count', windowSec: HOUR, max: '1', per: kept }]));
    expect(answer(desk.sign(pay(eth)))).toBe('allow');
    expect(answer(desk.judge(other(), asked))).toBe(FULL);
  });

  test('two receivers in one batch are two counts, and each is held to its own', () => {
    const limit = { id: 'n', measure: 'amount', asset: 'ETH', windowSec: HOUR, max: '10', per: ['counterparty'] };
    const batch = (a: bigint, b: bigint): Assessment =>
      pay({
        to: MULTISEND,
        data: multiSend([
          { to: ALICE, value: a },
          { to: BOB, value: b },
        ]),
        value: 0n,
      });
    const desk = new Desk(limitsOf([limit]));
    expect(answer(desk.judge(batch(10n, 10n)))).toBe('require');
    expect(answer(desk.judge(batch(11n, 1n)))).toBe(FULL);
    expect(answer(desk.sign(batch(4n, 9n)))).toBe('require');
    expect(answer(desk.judge(batch(7n, 1n)))).toBe(FULL);
    expect(answer(desk.judge(batch(6n, 1n)))).toBe('require');
    expect(answer(desk.judge(batch(6n, 2n)))).toBe(FULL);
  });
});

describe('what a limit covers', () => {
  const count = { id: 'n', measure: 'count', windowSec: HOUR, max: '0' };

  test.each([
    ['wallets', ['payroll'], { wallet: 'payroll' }],
    ['initiators', ['otto'], { initiator: 'otto' }],
  ] as const)('match.%s', (field, values, asked) => {
    const desk = new Desk(limitsOf([{ ...count, match: { [field]: values } }]));
    expect(answer(desk.judge(pay({ to: ALICE })))).toBe('allow');
    expect(answer(desk.judge(pay({ to: ALICE }), asked))).toBe(FULL);
  });

  test('match.counterparties, selectors, kinds and chainIds', () => {
    const covers = (match: object, payload: Assessment): string =>
      answer(new Desk(limitsOf([{ ...count, match }], {}, SAFE_AND_ALL)).judge(payload));
    expect(covers({ counterparties: ['@payees'] }, pay({ to: MALLORY, value: 1n }))).toBe('allow');
    expect(covers({ counterparties: ['@payees'] }, pay({ to: BOB, value: 1n }))).toBe(FULL);
    expect(covers({ selectors: ['0xa9059cbb'] }, token('approve', ALICE, 1n))).toBe('allow');
    expect(covers({ selectors: ['0xa9059cbb'] }, token('transfer', ALICE, 1n))).toBe(FULL);
    expect(covers({ kinds: ['evm-typed-data'] }, pay({ to: ALICE }))).toBe('allow');
    expect(covers({ kinds: ['evm-typed-data'] }, permit(1n, NOW + 60))).toBe(FULL);
    expect(covers({ chainIds: [1] }, pay({ to: ALICE }))).toBe('allow');
    expect(covers({ chainIds: [31337] }, pay({ to: ALICE }))).toBe(FULL);
  });

  test('an unlimited allowance exceeds every amount', () => {
    const max = (2n ** 256n - 2n).toString();
    const desk = new Desk(limitsOf([{ id: 'n', measure: 'amount', asset: 'USDC', windowSec: HOUR, max }]));
    expect(answer(desk.judge(token('approve', ALICE, 2n ** 256n - 1n)))).toBe(FULL);
  });

  test('a Safe of no chain counts for the asset of every chain', () => {
    const more = { wallets: { treasury: { legacyChainId: 31337 } } };
    const limit = { id: 'n', measure: 'amount', asset: 'ETH', windowSec: HOUR, max: '10' };
    const desk = new Desk(limitsOf([limit], more, [...SAFE_AND_ALL, OLD_SAFE]));
    expect(answer(desk.sign(safeTx({ to: ALICE, value: 10n, legacy: true, nonce: 3n })))).toBe('require');
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n })))).toBe(FULL);
  });

  test('an own limit holds beside the common one, each with its own history', () => {
    const limit = { id: 'n', measure: 'amount', asset: 'ETH', windowSec: HOUR };
    const desk = new Desk(limitsOf([{ ...limit, max: '100' }]), limitsOf([{ ...limit, max: '30' }]));
    expect(answer(desk.sign(pay({ to: ALICE, value: 30n })))).toBe('allow');
    const verdict = desk.judge(pay({ to: ALICE, value: 1n }));
    expect(verdict.reasons.map(({ code, policy }) => [code, policy])).toEqual([[FULL, 'own']]);
    desk.own = undefined;
    expect(answer(desk.judge(pay({ to: ALICE, value: 70n })))).toBe('allow');
  });

  test('instead of denying it may ask people', () => {
    const onExceed = { require: { holder: true, delaySec: 60 } };
    const limit = { id: 'n', measure: 'amount', asset: 'ETH', windowSec: HOUR, max: '10', onExceed };
    const desk = new Desk(limitsOf([limit]));
    expect(answer(desk.judge(pay({ to: ALICE, value: 10n })))).toBe('allow');
    const verdict = desk.sign(pay({ to: ALICE, value: 11n }));
    expect([verdict.decision, verdict.obligations.holder, verdict.obligations.delaySec]).toEqual(['require', true, 60]);
    // What people let through is charged like the rest.
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n })))).toBe('require');
  });
});

describe('history', () => {
  const day = { id: 'day', measure: 'amount', asset: 'ETH', windowSec: DAY, max: '10' };

  test('a limit that is new counts what was signed before it, and a new version resets nothing', () => {
    const desk = new Desk(limitsOf([]));
    expect(answer(desk.sign(pay({ to: ALICE, value: 9n })))).toBe('allow');
    desk.policy = limitsOf([day], { version: 2 });
    expect(answer(desk.judge(pay({ to: ALICE, value: 2n })))).toBe(FULL);
    expect(answer(desk.sign(pay({ to: ALICE, value: 1n })))).toBe('allow');
    desk.policy = limitsOf([{ ...day, max: '11' }], { version: 3 });
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n })))).toBe('allow');
    expect(answer(desk.judge(pay({ to: ALICE, value: 2n })))).toBe(FULL);
  });

  test('the order of consents decides, and a later one starves nobody', () => {
    const desk = new Desk(limitsOf([day]));
    const first = pay({ to: ALICE, value: 6n });
    const second = pay({ to: BOB, value: 4n });
    expect(answer(desk.consent(first))).toBe('allow');
    expect(answer(desk.consent(second))).toBe('allow');
    expect(answer(desk.judge(first))).toBe('allow');
    expect(answer(desk.judge(second))).toBe('allow');
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n })))).toBe(FULL);
  });

  test('attempts of one payload are one charge', () => {
    const desk = new Desk(limitsOf([day]));
    const again = pay({ to: ALICE, value: 8n });
    expect(answer(desk.consent(again, { attempt: 1 }))).toBe('allow');
    expect(answer(desk.consent(again, { attempt: 2 }))).toBe('allow');
    expect(answer(desk.judge(pay({ to: ALICE, value: 2n })))).toBe('allow');
    desk.ledger.settle(`wallet/${hex(again)}`, 'attempt 1');
    expect(answer(desk.judge(pay({ to: ALICE, value: 3n })))).toBe(FULL);
    desk.ledger.settle(`wallet/${hex(again)}`, 'attempt 2');
    expect(answer(desk.judge(pay({ to: ALICE, value: 10n })))).toBe('allow');
  });

  test('what was used up windows ago and is consented to once more is charged once more', () => {
    const desk = new Desk(limitsOf([day]));
    const old = transaction({ to: ALICE, value: 8n, nonce: 5n });
    expect(answer(desk.sign(old))).toBe('allow');
    desk.mined(5n, NOW + 60);
    const later = NOW + 3 * DAY;
    expect(answer(desk.judge(pay({ to: ALICE, value: 10n }), { at: later }))).toBe('allow');
    expect(answer(desk.sign(old, { attempt: 2, at: later }))).toBe('allow');
    expect(answer(desk.judge(pay({ to: ALICE, value: 3n }), { at: later }))).toBe(FULL);
    expect(answer(desk.judge(pay({ to: ALICE, value: 3n }), { at: later + DAY }))).toBe('allow');
  });

  test('what may have been signed stays charged after its consent has expired', () => {
    const desk = new Desk(limitsOf([day]));
    expect(answer(desk.consent(pay({ to: ALICE, value: 10n }), { lives: 60 }))).toBe('allow');
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n }), { at: NOW + 5 * DAY }))).toBe(FULL);
  });

  test('what was settled and is seen released after all counts again', () => {
    const desk = new Desk(limitsOf([day]));
    const odd = pay({ to: ALICE, value: 10n });
    desk.consent(odd);
    desk.ledger.settle(`wallet/${hex(odd)}`, 'attempt 1');
    expect(answer(desk.judge(pay({ to: ALICE, value: 10n })))).toBe('allow');
    desk.ledger.release(`wallet/${hex(odd)}`, NOW + 1);
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n })))).toBe(FULL);
  });

  test('a clock that is set back widens nothing', () => {
    const desk = new Desk(limitsOf([day]));
    desk.sign(pay({ to: ALICE, value: 10n }));
    desk.mined(nonce, NOW + HOUR);
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n }), { at: NOW - 10 * DAY }))).toBe(FULL);
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n }), { at: NOW + HOUR + DAY - 1 }))).toBe(FULL);
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n }), { at: NOW + HOUR + DAY }))).toBe('allow');
  });

  test('what was recorded under a clock that ran ahead is charged from that time on', () => {
    const desk = new Desk(limitsOf([day]));
    desk.sign(pay({ to: ALICE, value: 1n }), { at: NOW + 2 * DAY });
    desk.sign(pay({ to: ALICE, value: 9n }));
    desk.mined(nonce, NOW + 1);
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n }), { at: NOW + 3 * DAY - 1 }))).toBe(FULL);
    expect(answer(desk.judge(pay({ to: ALICE, value: 1n }), { at: NOW + 3 * DAY }))).toBe('allow');
  });

  test('a permit is charged until a window after its deadline, one without a deadline for ever', () => {
    const limit = { id: 'day', measure: 'amount', asset: 'USDC', windowSec: DAY, max: '10' };
    const desk = new Desk(limitsOf([limit], {}, SAFE_AND_ALL));
    expect(answer(desk.sign(permit(10n, NOW + HOUR)))).toBe('require');
    expect(answer(desk.judge(token('transfer', ALICE, 1n), { at: NOW + HOUR + DAY - 1 }))).toBe(FULL);
    expect(answer(desk.judge(token('transfer', ALICE, 1n), { at: NOW + HOUR + DAY }))).toBe('allow');
    const endless = permit(10n, 2n ** 256n - 1n);
    expect(answer(desk.sign(endless, { at: NOW + 2 * DAY }))).toBe('require');
    expect(answer(desk.judge(token('transfer', ALICE, 1n), { at: NOW + 9999 * DAY }))).toBe(FULL);
    desk.ledger.voided(`wallet/${hex(endless)}`, NOW + 10_000 * DAY);
    expect(answer(desk.judge(token('transfer', ALICE, 1n), { at: NOW + 10_001 * DAY }))).toBe('allow');
  });
});

test('a batch beyond what is kept line by line counts as unknown where counts are separate, and in full where not', () => {
  const many = Array.from({ length: MAX_MOVES + 1 }, (_, i) => ({
    to: `0x${(i + 1).toString(16).padStart(40, '0')}` as const,
    value: 1n,
  }));
  const batch = pay({ to: MULTISEND, data: multiSend(many) });
  const limit = { id: 'n', measure: 'amount', asset: 'ETH', windowSec: HOUR };
  const by = (more: object): string => answer(new Desk(limitsOf([{ ...limit, ...more }])).judge(batch));
  expect(by({ max: String(MAX_MOVES + 1) })).toBe('require');
  expect(by({ max: String(MAX_MOVES) })).toBe(FULL);
  expect(by({ max: '1000000', per: ['counterparty'] })).toBe('LIMIT_UNKNOWN');
});

const SAFE_AND_ALL = [
  {
    id: 'anything',
    effect: 'allow',
    match: {
      nativeValue: { max: '1000000' },
      operations: ['call', 'authorize'],
      kinds: ['evm-transaction', 'evm-typed-data'],
    },
  },
] as const;

const OLD_SAFE = {
  id: 'old-safe',
  effect: 'require',
  match: {
    kinds: ['evm-typed-data'],
    to: ['@payees'],
    selectors: ['none'],
    nativeValue: { max: '1000000' },
    risks: ['NO_CHAIN_BINDING'],
  },
} as const;

function permit(value: bigint, deadline: bigint | number): Assessment {
  nonce += 1n;
  return typedData({
    domain: { name: 'USD Coin', version: '2', chainId: '31337', verifyingContract: USDC },
    primaryType: 'Permit',
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    message: {
      owner: `0x${'11'.repeat(20)}`,
      spender: SAFE,
      value: `${value}`,
      nonce: `${nonce}`,
      deadline: `${deadline}`,
    },
  });
}

function hex(payload: Assessment): string {
  return Buffer.from(payload.decoded.digest).toString('hex');
}
