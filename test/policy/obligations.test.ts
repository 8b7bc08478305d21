import { describe, expect, it } from 'vitest';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { NO_OBLIGATIONS } from '../../protocol/policy/verdict.ts';
import { ALICE, calldata, SAFE, safeTx, transaction, USDC, WALLET } from './support/payloads.ts';
import { codes, input, type PolicyFile, policyOf, type RuleFile } from './support/policies.ts';

const PEOPLE: PolicyFile = {
  approvers: Object.fromEntries(
    ['ann', 'bob', 'cleo', 'dan'].map((name, i) => [
      name,
      { person: name, device: `${name} phone`, key: `ed25519:${String(i + 1).repeat(64)}` },
    ]),
  ),
  groups: { finance: ['ann', 'bob', 'cleo'], board: ['cleo', 'dan'] },
};
const payment = transaction({ to: USDC, data: calldata('transfer', ALICE, 5n) });
const asking = (id: string, require?: RuleFile['require']): RuleFile => ({
  id,
  effect: 'require',
  match: {},
  ...(require === undefined ? {} : { require }),
});
const under = (rules: readonly RuleFile[], more: PolicyFile = {}, payload = payment) =>
  judge(input(payload, policyOf(rules, { ...PEOPLE, ...more })));

describe('obligations', () => {
  it('of allow are none, of require without more the hand of the key holder', () => {
    const allowed = under([{ id: 'a', effect: 'allow', match: {} }]);
    expect(allowed).toMatchObject({ decision: 'allow', obligations: NO_OBLIGATIONS });
    expect(under([asking('r')])).toMatchObject({
      decision: 'require',
      obligations: { ...NO_OBLIGATIONS, holder: true },
    });
    expect(under([]).obligations).toEqual(NO_OBLIGATIONS);
  });

  it('of all matching rules join, the strictest of each', () => {
    const verdict = under([
      asking('r1', { groups: [{ group: 'finance', quorum: 1 }], holder: false, ttlSec: 600, rejects: 3 }),
      asking('r2', {
        groups: [
          { group: 'finance', quorum: 3 },
          { group: 'board', quorum: 1 },
        ],
        holder: false,
        delaySec: 60,
        ttlSec: 900,
        rejects: 2,
      }),
      asking('r3', {
        groups: [{ group: 'finance', quorum: 2 }],
        distinctDevices: true,
        holder: false,
        ttlSec: 7200,
        rejects: 3,
        delaySec: 5,
      }),
      { id: 'a', effect: 'allow', match: {} },
    ]);
    expect(verdict).toMatchObject({ decision: 'require', reasons: [] });
    expect(verdict.obligations).toEqual({
      holder: false,
      groups: [
        { group: 'board', quorum: 1 },
        { group: 'finance', quorum: 3 },
      ],
      distinctDevices: true,
      ttlSec: 600,
      delaySec: 60,
      rejects: 2,
    });
    expect(
      under([asking('r1', { groups: [{ group: 'board', quorum: 1 }], holder: false }), asking('r2')]).obligations
        .holder,
    ).toBe(true);
  });

  it('of both policies join', () => {
    const common = policyOf([asking('r1', { groups: [{ group: 'board', quorum: 2 }], holder: false })], PEOPLE);
    const own = policyOf([asking('mine', { delaySec: 100 })], { unmatched: 'defer' });
    const { obligations } = judge(input(payment, common, { own }));
    expect(obligations).toMatchObject({ holder: true, groups: [{ group: 'board', quorum: 2 }], delaySec: 100 });
  });

  it('get the key holder besides where a high risk is accepted by no rule', () => {
    const observed = [{ code: 'FIRST_SEEN_DESTINATION', path: '0', detail: '' } as const];
    const seen = assess(payment.decoded, { wallet: WALLET, observed });
    const groups = asking('r1', { groups: [{ group: 'board', quorum: 2 }], holder: false });
    expect(under([groups], {}, seen).obligations).toMatchObject({
      holder: true,
      groups: [{ group: 'board', quorum: 2 }],
    });
    const knowing = { ...groups, match: { risks: ['FIRST_SEEN_DESTINATION'] } };
    expect(under([knowing], {}, seen).obligations.holder).toBe(false);
  });

  it('of a limit that asks people turn allow into require', () => {
    const limit = {
      id: 'big',
      measure: 'amount',
      asset: 'USDC',
      max: '4',
      onExceed: { require: { groups: [{ group: 'finance', quorum: 2 }], holder: false } },
    };
    const rules: readonly RuleFile[] = [{ id: 'a', effect: 'allow', match: {} }];
    const verdict = under(rules, { limits: [limit] });
    expect(verdict).toMatchObject({ decision: 'require', reasons: [] });
    expect(verdict.obligations).toMatchObject({ holder: false, groups: [{ group: 'finance', quorum: 2 }] });
    expect(under(rules, { limits: [{ ...limit, max: '5' }] }).decision).toBe('allow');
    expect(codes(under(rules, { limits: [{ ...limit, onExceed: 'deny' }] }))).toEqual(['LIMIT_EXCEEDED']);
  });
});

describe('what takes all parties or nobody', () => {
  it('a cold wallet of either policy takes all parties', () => {
    const any: RuleFile = { id: 'a', effect: 'allow', match: {} };
    const cold = { wallets: { treasury: { class: 'cold' } } };
    expect(judge(input(payment, policyOf([any]))).consents).toBe(2);
    expect(judge(input(payment, policyOf([any], cold))).consents).toBe(4);
    expect(judge(input(payment, policyOf([any]), { own: policyOf([any], cold) })).consents).toBe(4);
    const middle = { wallets: { treasury: { class: 'middle' } } };
    expect(judge(input(payment, policyOf([any], middle))).consents).toBe(2);
  });

  it('a hard denial holds against a pinned rule of the other policy', () => {
    const blind = transaction({ to: ALICE, data: '0xdeadbeef' });
    const pinned: RuleFile = {
      id: 'pinned',
      effect: 'require',
      match: { chainIds: [31337], to: [ALICE], selectors: ['0xdeadbeef'], risks: ['UNDECODED'] },
    };
    expect(judge(input(blind, policyOf([pinned]))).decision).toBe('require');
    const hard = policyOf([], { hardDeny: ['UNDECODED'], unmatched: 'defer' });
    const verdict = judge(input(blind, policyOf([pinned]), { own: hard }));
    expect(verdict.reasons).toEqual([
      {
        code: 'HARD_DENIED',
        leaf: '0',
        policy: 'own',
        detail: 'UNDECODED is under hardDeny of the policy, so no rule can accept it',
      },
    ]);
    expect(codes(judge(input(payment, policyOf([{ ...pinned, match: {} }]), { own: hard })))).toEqual([]);
  });

  it('an own policy with people or an address book of its own denies', () => {
    const any: RuleFile = { id: 'a', effect: 'allow', match: {} };
    const own = policyOf([any], PEOPLE);
    expect(codes(judge(input(payment, policyOf([any]), { own })))).toEqual(['OWN_POLICY_FIELD', 'OWN_POLICY_FIELD']);
  });

  it('an entry of the address book permits until it ends, and a denial of it goes on', () => {
    const entry = {
      label: 'Alice Ltd',
      identity: `0x${'d'.repeat(64)}`,
      addresses: [{ chainId: 31337, address: ALICE, kind: 'eoa' }],
      version: 1,
      created: 1,
      expires: 1000,
      signature: `0x${'5'.repeat(128)}`,
    };
    const book = { counterparties: { alice: entry }, addressLists: {} };
    const at = (rules: readonly RuleFile[], now: number) =>
      codes(judge(input(payment, policyOf(rules, book), { now })));
    for (const ref of ['@alice', '@book']) {
      const pay: RuleFile = { id: 'a', effect: 'allow', match: { counterparties: ref } };
      expect(at([pay], 999)).toEqual([]);
      expect(at([pay], 1000)).toEqual(['DEFAULT_DENY']);
      const never: readonly RuleFile[] = [
        { id: 'a', effect: 'allow', match: {} },
        { id: 'no', effect: 'deny', match: { counterparties: ref } },
      ];
      expect(at(never, 999)).toEqual(['DENIED_BY_RULE']);
      expect(at(never, 1000)).toEqual(['DENIED_BY_RULE']);
    }
    expect(
      at([{ id: 'a', effect: 'allow', match: { args: [{ arg: 'to', op: 'inList', value: '@book' }] } }], 1000),
    ).toEqual(['DEFAULT_DENY']);
  });

  it('a Safe transaction is asked for like any other payload', () => {
    const rule: RuleFile = {
      ...asking('r', { groups: [{ group: 'board', quorum: 1 }] }),
      match: { kinds: ['evm-typed-data'], safes: [SAFE], chainIds: [31337] },
    };
    expect(under([rule], {}, safeTx({ to: ALICE })).obligations.groups).toEqual([{ group: 'board', quorum: 1 }]);
  });
});
