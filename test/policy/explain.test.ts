import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { explain } from '../../protocol/policy/explain.ts';
import { judge } from '../../protocol/policy/judge.ts';
import {
  matchedRuleNames,
  traceDigest,
  undecodableVerdict,
  type Verdict,
  verdictJson,
} from '../../protocol/policy/verdict.ts';
import {
  ALICE,
  calldata,
  MALLORY,
  MULTISEND,
  multiSend,
  safeTx,
  transaction,
  USDC,
  WALLET,
} from './support/payloads.ts';
import { input, judged, policyOf, type RuleFile } from './support/policies.ts';

const payout: RuleFile = {
  id: 'payout',
  effect: 'require',
  match: {
    wallets: ['treasury'],
    initiators: ['olivia'],
    assets: ['USDC'],
    counterparties: '@payees',
    selectors: ['0xa9059cbb'],
    amount: { min: '1', max: '2500000' },
    fee: { totalMax: '200000000000000' },
  },
};
const payment = (to: `0x${string}`, amount: bigint) =>
  transaction({ to: USDC, data: calldata('transfer', to, amount) });

describe('an explanation', () => {
  it('gives the outcome, the match and both values of every condition', () => {
    const text = explain(judged(payment(ALICE, 1_500_250n), [payout]));
    expect(text).toEqual([
      'require: the key holder must approve by hand; 2 consents are needed, 1 rejection ends the proposal',
      `common policy "test" version 1, wallet treasury (${WALLET})`,
      `  call 0: transfer(address,uint256) to ${USDC}`,
      '    require rule "payout" matches',
      '      yes: wallet treasury; the rule is for treasury',
      '      yes: proposed by olivia; the rule is for olivia',
      '      yes: kind evm-transaction; the rule is for evm-transaction',
      '      yes: fee at most 100000000000000 wei; the rule is for at most 200000000000000 wei',
      '      yes: operation call; the rule is for call',
      '      yes: function 0xa9059cbb; the rule is for 0xa9059cbb',
      '      yes: sends 0 wei along; the rule is for at most 0 wei (it names neither nativeValue nor a native asset)',
      '      yes: moves USDC; the rule is for USDC',
      `      yes: ends up with ${ALICE} ("Alice" in @payees); the rule is for @payees`,
      '      yes: the payload moves 1.50025 USDC (1500250 base units) in total; ' +
        'the rule is for 0.000001 USDC (1 base units) to 2.5 USDC (2500000 base units)',
    ]);
  });

  it('says of a denial what kept the closest rule away', () => {
    const text = explain(judged(payment(MALLORY, 2_500_001n), [payout])).join('\n');
    expect(text).toContain('deny: this party signs a rejection and contributes nothing');
    expect(text).toContain('DEFAULT_DENY (common policy, call 0): no allow or require rule matches');
    expect(text).toContain('rule "payout" comes closest and fails on counterparties, amount');
    expect(text).toContain(`no: ends up with ${MALLORY}; the rule is for @payees`);
    expect(text).toContain('no: the payload moves 2.500001 USDC (2500001 base units) in total');
  });

  it('says which rule would accept a critical risk', () => {
    const [reason] = judged(transaction({ to: ALICE, data: '0xdeadbeef' }), [
      { id: 'all', effect: 'allow', match: {} },
    ]).reasons;
    expect(reason).toEqual({
      code: 'UNDECODED',
      policy: 'common',
      leaf: '0',
      detail:
        'function 0xdeadbeef: critical, and no matching rule accepts it; it takes a require rule that names UNDECODED ' +
        'in risks and pins to together with selectors or calldataHash',
    });
  });

  it('of a payload that could not be read is the reason alone', () => {
    expect(explain(undecodableVerdict('RLP_MALFORMED', 'cut short\u001b[2J'))).toEqual([
      'deny: this party signs a rejection and contributes nothing',
      '  RLP_MALFORMED: cut short?[2J',
    ]);
  });

  it('says who has to approve, what limits count, where value goes, and every argument', () => {
    const approvers = Object.fromEntries(
      ['ann', 'bob'].map((name, i) => [name, { person: name, device: name, key: `ed25519:${String(i).repeat(64)}` }]),
    );
    const rule: RuleFile = {
      ...payout,
      match: {
        args: [
          { arg: 'amount', op: 'lte', value: '2000000' },
          { arg: '0', op: 'inList', value: '@payees' },
        ],
        gas: { limitMax: '100000' },
        txTypes: ['eip1559'],
        time: [{ days: [5, 6], from: '00:00', to: '24:00' }],
      },
      require: { groups: [{ group: 'people', quorum: 2 }], holder: false, delaySec: 60, ttlSec: 600 },
    };
    const policy = policyOf([rule], {
      approvers,
      groups: { people: ['ann', 'bob'] },
      flows: [{ from: 'treasury', to: 'external' }],
      limits: [
        { id: 'day', measure: 'amount', asset: 'USDC', windowSec: 86_400, max: '2000000' },
        { id: 'one', measure: 'fee', max: '1', onExceed: { require: { holder: true } } },
      ],
    });
    const text = explain(
      judge(input(payment(ALICE, 1_500_250n), policy, { ledger: () => ({ used: 250n, entries: 2 }) })),
    );
    expect(text.slice(0, 8)).toEqual([
      'require: 2 of group people and the key holder must approve; 2 consents are needed, 1 rejection ends the proposal',
      '  nobody consents before the proposal was seen for 60 s',
      '  an approval is void 600 s after it was made; 1 rejection of theirs ends it',
      `common policy "test" version 1, wallet treasury (${WALLET})`,
      '  within: limit "day" (wallet=treasury): 0.00025 USDC (250 base units) used by 2 before, ' +
        'this adds 1.50025 USDC (1500250 base units); at most 2 USDC (2000000 base units) in 86400 s',
      '  exceeded: limit "one" (wallet=treasury): this is 100000000000000 wei; at most 1 wei',
      '  allowed: flow from treasury to external, first at call 0',
      `  call 0: transfer(address,uint256) to ${USDC}`,
    ]);
    expect(text).toContain('      yes: transaction of type eip1559; the rule is for eip1559');
    expect(text).toContain(
      '      yes: gas: 100000 units at up to 1000000000 wei; the rule is for at most 100000 units',
    );
    expect(text).toContain('      yes: judged on Friday 08:00 UTC; the rule is for Friday/Saturday 00:00-24:00 UTC');
    expect(text).toContain(
      `      yes: argument 0 is ${ALICE}, wanted inList @payees: yes; argument amount is 1500250, wanted lte 2000000: yes`,
    );
    const uncounted = explain(judge(input(payment(ALICE, 1n), policy)));
    expect(uncounted.join('\n')).toContain('what was used before is not counted here, this adds 0.000001 USDC');
  });

  it('covers both policies and ends somewhere', () => {
    const common = policyOf([payout]);
    const own = policyOf([payout], { id: 'mine' });
    const text = explain(judge(input(payment(ALICE, 1n), common, { own }))).join('\n');
    expect(text).toContain('own policy "mine" version 1');
    const rules = Array.from({ length: 100 }, (_, i) => ({ ...payout, id: `r${i}` }));
    const calls = Array.from({ length: 100 }, () => ({ to: ALICE }));
    const lines = explain(judged(safeTx({ to: MULTISEND, data: multiSend(calls), operation: 1 }), rules));
    expect(lines.length).toBeLessThan(2200);
    expect(lines.at(-1)).toContain('the rest is left out');
  });

  it('is printable whatever the payload says', () => {
    const hostile = judge(input(payment(ALICE, 1n), policyOf([payout]), { initiator: 'o\u202e\u001b]0;x\u0007' }));
    for (const line of explain(hostile)) expect(line).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('a verdict in a statement', () => {
  const verdict = judged(payment(ALICE, 1n), [payout, { id: 'also', effect: 'allow', match: {} }]);

  it('has one canonical form', () => {
    expect(canonicalText(verdictJson(verdict))).toBe(
      '{"consents":"2","decision":"require","reasons":[],"rejections":"1","risks":[],"ruleMatches":"2","rules":[' +
        '{"effect":"allow","id":"also","leaf":"0","policy":"common"},' +
        '{"effect":"require","id":"payout","leaf":"0","policy":"common"}]}',
    );
    expect(matchedRuleNames(verdict)).toEqual(['common/also', 'common/payout']);
  });

  it('stays small however large the batch', () => {
    const calls = Array.from({ length: 500 }, () => ({ to: MALLORY }));
    const tx = safeTx({ to: MULTISEND, data: multiSend(calls), operation: 1 });
    const kinds = ['evm-typed-data'];
    const denials = Array.from({ length: 3 }, (_, i) => ({ id: `no${i}`, effect: 'deny' as const, match: { kinds } }));
    const long = judged(tx, denials);
    expect(long.rules).toHaveLength(1503);
    expect(canonicalText(verdictJson(long)).length).toBeLessThan(64_000);
    expect(long.reasons).toHaveLength(64);
  });

  it('has a trace digest that sees every match, the risks and what was counted', () => {
    const digest = (other: Verdict) => toHex(traceDigest(other));
    const again = judged(payment(ALICE, 1n), [payout, { id: 'also', effect: 'allow', match: {} }]);
    expect(digest(again)).toBe(digest(verdict));
    const layer = verdict.trace.layers[0];
    if (layer === undefined) throw new Error('no trace');
    const without = (more: Partial<typeof layer>) => digest({ ...verdict, trace: { layers: [{ ...layer, ...more }] } });
    expect(layer.matches.map((found) => found.length)).toEqual([6]);
    for (const [i, word] of (layer.matches[0] ?? []).entries()) {
      const changed = [...(layer.matches[0] ?? [])];
      changed[i] = word ^ 1;
      expect(without({ matches: [changed] })).not.toBe(digest(verdict));
    }
    const line = { layer: 'common', limit: 'day', bucket: 'wallet=a', charge: 1n, used: 2n, entries: 1 } as const;
    const counted = { ...line, max: 5n, exceeded: false, source: 'ledger' } as const;
    const changes: Partial<typeof layer>[] = [
      { matches: [] },
      { findings: ['DEFAULT_DENY 0'] },
      { limits: [counted] },
      { request: { ...layer.request, wallet: 'other' } },
      { request: { ...layer.request, initiator: 'other' } },
      { policy: policyOf([payout]) },
      { facts: { ...layer.facts, nodes: [] } },
    ];
    const seen = new Set([digest(verdict), ...changes.map(without)]);
    for (const more of [{ used: 3n }, { charge: 2n }, { max: 6n }, { bucket: 'wallet=b' }, { limit: 'week' }]) {
      seen.add(without({ limits: [{ ...counted, ...more }] }));
    }
    expect(seen.size).toBe(1 + changes.length + 5);
    // Time and the number of past payloads are no part of it, and neither is an own policy.
    expect(without({ request: { ...layer.request, now: 1 } })).toBe(digest(verdict));
    expect(digest({ ...verdict, trace: { layers: [] } })).not.toBe(digest(verdict));
    const own = { ...layer, layer: 'own' } as const;
    expect(digest({ ...verdict, trace: { layers: [layer, own] } })).toBe(digest(verdict));
  });
});
