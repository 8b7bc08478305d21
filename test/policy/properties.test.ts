import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { canonicalObservations } from '../../protocol/payload/risk/observed.ts';
import { canonicalPolicy, policyDigest } from '../../protocol/policy/canonical.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { WALLET } from './support/payloads.ts';
import { input, policyOf } from './support/policies.ts';
import { bytes, CONDITIONS, DENIAL, OBSERVED_CODES, PAYLOAD, PERMISSION, RULES, STRICTNESS } from './support/random.ts';

const RUNS = { numRuns: 400 };

describe('for any policy and payload', () => {
  it('the order of rules changes nothing', () => {
    const shuffled = RULES.chain((rules) =>
      fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length, maxLength: rules.length })),
    );
    fc.assert(
      fc.property(shuffled, PAYLOAD, ([rules, other], payload) => {
        const [a, b] = [policyOf(rules), policyOf(other)];
        expect(toHex(policyDigest(b))).toBe(toHex(policyDigest(a)));
        expect(bytes(judge(input(payload, b)))).toBe(bytes(judge(input(payload, a))));
      }),
      RUNS,
    );
  });

  it('judging again gives the same bytes', () => {
    fc.assert(
      fc.property(RULES, fc.option(RULES, { nil: undefined }), PAYLOAD, (rules, own, payload) => {
        const once = (): string =>
          bytes(judge(input(payload, policyOf(rules), own === undefined ? {} : { own: policyOf(own) })));
        expect(once()).toBe(once());
      }),
      RUNS,
    );
  });

  it('one more deny rule never turns a denial into anything else', () => {
    fc.assert(
      fc.property(RULES, DENIAL, PAYLOAD, (rules, denial, payload) => {
        const before = judge(input(payload, policyOf(rules)));
        const after = judge(input(payload, policyOf([...rules, { ...denial, id: 'more' }])));
        expect(STRICTNESS[after.decision]).toBeGreaterThanOrEqual(STRICTNESS[before.decision]);
        const same = after.decision === before.decision && after.consents === before.consents;
        expect(after.decision === 'deny' || same).toBe(true);
      }),
      RUNS,
    );
  });

  it('an own policy never widens', () => {
    fc.assert(
      fc.property(RULES, RULES, fc.boolean(), PAYLOAD, (rules, own, defers, payload) => {
        const common = policyOf(rules);
        const alone = judge(input(payload, common));
        const unmatched = defers ? 'defer' : 'deny';
        const both = judge(input(payload, common, { own: policyOf(own, { unmatched }) }));
        expect(STRICTNESS[both.decision]).toBeGreaterThanOrEqual(STRICTNESS[alone.decision]);
        expect(both.consents).toBeGreaterThanOrEqual(alone.consents);
        expect(both.rejections).toBeLessThanOrEqual(alone.rejections);
        for (const reason of alone.reasons) expect(both.reasons).toContainEqual(reason);
      }),
      RUNS,
    );
  });

  it('one more condition on the only permission never widens', () => {
    fc.assert(
      fc.property(PERMISSION, CONDITIONS, PAYLOAD, (rule, more, payload) => {
        // Kinds, operations and accepted risks are what a longer rule could add; everything else narrows.
        const { kinds: _, operations: __, risks: ___, ...narrowing } = more;
        const before = judge(input(payload, policyOf([{ ...rule, id: 'r' }])));
        const match = { ...narrowing, ...rule.match };
        const after = judge(input(payload, policyOf([{ ...rule, id: 'r', match }])));
        const critical = payload.risks.some((risk) => risk.severity === 'critical');
        // A pin is the one narrowing that opens something: it lets a require rule accept a critical risk.
        expect(critical || STRICTNESS[after.decision] >= STRICTNESS[before.decision]).toBe(true);
      }),
      RUNS,
    );
  });

  it('what is signed unattended has a rule at every call and no serious risk without its name', () => {
    fc.assert(
      fc.property(RULES, PAYLOAD, (rules, payload) => {
        const verdict = judge(input(payload, policyOf(rules)));
        if (verdict.decision === 'deny') expect(verdict.reasons).not.toEqual([]);
        if (verdict.decision === 'allow') expect(verdict.reasons).toEqual([]);
        if (verdict.decision === 'deny') return;
        // What stands as a reason of `require` is shown to the person who decides: high risks that no rule accepts.
        const shown = verdict.reasons.map(({ code, leaf }) => `${code} ${leaf}`);
        const byId = new Map(rules.map((rule) => [rule.id, rule]));
        for (const call of payload.decoded.calls) {
          const here = verdict.rules.filter((rule) => rule.leaf === call.path);
          expect(here.length).toBeGreaterThan(0);
          expect(here.every((rule) => rule.effect !== 'deny')).toBe(true);
          const accepted = here.flatMap((rule) => {
            const risks = byId.get(rule.id)?.match['risks'];
            return Array.isArray(risks) ? (risks as string[]) : [];
          });
          for (const { code, path, severity } of payload.risks) {
            if (path !== call.path) continue;
            const isShown = severity === 'high' && shown.includes(`${code} ${path}`);
            expect(isShown || accepted.includes(code)).toBe(true);
          }
        }
        const critical = payload.risks.some((risk) => risk.severity === 'critical');
        expect(critical && (verdict.decision === 'allow' || verdict.consents < 4)).toBe(false);
      }),
      RUNS,
    );
  });

  it('what is observed outside of the bytes never widens, and a checker that objects always denies', () => {
    const observed = fc.array(
      fc.record({
        code: fc.constantFrom(...OBSERVED_CODES),
        path: fc.constantFrom('0', '0.0', '0.1', '0.7'),
        detail: fc.constantFrom('', 'own history: seen', 'a\u202eb'),
      }),
      { minLength: 1, maxLength: 5 },
    );
    const own = fc.option(RULES, { nil: undefined });
    fc.assert(
      fc.property(RULES, own, fc.boolean(), PAYLOAD, observed, (rules, mine, defers, payload, found) => {
        const own = mine && { own: policyOf(mine, { unmatched: defers ? 'defer' : 'deny' }) };
        const list = canonicalObservations(found);
        const seen = assess(payload.decoded, { wallet: WALLET, observed: list });
        expect(seen.risks.slice(0, payload.risks.length)).toEqual(payload.risks);
        const before = judge(input(payload, policyOf(rules), own));
        const after = judge(input(seen, policyOf(rules), own));
        expect(STRICTNESS[after.decision]).toBeGreaterThanOrEqual(STRICTNESS[before.decision]);
        expect(after.consents).toBeGreaterThanOrEqual(before.consents);
        expect(after.rejections).toBeLessThanOrEqual(before.rejections);
        for (const { code } of list) expect(after.risks).toContain(code);
        const objects = list.some(({ code }) => code.startsWith('CHECKER_'));
        if (objects) expect(after.decision).toBe('deny');
      }),
      RUNS,
    );
  });

  it('the canonical text reads back to the same policy', () => {
    fc.assert(
      fc.property(RULES, (rules) => {
        const policy = policyOf(rules);
        const text = canonicalText(canonicalPolicy(policy));
        const again = parsePolicy(text);
        expect(again.ok && canonicalText(canonicalPolicy(again.value))).toBe(text);
      }),
      RUNS,
    );
  });
});

describe('the generator behind these properties', () => {
  it('reaches every decision often enough to prove something', () => {
    const counts = { allow: 0, require: 0, deny: 0 };
    for (const [rules, payload] of fc.sample(fc.tuple(RULES, PAYLOAD), { numRuns: 1000, seed: 7 })) {
      counts[judge(input(payload, policyOf(rules))).decision]++;
    }
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(60);
  });
});

describe('for any text', () => {
  it('parsing gives a policy or a problem, and never throws', () => {
    const json = fc.json({ maxDepth: 4 });
    const broken = RULES.map((rules) => JSON.stringify({ rules, schema: 'keymoot/policy/1' }));
    fc.assert(
      fc.property(fc.oneof(json, broken, fc.string()), (text) => {
        const result = parsePolicy(text);
        expect(result.ok || result.error.code === 'POLICY_INVALID').toBe(true);
      }),
      RUNS,
    );
  });
});
