import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coversObligations } from '../../protocol/ceremony/obligations.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { Questions, recordedLedger } from '../../protocol/policy/usage.ts';
import { type LedgerView, type LimitNeed, traceDigest, type Verdict } from '../../protocol/policy/verdict.ts';
import { input, NOW, type PolicyFile, policyOf, type RuleFile } from './support/policies.ts';
import { bytes, PAYLOAD, PERMISSION, RULES, STRICTNESS } from './support/random.ts';

const PEOPLE: PolicyFile = {
  approvers: Object.fromEntries(
    ['ann', 'bob', 'cleo'].map((name, i) => [
      name,
      { person: name, device: `${name} phone`, key: `ed25519:${String(i + 1).repeat(64)}` },
    ]),
  ),
  groups: { finance: ['ann', 'bob', 'cleo'], board: ['ann', 'bob'] },
};
const GROUPS = fc.uniqueArray(
  fc.record({ group: fc.constantFrom('finance', 'board'), quorum: fc.integer({ min: 1, max: 2 }) }),
  { minLength: 1, maxLength: 2, selector: ({ group }) => group },
);
const OBLIGATION = fc.record(
  {
    groups: GROUPS,
    holder: fc.boolean(),
    distinctDevices: fc.boolean(),
    ttlSec: fc.constantFrom(60, 3600, 604_800),
    delaySec: fc.constantFrom(0, 60, 600),
    rejects: fc.constantFrom(1, 2),
  },
  { requiredKeys: ['groups'] },
);
const LIMIT = fc
  .record(
    {
      measure: fc.constantFrom('amount', 'count', 'fee', 'outstanding'),
      windowSec: fc.constantFrom(60, 3600),
      max: fc.constantFrom('0', '1', '4', '5', '1000', '200000000000000'),
      per: fc.uniqueArray(fc.constantFrom('wallet', 'asset', 'initiator', 'counterparty', 'selector'), {
        minLength: 1,
      }),
      onExceed: fc.oneof(
        fc.constant('deny'),
        OBLIGATION.map((require) => ({ require })),
      ),
    },
    { requiredKeys: ['measure', 'windowSec', 'max'] },
  )
  .map((limit) => {
    const { windowSec, ...rest } = limit;
    const asset = limit.measure === 'amount' ? { asset: 'USDC' } : {};
    return { ...rest, ...asset, ...(limit.measure === 'outstanding' ? {} : { windowSec }) };
  });
const LIMITS = fc
  .uniqueArray(LIMIT, {
    maxLength: 4,
    selector: (limit) => JSON.stringify([limit.measure, limit.windowSec, limit.per]),
  })
  .map((limits) => limits.map((limit, i) => ({ ...limit, id: `l${i}`, note: String(i) })))
  .filter(
    (limits) =>
      new Set(
        limits.map(
          ({ measure, windowSec, per }) => `${measure} ${windowSec} ${[...(per ?? ['wallet'])].sort().join()}`,
        ),
      ).size === limits.length,
  );
/** What was used before: anything, but for one question always the same. */
const LEDGER = fc.integer({ min: 0, max: 7 }).map(
  (seed): LedgerView =>
    ({ bucket, limit }: LimitNeed) => ({ used: BigInt((seed * (bucket.length + limit.length)) % 8), entries: seed }),
);
const RUNS = { numRuns: 300 };

function isAtLeastAsStrict(after: Verdict, before: Verdict): void {
  expect(STRICTNESS[after.decision]).toBeGreaterThanOrEqual(STRICTNESS[before.decision]);
  expect(after.consents).toBeGreaterThanOrEqual(before.consents);
  expect(after.rejections).toBeLessThanOrEqual(before.rejections);
  if (after.decision === 'require') expect(covers(after, before)).toBe(true);
}

/** How long approvals live and how many end it means nothing where nobody is asked for any. */
function covers(after: Verdict, before: Verdict): boolean {
  const { rejects, ttlSec } = after.obligations;
  const asked = before.obligations.groups.length > 0;
  return coversObligations(after.obligations, asked ? before.obligations : { ...before.obligations, rejects, ttlSec });
}

describe('for any policy, payload and usage', () => {
  it('one more limit never widens', () => {
    fc.assert(
      fc.property(RULES, LIMITS, LIMIT, LEDGER, PAYLOAD, (rules, limits, more, ledger, payload) => {
        const before = judge(input(payload, policyOf(rules, { ...PEOPLE, limits }), { ledger }));
        const added = { ...more, id: 'more', match: { kinds: ['evm-transaction', 'evm-typed-data', 'evm-message'] } };
        const after = judge(input(payload, policyOf(rules, { ...PEOPLE, limits: [...limits, added] }), { ledger }));
        isAtLeastAsStrict(after, before);
      }),
      RUNS,
    );
  });

  it('one more obligation, flow or hard denial never widens', () => {
    const narrowing = fc.oneof(
      fc.constant({ flows: [] }),
      fc.constant({ flows: [{ from: 'treasury', to: 'external' }] }),
      fc.constant({ hardDeny: ['SAFE_SELF_CHANGE'] }),
      fc.constant({ wallets: { treasury: { chainIds: [31337], class: 'cold' } } }),
    );
    fc.assert(
      fc.property(RULES, narrowing, PAYLOAD, (rules, more, payload) => {
        const hard = JSON.stringify(rules).includes('SAFE_SELF_CHANGE') && 'hardDeny' in more;
        if (hard) return;
        isAtLeastAsStrict(judge(input(payload, policyOf(rules, more))), judge(input(payload, policyOf(rules))));
      }),
      RUNS,
    );
    fc.assert(
      fc.property(RULES, OBLIGATION, PAYLOAD, (rules, require, payload) => {
        const asked = rules.map(
          (rule): RuleFile => (rule.effect === 'require' ? { ...rule, require: { ...require, holder: true } } : rule),
        );
        isAtLeastAsStrict(
          judge(input(payload, policyOf(asked, PEOPLE))),
          judge(input(payload, policyOf(rules, PEOPLE))),
        );
      }),
      RUNS,
    );
  });

  it('one more require rule never lets anything through unasked', () => {
    fc.assert(
      fc.property(RULES, PERMISSION, OBLIGATION, PAYLOAD, (rules, { match }, require, payload) => {
        const before = judge(input(payload, policyOf(rules, PEOPLE)));
        const more: RuleFile = { id: 'more', effect: 'require', match, require };
        const after = judge(input(payload, policyOf([...rules, more], PEOPLE)));
        if (before.decision === 'deny') {
          expect(after.decision).not.toBe('allow');
          return;
        }
        // Only what the new rule accepts of the risks can take the key holder's hand away from what had it for them alone.
        if (match['risks'] === undefined) isAtLeastAsStrict(after, before);
        if (after.rules.some(({ id }) => id === 'more')) {
          expect(covers(after, before) || match['risks'] !== undefined).toBe(true);
          for (const { group, quorum } of require.groups) {
            expect(after.obligations.groups.some((asked) => asked.group === group && asked.quorum >= quorum)).toBe(
              true,
            );
          }
        }
      }),
      RUNS,
    );
  });

  it('the order of limits, of groups and of edges changes nothing', () => {
    fc.assert(
      fc.property(RULES, LIMITS, LEDGER, PAYLOAD, (rules, limits, ledger, payload) => {
        const edges = [
          { from: 'treasury', to: 'external' },
          { from: 'hot', to: 'treasury' },
        ];
        const one = policyOf(rules, { ...PEOPLE, limits, flows: edges });
        const other = policyOf([...rules].reverse(), {
          ...PEOPLE,
          limits: [...limits].reverse(),
          flows: [...edges].reverse(),
        });
        expect(bytes(judge(input(payload, other, { ledger })))).toBe(bytes(judge(input(payload, one, { ledger }))));
      }),
      RUNS,
    );
  });

  it('three parties with different own policies and clocks, and the auditor, find one trace', () => {
    fc.assert(
      fc.property(
        RULES,
        LIMITS,
        LEDGER,
        PAYLOAD,
        RULES,
        fc.boolean(),
        (rules, limits, ledger, payload, mine, defers) => {
          const common = policyOf(rules, { ...PEOPLE, limits });
          const trace = (verdict: Verdict) => toHex(traceDigest(verdict));
          const alone = trace(judge(input(payload, common, { ledger })));
          const own = policyOf(mine, { unmatched: defers ? 'defer' : 'deny', id: 'mine' });
          const questions = new Questions(ledger);
          const second = judge(input(payload, common, { own, ledger: questions.ask, now: NOW + 60 }));
          expect(trace(second)).toBe(alone);
          const strict = policyOf([{ id: 'no', effect: 'deny', match: {} }], {
            id: 'strict',
            limits: [{ id: 'z', measure: 'count', windowSec: 60, max: '0' }],
          });
          expect(trace(judge(input(payload, common, { own: strict, ledger })))).toBe(alone);
          // The auditor has the recorded rows alone, and finds the same verdict in every byte.
          const again = judge(input(payload, common, { own, ledger: recordedLedger(questions.rows()), now: NOW + 60 }));
          expect(bytes(again)).toBe(bytes(second));
          expect(again.limits).toEqual(second.limits);
          expect(again.obligations).toEqual(second.obligations);
        },
      ),
      RUNS,
    );
  });

  it('another usage, operator or rule gives another trace', () => {
    const differs = { limits: 0, initiator: 0 };
    for (const [rules, payload] of fc.sample(fc.tuple(RULES, PAYLOAD), { numRuns: 60, seed: 3 })) {
      const limits = [{ id: 'l', measure: 'count', windowSec: 60, max: '9' }];
      const policy = policyOf(rules, { limits });
      const trace = (used: bigint, initiator: string) =>
        toHex(traceDigest(judge(input(payload, policy, { initiator, ledger: () => ({ used, entries: 1 }) }))));
      if (trace(1n, 'olivia') !== trace(2n, 'olivia')) differs.limits++;
      if (trace(1n, 'olivia') !== trace(1n, 'peter')) differs.initiator++;
    }
    expect(differs).toEqual({ limits: 60, initiator: 60 });
  });
});

describe('the generator behind these properties', () => {
  it('reaches limits that hold, deny and ask people', () => {
    const found = { within: 0, exceeded: 0, asked: 0 };
    const sample = fc.sample(fc.tuple(RULES, LIMITS, LEDGER, PAYLOAD), { numRuns: 600, seed: 11 });
    for (const [rules, limits, ledger, payload] of sample) {
      const verdict = judge(input(payload, policyOf(rules, { ...PEOPLE, limits }), { ledger }));
      if (verdict.limits.some(({ exceeded }) => exceeded)) found.exceeded++;
      if (verdict.limits.some(({ exceeded }) => !exceeded)) found.within++;
      if (verdict.decision === 'require' && verdict.obligations.groups.length > 0) found.asked++;
    }
    for (const count of Object.values(found)) expect(count).toBeGreaterThan(5);
  });
});
