import { keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { ALICE, calldata, MALLORY, multiSend, SAFE, safeTx, transaction, USDC } from './support/payloads.ts';
import { codes, file, input, judged, type PolicyFile, parsed, policyOf } from './support/policies.ts';

const payment = transaction({ to: USDC, data: calldata('transfer', ALICE, 5n) });
const any = { id: 'any', effect: 'allow', match: {} } as const;

describe('effects', () => {
  it.each([
    [['allow'], 'allow'],
    [['require'], 'require'],
    [['deny'], 'deny'],
    [['allow', 'require'], 'require'],
    [['allow', 'deny'], 'deny'],
    [['require', 'deny'], 'deny'],
    [['allow', 'require', 'deny'], 'deny'],
  ] as const)('%j together: %s', (effects, decision) => {
    const rules = effects.map((effect) => ({ id: effect, effect, match: {} }));
    expect(judged(payment, rules).decision).toBe(decision);
  });

  it('the strictest call decides for the payload', () => {
    const calls = [
      { to: ALICE, data: '0x' },
      { to: USDC, data: calldata('transfer', ALICE, 5n) },
    ] as const;
    const kinds = ['evm-typed-data'];
    const batch = { to: '@batch', operations: ['delegatecall'], risks: ['DELEGATECALL', 'BATCH'] };
    const rules = [
      { id: 'batch', effect: 'allow', match: { kinds, ...batch } },
      { id: 'plain', effect: 'allow', match: { kinds, to: '@payees' } },
      { id: 'token', effect: 'require', match: { kinds, to: [USDC], chainIds: [31337] } },
    ] as const;
    const tx = safeTx({ to: '0x9641d764fc13c8b624c04430c7356c1c7c8102e2', data: multiSend(calls), operation: 1 });
    const verdict = judged(tx, rules);
    expect(verdict.decision).toBe('require');
    expect(verdict.rules.map(({ id, leaf }) => [id, leaf])).toEqual([
      ['batch', '0'],
      ['plain', '0.0'],
      ['token', '0.1'],
    ]);
    const refused = judged(tx, [...rules, { id: 'never', effect: 'deny', match: { to: [ALICE] } }]);
    expect(refused.reasons).toMatchObject([{ code: 'DENIED_BY_RULE', leaf: '0.0' }]);
  });
});

describe('risks', () => {
  const unlimited = transaction({ to: USDC, data: calldata('approve', ALICE, 2n ** 256n - 1n) });
  const threshold = safeTx({ to: SAFE, data: calldata('changeThreshold', 1n) });
  const pins = { kinds: ['evm-typed-data'], to: '@safes', selectors: ['0x694e80c3'] };
  const risks = ['SAFE_SELF_CHANGE'];

  it('a high risk leaves it to a person unless a matching rule names it', () => {
    const open = judged(unlimited, [any]);
    expect(open).toMatchObject({ decision: 'require', consents: 2, rejections: 1, risks: ['UNLIMITED_APPROVAL'] });
    expect(open.reasons).toMatchObject([{ code: 'UNLIMITED_APPROVAL', leaf: '0', policy: 'common' }]);
    expect(open.reasons[0]?.detail).toContain('a person has to decide');
    const named = { id: 'named', effect: 'allow', match: { risks: ['UNLIMITED_APPROVAL'] } } as const;
    expect(judged(unlimited, [named])).toMatchObject({ decision: 'allow', risks: ['UNLIMITED_APPROVAL'], reasons: [] });
    const elsewhere = { ...named, match: { ...named.match, to: [MALLORY], chainIds: [31337] } };
    expect(judged(unlimited, [any, elsewhere]).decision).toBe('require');
  });

  it('a high risk permits nothing by itself', () => {
    expect(codes(judged(unlimited, []))).toEqual(['DEFAULT_DENY', 'UNLIMITED_APPROVAL']);
    expect(judged(unlimited, []).decision).toBe('deny');
    const other = { id: 'other', effect: 'allow', match: { to: [MALLORY], chainIds: [31337] } } as const;
    expect(judged(unlimited, [other]).decision).toBe('deny');
  });

  it('of an own policy lift the verdict as well, unless it defers', () => {
    const accepting = policyOf([{ ...any, match: { risks: ['UNLIMITED_APPROVAL'] } }]);
    const withOwn = (more: PolicyFile) => judge(input(unlimited, accepting, { own: policyOf([any], more) }));
    expect(withOwn({})).toMatchObject({ decision: 'require', reasons: [{ policy: 'own' }] });
    expect(withOwn({ unmatched: 'defer' }).decision).toBe('allow');
  });

  it.each([
    ['no name', { effect: 'require', match: pins }, false],
    ['allow instead of require', { effect: 'allow', match: { ...pins, risks } }, false],
    ['no selectors', { effect: 'require', match: { ...pins, selectors: undefined, risks } }, false],
    ['no to', { effect: 'require', match: { ...pins, to: undefined, risks } }, false],
    ['name and pins', { effect: 'require', match: { ...pins, risks } }, true],
    [
      'name and calldata hash',
      {
        effect: 'require',
        match: { ...pins, selectors: undefined, calldataHash: keccak256(calldata('changeThreshold', 1n)), risks },
      },
      true,
    ],
  ] as const)('a critical risk with %s', (_, rule, passes) => {
    const verdict = judged(threshold, [{ id: 'r', ...rule }]);
    expect(verdict.decision).toBe(passes ? 'require' : 'deny');
    expect(codes(verdict)).toEqual(passes ? [] : ['SAFE_SELF_CHANGE']);
    expect(verdict.consents).toBe(4);
  });

  it('a calldata hash without a target pins nothing, except for a creation', () => {
    const calldataHash = keccak256(calldata('changeThreshold', 1n));
    const loose = { kinds: ['evm-typed-data'], calldataHash, risks };
    expect(codes(judged(threshold, [{ id: 'r', effect: 'require', match: loose }]))).toEqual(['SAFE_SELF_CHANGE']);
    const create = transaction({ data: '0x6001' });
    const code = { operations: ['create'], calldataHash: keccak256('0x6001'), risks: ['CONTRACT_CREATE'] };
    expect(judged(create, [{ id: 'r', effect: 'require', match: code }]).decision).toBe('require');
    expect(codes(judged(create, [any]))).toEqual(['DEFAULT_DENY', 'CONTRACT_CREATE']);
  });

  it('of an external checker deny whatever the rules accept', () => {
    const observed = [{ code: 'CHECKER_SILENT', path: '0', detail: 'no answer' }] as const;
    const seen = assess(payment.decoded, { observed });
    const defers = policyOf([], { unmatched: 'defer' });
    const verdict = judge(input(seen, policyOf([any]), { own: defers }));
    expect(verdict).toMatchObject({ decision: 'deny', risks: ['CHECKER_SILENT'] });
    expect(verdict.reasons).toMatchObject([{ code: 'CHECKER_SILENT', leaf: '0' }]);
    const accepting = JSON.stringify(file([{ ...any, match: { risks: ['CHECKER_SILENT'] } }]));
    expect(parsePolicy(accepting)).toMatchObject({ ok: false, error: { field: 'rules[0].match.risks[0]' } });
    expect(
      parsePolicy(JSON.stringify(file([{ ...any, effect: 'deny', match: { risks: ['CHECKER_SILENT'] } }]))).ok,
    ).toBe(true);
  });

  it('in a deny rule select the calls that carry them', () => {
    const approve = { id: 'ok', effect: 'allow', match: { risks: ['UNLIMITED_APPROVAL'] } } as const;
    const never = { id: 'never', effect: 'deny', match: { risks: ['UNLIMITED_APPROVAL'] } } as const;
    expect(codes(judged(unlimited, [approve, never]))).toEqual(['DENIED_BY_RULE']);
    expect(judged(payment, [approve, never]).decision).toBe('allow');
  });
});

describe('counts', () => {
  const rule = (id: string, more: object) => ({ ...any, id, ...more });

  it.each([
    ['nothing', [{}], 2, 1],
    ['consents', [{ consents: 3 }], 3, 1],
    ['the most consents', [{ consents: 3 }, { consents: 4 }, {}], 4, 1],
    ['rejections', [{ rejections: 2 }], 2, 2],
    ['the fewest rejections', [{ rejections: 3 }, { rejections: 2 }], 2, 2],
    ['one rule without rejections', [{ rejections: 3 }, {}], 2, 1],
  ] as const)('%s', (_, rules, consents, rejections) => {
    const verdict = judged(
      payment,
      rules.map((more, i) => rule(`r${i}`, more)),
    );
    expect(verdict).toMatchObject({ decision: 'allow', consents, rejections });
  });

  it.each([[{ consents: 1 }], [{ consents: 5 }], [{ rejections: 5 }]])('%j is out of range', (more) => {
    const verdict = judged(payment, [rule('r', more), rule('fine', { consents: 3 })]);
    expect(verdict).toMatchObject({ decision: 'deny', consents: 4, rejections: 1 });
    expect(codes(verdict)).toEqual(['POLICY_QUORUM_OUT_OF_RANGE']);
  });
});

describe('an own policy', () => {
  const allow = policyOf([any]);
  const withOwn = (rules: Parameters<typeof policyOf>[0], more = {}, common = allow) =>
    judge(input(payment, common, { own: policyOf(rules, more) }));
  const defer = { unmatched: 'defer' };

  it.each([
    ['allow', 'allow'],
    ['require', 'require'],
    ['deny', 'deny'],
  ] as const)('%s over a common allow: %s', (effect, decision) => {
    expect(withOwn([{ ...any, effect }]).decision).toBe(decision);
  });

  it('never lifts a common denial or requirement', () => {
    const nothing = policyOf([]);
    const ask = policyOf([{ ...any, effect: 'require' }]);
    expect(codes(withOwn([any], {}, nothing))).toEqual(['DEFAULT_DENY']);
    expect(withOwn([any], {}, ask).decision).toBe('require');
  });

  it('raises consents and lowers rejections', () => {
    const common = policyOf([{ ...any, consents: 3, rejections: 3 }]);
    const own = [{ ...any, consents: 4, rejections: 2 }];
    expect(withOwn(own, {}, common)).toMatchObject({ consents: 4, rejections: 2 });
    const lax = [{ ...any, consents: 2, rejections: 4 }];
    expect(withOwn(lax, {}, common)).toMatchObject({ consents: 3, rejections: 3 });
  });

  it('denies what it does not mention, unless it defers', () => {
    const other = { id: 'eve', effect: 'deny', match: { counterparties: [MALLORY] } } as const;
    expect(withOwn([other]).reasons).toMatchObject([{ code: 'DEFAULT_DENY', policy: 'own' }]);
    expect(withOwn([other], defer).decision).toBe('allow');
    expect(withOwn([other], { ...defer, wallets: {} }).decision).toBe('allow');
    expect(codes(withOwn([{ ...other, match: { to: [USDC] } }], defer))).toEqual(['DENIED_BY_RULE']);
  });

  it('that defers still ends with its own time', () => {
    expect(codes(withOwn([], { ...defer, expiresAt: 5 }))).toEqual(['POLICY_EXPIRED']);
  });

  it('cannot make a common policy defer to anybody', () => {
    const lazy = parsed(file([], defer));
    expect(codes(judge(input(payment, lazy)))).toEqual(['DEFAULT_DENY']);
    expect(codes(judge(input(payment, lazy, { own: lazy })))).toEqual(['DEFAULT_DENY']);
  });
});

describe('reasons', () => {
  it('name the closest rule and what it fails on', () => {
    const rules = [
      { id: 'far', effect: 'allow', match: { assets: ['ETH'], counterparties: [MALLORY], chainIds: [31337] } },
      { id: 'near', effect: 'allow', match: { assets: ['USDC'], amount: { max: '4' } } },
    ] as const;
    const [reason] = judged(payment, rules).reasons;
    expect(reason?.detail).toContain('transfer(address,uint256)');
    expect(reason?.detail).toContain('rule "near" comes closest and fails on amount');
  });

  it('of a long batch are cut with a count', () => {
    const calls = Array.from({ length: 200 }, () => ({ to: ALICE }));
    const tx = safeTx({ to: '0x9641d764fc13c8b624c04430c7356c1c7c8102e2', data: multiSend(calls), operation: 1 });
    const { reasons } = judged(tx, [any]);
    expect(reasons).toHaveLength(64);
    expect(reasons.at(-1)).toMatchObject({ code: 'MORE_REASONS', detail: '140 more reasons are not listed' });
  });
});
