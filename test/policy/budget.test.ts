import { describe, expect, it } from 'vitest';
import { Budget, MAX_STEPS } from '../../protocol/policy/budget.ts';
import { judge } from '../../protocol/policy/judge.ts';
import type { LimitNeed } from '../../protocol/policy/verdict.ts';
import { ALICE, calldata, MULTISEND, multiSend, safeTx, transaction, USDC } from './support/payloads.ts';
import { codes, input, type PolicyFile, policyOf, type RuleFile } from './support/policies.ts';

const everything = {
  kinds: ['evm-typed-data', 'evm-transaction'],
  operations: ['call', 'delegatecall'],
  nativeValue: { max: '9' },
};
const many = (count: number, match: object, effect: RuleFile['effect'] = 'allow'): readonly RuleFile[] =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, effect, match: { ...match } }));
const batch = (calls: number, address: (i: number) => `0x${string}` = () => ALICE) =>
  safeTx({
    to: MULTISEND,
    operation: 1,
    data: multiSend(
      Array.from({ length: calls }, (_, i) => ({ to: USDC, data: calldata('transfer', address(i), 1n) })),
    ),
  });

describe('the budget of a judgement', () => {
  it('counts a step, and one more for every eight lookups', () => {
    const budget = new Budget(4);
    expect([0, 7, 8].map((lookups) => budget.take(lookups))).toEqual([true, true, true]);
    expect(budget.left).toBe(0);
    expect(budget.take(0)).toBe(false);
    expect(budget.isSpent).toBe(true);
  });

  it('ends a judgement of many rules that all match many calls, with one reason', () => {
    const policy = policyOf(many(3000, everything));
    const verdict = judge(input(batch(100), policy));
    expect(verdict).toMatchObject({ decision: 'deny', rules: [], limits: [], consents: 4 });
    expect(verdict.reasons.map(({ code, policy }) => [code, policy])).toEqual([['POLICY_BUDGET', 'common']]);
    expect(verdict.reasons[0]?.detail).toContain(`3000 rules with 101 calls takes more than ${MAX_STEPS} steps`);
    const denials = judge(input(batch(100), policyOf(many(3000, {}, 'deny'))));
    expect(codes(denials)).toEqual(['POLICY_BUDGET']);
    // The other policy is not tried then.
    const own = policyOf(many(3000, everything), { id: 'own' });
    expect(codes(judge(input(batch(100), policy, { own })))).toEqual(['POLICY_BUDGET']);
    expect(
      codes(judge(input(batch(100), policyOf(many(1, { ...everything, risks: ['BATCH', 'DELEGATECALL'] })), { own }))),
    ).toContain('POLICY_BUDGET');
  });

  it('is not touched by rules that the payload or the selector rules out', () => {
    const pay: RuleFile = { id: 'pay', effect: 'allow', match: { ...everything, risks: ['BATCH', 'DELEGATECALL'] } };
    const others = [
      { wallets: ['payroll'] },
      { chainIds: [1] },
      { initiators: ['peter'] },
      { kinds: ['evm-message'] },
      { txTypes: ['blob'] },
      { time: [{ days: [0], from: '00:00', to: '00:01' }] },
      { ...everything, selectors: ['0xdeadbeef', '0xfeedface'] },
    ];
    for (const match of others) {
      const rules = [pay, ...many(3000, match)];
      const wallets = { treasury: {}, payroll: {} };
      const verdict = judge(input(batch(100), policyOf(rules, { wallets })));
      expect([JSON.stringify(match), verdict.decision, codes(verdict)]).toEqual([JSON.stringify(match), 'allow', []]);
    }
  });

  it('leaves room for large payloads under policies of ordinary size', () => {
    const rules = [
      ...many(10, everything),
      { id: 'x', effect: 'allow' as const, match: { ...everything, risks: ['BATCH', 'DELEGATECALL'] } },
    ];
    expect(judge(input(batch(2500), policyOf(rules))).decision).toBe('allow');
    const one = transaction({ to: ALICE, value: 1n });
    expect(judge(input(one, policyOf(many(10_000, everything)))).decision).toBe('allow');
  });

  it('names the closest rule for the first calls only, and says how far it looked', () => {
    const verdict = judge(
      input(batch(20), policyOf(many(300, { kinds: ['evm-typed-data'], selectors: ['0xdeadbeef'] }))),
    );
    const closest = verdict.reasons.filter(({ detail }) => detail.includes('comes closest of the first 256'));
    expect(closest).toHaveLength(8);
    expect(verdict.reasons.filter(({ code }) => code === 'DEFAULT_DENY')).toHaveLength(21);
  });
});

describe('limits of a judgement', () => {
  const receiver = (i: number): `0x${string}` => `0x${(i + 1).toString(16).padStart(40, '0')}`;
  const rules = many(1, { ...everything, risks: ['BATCH', 'DELEGATECALL'] });
  const limits = (count: number, more: object = {}): PolicyFile => ({
    limits: Array.from({ length: count }, (_, i) => ({
      id: `l${i}`,
      measure: 'amount',
      asset: 'USDC',
      windowSec: 60 + i,
      max: '1000',
      per: ['counterparty'],
      ...more,
    })),
  });
  const asked = (count: number, calls: number, more: object = {}) => {
    const needs: LimitNeed[] = [];
    const ledger = (need: LimitNeed) => {
      needs.push(need);
      return { used: 0n, entries: 0 };
    };
    const verdict = judge(input(batch(calls, receiver), policyOf(rules, limits(count, more)), { ledger }));
    return { verdict, needs };
  };

  it('ask no more than can be recorded, and then nothing', () => {
    const most = asked(32, 32);
    expect(most.verdict.decision).toBe('allow');
    expect(most.needs).toHaveLength(1024);
    expect(new Set(most.needs.map(({ limit, bucket }) => `${limit} ${bucket}`)).size).toBe(1024);
    const beyond = asked(32, 33);
    expect(codes(beyond.verdict)).toEqual(['POLICY_BUDGET']);
    expect(beyond.needs).toEqual([]);
    // One transaction alone needs no ledger.
    const alone = asked(1, 900, { windowSec: undefined });
    expect(alone.verdict.decision).toBe('allow');
    expect(alone.needs).toEqual([]);
  });

  it('give a line for each count, sorted, with what was asked and answered', () => {
    const { verdict } = asked(2, 2);
    expect(verdict.limits.map(({ limit, bucket }) => `${limit} ${bucket}`)).toEqual([
      `l0 counterparty=${receiver(0)}`,
      `l0 counterparty=${receiver(1)}`,
      `l1 counterparty=${receiver(0)}`,
      `l1 counterparty=${receiver(1)}`,
    ]);
    expect(verdict.limits[0]).toEqual({
      layer: 'common',
      limit: 'l0',
      bucket: `counterparty=${receiver(0)}`,
      charge: 1n,
      used: 0n,
      entries: 0,
      max: 1000n,
      exceeded: false,
      source: 'ledger',
    });
  });

  it.each([
    [999n, 'allow'],
    [1000n, 'deny'],
    [1001n, 'deny'],
  ])('with %d used and 1 added to at most 1000: %s', (used, decision) => {
    const ledger = () => ({ used, entries: 1 });
    const policy = policyOf(rules, limits(1));
    const verdict = judge(input(batch(1), policy, { ledger }));
    expect(verdict.decision).toBe(decision);
    if (decision === 'allow') return;
    const detail = `limit "l0" (counterparty=${ALICE}): used ${used}, this payload 1, at most 1000`;
    expect(verdict.reasons).toEqual([{ code: 'LIMIT_EXCEEDED', policy: 'common', detail }]);
  });

  it('of an own policy are asked for that policy, and deny as well', () => {
    const layers: string[] = [];
    const ledger = ({ layer }: LimitNeed) => {
      layers.push(layer);
      return { used: layer === 'own' ? 1000n : 0n, entries: 0 };
    };
    const own = policyOf([], { ...limits(1), unmatched: 'defer' });
    const verdict = judge(input(batch(1), policyOf(rules, limits(1)), { own, ledger }));
    expect(layers).toEqual(['common', 'own']);
    expect(verdict.reasons.map(({ code, policy }) => [code, policy])).toEqual([['LIMIT_EXCEEDED', 'own']]);
  });

  it('that cannot be read deny', () => {
    const verdict = judge(input(batch(1), policyOf(rules, limits(1)), { ledger: () => undefined }));
    expect(codes(verdict)).toEqual(['LIMIT_UNKNOWN']);
    expect(verdict.limits).toEqual([]);
  });

  it('that nobody counts deny only what exceeds them by itself, and say so', () => {
    const policy = (max: string) => policyOf(rules, limits(1, { max }));
    const within = judge(input(batch(1), policy('1')));
    expect(within.decision).toBe('allow');
    expect(within.limits[0]).toMatchObject({ used: 0n, source: 'uncounted' });
    expect(codes(judge(input(batch(1), policy('0'))))).toEqual(['LIMIT_EXCEEDED']);
  });

  it('on amounts refuse what nobody can read, unless it is pinned; other limits do not', () => {
    const blind = transaction({ to: ALICE, data: '0xdeadbeef' });
    const pinned: RuleFile = {
      id: 'pinned',
      effect: 'require',
      match: { chainIds: [31337], to: [ALICE], selectors: ['0xdeadbeef'], risks: ['UNDECODED'] },
    };
    const day = (more: object) => ({
      limits: [{ id: 'day', measure: 'amount', asset: 'USDC', windowSec: 60, max: '9', ...more }],
    });
    const under = (more: object, ...others: RuleFile[]) =>
      codes(judge(input(blind, policyOf([pinned, ...others], day(more)))));
    const lax: RuleFile = { id: 'lax', effect: 'allow', match: {} };
    expect(under({})).toEqual([]);
    expect(under({}, lax)).toEqual(['LIMIT_UNKNOWN']);
    expect(under({ match: { initiators: ['peter'] } }, lax)).toEqual([]);
    expect(under({ asset: undefined, measure: 'count' }, lax)).toEqual([]);
    const elsewhere = { ...day({}), assets: { USDC: { chainId: 1, address: USDC, decimals: 6 } } };
    expect(codes(judge(input(blind, policyOf([pinned, lax], elsewhere))))).toEqual([]);
  });
});
