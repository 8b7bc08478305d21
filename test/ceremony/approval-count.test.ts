/** A quorum is made of persons: what counts, what does not, and what ends it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Approval, ApprovalBody } from '../../protocol/ceremony/approval.ts';
import { type ApprovalCount, countApprovals } from '../../protocol/ceremony/approval-count.ts';
import { coversObligations } from '../../protocol/ceremony/obligations.ts';
import { personName, samePerson } from '../../protocol/common/person.ts';
import { NO_OBLIGATIONS, type Obligations } from '../../protocol/policy/verdict.ts';
import { approvalBy, approversOf, DEVICES, type Device, GROUPS } from '../support/approvers.ts';
import { Moot } from '../support/moot.ts';
import { policyFrom } from '../support/must.ts';
import { transfer } from '../support/treasury.ts';
import { propose, signingBody } from './support/members.ts';

const NOW = 1_795_000_000;
const moot = new Moot({ common: file(DEVICES, GROUPS) });
const { common: POLICY, roster } = moot;
const PROPOSAL = propose(signingBody({ payload: transfer() }));

function file(devices: readonly Device[], groups: Readonly<Record<string, readonly string[]>>): object {
  return {
    schema: 'keymoot/policy/1',
    id: 'people',
    version: 1,
    wallets: { treasury: {} },
    addressLists: {},
    assets: {},
    rules: [],
    approvers: approversOf(devices),
    groups,
  };
}

function asked(change: Partial<Obligations> = {}): Obligations {
  return { ...NO_OBLIGATIONS, groups: [{ group: 'finance', quorum: 2 }], ...change };
}

function by(name: string, change: Partial<ApprovalBody> = {}): Approval {
  return approvalBy(name, PROPOSAL, POLICY, NOW, change);
}

function count(said: readonly Approval[], obligations: Obligations = asked(), at: number = NOW): ApprovalCount {
  return countApprovals(obligations, POLICY, roster, 'olivia', said, at);
}

describe('persons', () => {
  it('are compared by their names, case and blanks aside', () => {
    expect(samePerson('Ada Byron', ' ada  BYRON ')).toBe(true);
    expect(samePerson('Ada', 'Adam')).toBe(false);
    expect(personName('  A  b ')).toBe('a b');
  });

  it('make a quorum of two; two devices of one of them do not', () => {
    const two = count([by('ada-phone'), by('ben-phone')]);
    expect(two).toMatchObject({ satisfied: true, rejected: false, missing: [] });
    expect(two.used.map(({ body }) => body.approver)).toEqual(['ada-phone', 'ben-phone']);
    const one = count([by('ada-phone'), by('ada-laptop')]);
    expect(one.satisfied).toBe(false);
    expect(one.missing).toEqual([{ group: 'finance', have: ['Ada'], need: 2 }]);
  });

  it('who made the proposal never count, on no device', () => {
    const said = [by('ada-phone'), by('olivia-phone')];
    expect(count(said).missing).toEqual([{ group: 'finance', have: ['Ada'], need: 2 }]);
    expect(count([...said, by('ben-phone')]).satisfied).toBe(true);
    expect(count([...said, by('olivia-phone', { decision: 'reject' })]).rejected).toBe(false);
    // Nobody knows who this is, so nobody can be told apart from it.
    expect(countApprovals(asked(), POLICY, roster, 'nobody', [by('ada-phone'), by('ben-phone')], NOW).satisfied).toBe(
      false,
    );
  });

  it('outside of the group do not count, in two groups they count in both', () => {
    expect(count([by('ada-phone'), by('cleo-phone')]).satisfied).toBe(false);
    const both = asked({
      groups: [
        { group: 'finance', quorum: 1 },
        { group: 'security', quorum: 1 },
      ],
    });
    expect(count([by('ben-phone')], both)).toMatchObject({ satisfied: true });
    expect(count([by('ada-phone')], both).missing.map(({ group }) => group)).toEqual(['security']);
    expect(count([by('ada-phone'), by('cleo-phone')], both).used).toHaveLength(2);
  });

  it('of a group that the policy does not have cannot be complete', () => {
    expect(count([by('ada-phone')], asked({ groups: [{ group: 'board', quorum: 1 }] })).satisfied).toBe(false);
  });

  it('without any group nobody has to be asked', () => {
    expect(count([], NO_OBLIGATIONS)).toMatchObject({ satisfied: true, rejected: false, used: [] });
  });
});

describe('devices', () => {
  const devices: readonly Device[] = [
    ['ada-a', 'Ada', 'shared'],
    ['ada-b', 'Ada', 'own of Ada'],
    ['ben-a', 'Ben', 'Shared'],
    ['cleo-a', 'Cleo', 'own of Cleo'],
  ];
  const policy = policyFrom(file(devices, { all: devices.map(([name]) => name) }));
  const satisfied = (names: readonly string[], quorum: number, distinctDevices: boolean): boolean => {
    const obligations = asked({ groups: [{ group: 'all', quorum }], distinctDevices });
    const said = names.map((name) => approvalBy(name, PROPOSAL, policy, NOW));
    return countApprovals(obligations, policy, roster, 'olivia', said, NOW).satisfied;
  };

  it('shared by two persons count once where they must be distinct', () => {
    expect(satisfied(['ada-a', 'ben-a'], 2, false)).toBe(true);
    expect(satisfied(['ada-a', 'ben-a'], 2, true)).toBe(false);
    expect(satisfied(['ada-a', 'cleo-a'], 2, true)).toBe(true);
  });

  it('of one person make room for another who has no second one', () => {
    for (const names of [
      ['ada-a', 'ada-b', 'ben-a'],
      ['ben-a', 'ada-b', 'ada-a'],
    ]) {
      expect(satisfied(names, 2, true)).toBe(true);
      expect(satisfied([...names, 'cleo-a'], 3, true)).toBe(true);
      expect(satisfied(names, 3, true)).toBe(false);
    }
  });
});

describe('refusals', () => {
  it.each(['reject', 'cancel'] as const)('one ends it, whatever came before or after: %s', (decision) => {
    const said = [by('ada-phone'), by('ben-phone'), by('ada-phone', { decision, created: NOW - 50 })];
    for (const order of [said, said.toReversed()]) {
      expect(count(order)).toMatchObject({ rejected: true, refusing: ['Ada'], satisfied: false });
    }
  });

  it('where two are needed, the first only takes away its own person’s voice, on all devices', () => {
    const said = [by('ada-phone'), by('ben-phone'), by('ada-laptop', { decision: 'cancel' })];
    const first = count(said, asked({ rejects: 2 }));
    expect(first).toMatchObject({ rejected: false, satisfied: false });
    expect(first.missing).toEqual([{ group: 'finance', have: ['Ben'], need: 2 }]);
    // Another device of the same person makes no second rejection.
    expect(count([...said, by('ada-phone', { decision: 'reject' })], asked({ rejects: 2 })).rejected).toBe(false);
    expect(count([...said, by('ben-phone', { decision: 'reject' })], asked({ rejects: 2 })).rejected).toBe(true);
  });

  it('of people who are not asked end nothing', () => {
    expect(count([by('cleo-phone', { decision: 'reject' })]).rejected).toBe(false);
  });

  it('do not expire', () => {
    expect(count([by('ada-phone', { decision: 'reject' })], asked(), NOW + 1e7).rejected).toBe(true);
  });
});

describe('time', () => {
  const said = [by('ada-phone'), by('ben-phone', { expires: NOW + 1800 })];

  it('an approval counts until it expires, and the count says until when', () => {
    expect(count(said).until).toBe(NOW + 1800);
    expect(count(said, asked(), NOW + 1799).satisfied).toBe(true);
    expect(count(said, asked(), NOW + 1800).satisfied).toBe(false);
    expect(count([], NO_OBLIGATIONS).until).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('one from the future does not count, beyond what clocks may differ by', () => {
    expect(count(said, asked(), NOW - 60).satisfied).toBe(true);
    expect(count(said, asked(), NOW - 61).satisfied).toBe(false);
  });

  it('one that would live longer than the rules permit does not count', () => {
    expect(count(said, asked({ ttlSec: 3600 })).satisfied).toBe(true);
    expect(count(said, asked({ ttlSec: 3599 })).satisfied).toBe(false);
  });

  it('of several, the one that lives longest is used', () => {
    const later = by('ben-phone', { created: NOW + 1, expires: NOW + 3000 });
    for (const order of [
      [...said, later],
      [later, ...said],
    ]) {
      expect(count(order, asked(), NOW + 5).used).toEqual([said[0], later]);
    }
  });

  it('no more approvals are used than are needed, those that live longest', () => {
    const one = count(said, asked({ groups: [{ group: 'finance', quorum: 1 }] }));
    expect(one.used).toEqual([said[0]]);
    expect(one.until).toBe(NOW + 3600);
  });
});

describe('properties', () => {
  const statement = fc.record({
    name: fc.constantFrom(...DEVICES.map(([name]) => name)),
    decision: fc.constantFrom('approve' as const, 'approve' as const, 'approve' as const, 'reject' as const),
    expires: fc.constantFrom(NOW + 1, NOW + 600, NOW + 3600),
  });
  const statements = fc.array(statement, { maxLength: 8 });
  const obligations = fc.record({
    groups: fc.constantFrom(
      [{ group: 'finance', quorum: 1 }],
      [{ group: 'finance', quorum: 2 }],
      [
        { group: 'finance', quorum: 2 },
        { group: 'security', quorum: 1 },
      ],
    ),
    distinctDevices: fc.boolean(),
    rejects: fc.integer({ min: 1, max: 3 }),
    ttlSec: fc.constantFrom(600, 3600),
    holder: fc.boolean(),
    delaySec: fc.constantFrom(0, 60),
  });
  const signed = new Map<string, Approval>();
  const say = ({ name, ...change }: { name: string; decision: 'approve' | 'reject'; expires: number }): Approval => {
    const key = JSON.stringify([name, change]);
    const known = signed.get(key) ?? by(name, change);
    signed.set(key, known);
    return known;
  };

  it('the order of what is said makes no difference', () => {
    fc.assert(
      fc.property(statements, obligations, fc.infiniteStream(fc.nat()), (list, owed, keys) => {
        const said = list.map(say);
        const shuffled = said
          .map((item) => [keys.next().value, item] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, item]) => item);
        expect(count(shuffled, owed)).toEqual(count(said, owed));
      }),
    );
  });

  it('what is used carries it alone, and a quorum is as many persons', () => {
    fc.assert(
      fc.property(statements, obligations, (list, owed) => {
        const found = count(list.map(say), owed);
        if (!found.satisfied) return;
        expect(count(found.used, owed).satisfied).toBe(true);
        for (const { group, quorum } of owed.groups) {
          const names = new Set(GROUPS[group]);
          const persons = found.used
            .filter(({ body }) => names.has(body.approver))
            .map(({ body }) => personName(POLICY.document.approvers?.get(body.approver)?.person ?? ''));
          expect(new Set(persons).size).toBeGreaterThanOrEqual(quorum);
          expect(persons).not.toContain('olivia');
        }
      }),
    );
  });

  it('one refusal more never helps, nor does a stricter obligation', () => {
    fc.assert(
      fc.property(statements, obligations, obligations, statement, (list, owed, other, extra) => {
        const said = list.map(say);
        const less = count([...said, say({ ...extra, decision: 'reject' })], owed);
        if (less.satisfied) expect(count(said, owed).satisfied).toBe(true);
        if (!less.rejected) expect(count(said, owed).rejected).toBe(false);
        if (!coversObligations(other, owed)) return;
        const strict = count(said, other);
        if (strict.satisfied) expect(count(said, owed).satisfied).toBe(true);
        if (!strict.rejected) expect(count(said, owed).rejected).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('obligations cover themselves, and whatever is demanded less', () => {
    const base = asked({ holder: true, delaySec: 60, distinctDevices: true });
    expect(coversObligations(base, base)).toBe(true);
    for (const change of [
      { holder: false },
      { delaySec: 59 },
      { distinctDevices: false },
      { ttlSec: base.ttlSec + 1 },
      { rejects: 2 },
      { groups: [{ group: 'finance', quorum: 1 }] },
      { groups: [] },
      { groups: [{ group: 'security', quorum: 2 }] },
    ]) {
      expect(coversObligations({ ...base, ...change }, base), JSON.stringify(change)).toBe(false);
    }
    expect(coversObligations(base, { ...base, groups: [], holder: false })).toBe(true);
  });
});
