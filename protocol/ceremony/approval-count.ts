/**
 * Counting approvals. A quorum is made of human beings: two keys of one person are one voice, whoever proposed it has
 * none, and who refuses on one device does not approve on another. Pure: whoever counts the same statements at the same
 * time comes to the same result.
 */
import { toHex } from '../common/bytes.ts';
import { personName, samePerson } from '../common/person.ts';
import type { Policy } from '../policy/prepare.ts';
import type { Obligations } from '../policy/verdict.ts';
import type { Approval } from './approval.ts';
import { CLOCK_TOLERANCE } from './lifecycle.ts';
import { operatorOf, type RosterBody } from './roster.ts';

export interface MissingApprovals {
  readonly group: string;
  /** Persons who have approved, sorted. */
  readonly have: readonly string[];
  readonly need: number;
}

export interface ApprovalCount {
  /** Every group has its quorum. */
  readonly satisfied: boolean;
  /** As many members of the groups as may have refused it: nobody consents any more. */
  readonly rejected: boolean;
  /** Persons who refuse it, sorted. */
  readonly refusing: readonly string[];
  /** The groups that lack approvals. */
  readonly missing: readonly MissingApprovals[];
  /** Of each group as many as it needs, those that live longest; whatever there is while it is not satisfied. */
  readonly used: readonly Approval[];
  /** When the first of those ends, in Unix seconds. */
  readonly until: number;
}

/** What one approver says, by all its statements together. */
interface Voice {
  readonly person: string;
  readonly device: string;
  readonly refuses: boolean;
  /** The valid approval that lives longest. */
  readonly approval: Approval | undefined;
}

/**
 * @param policy the common policy: who the approvers are, and the groups
 * @param initiator operator name in the roster
 * @param approvals opened under that policy and without a fault (approval-check.ts); in any order, also repeated
 * @param at Unix seconds: an approval counts from when it was made until it expires; a refusal always
 */
export function countApprovals(
  obligations: Obligations,
  policy: Policy,
  roster: RosterBody,
  initiator: string,
  approvals: readonly Approval[],
  at: number,
): ApprovalCount {
  const proposer = operatorOf(roster, initiator)?.person;
  const voices = new Map<string, Voice>();
  for (const [name, { device, person }] of policy.document.approvers ?? []) {
    if (proposer === undefined || samePerson(person, proposer)) continue;
    const own = approvals.filter(({ body }) => body.approver === name);
    const refuses = own.some(({ body }) => body.decision !== 'approve');
    voices.set(name, { person, device, refuses, approval: longestLived(own, obligations.ttlSec, at) });
  }
  const membersOf = (group: string): readonly Voice[] =>
    (policy.document.groups?.get(group) ?? []).flatMap((name) => voices.get(name) ?? []);
  const asked = [...new Set(obligations.groups.flatMap(({ group }) => membersOf(group)))];
  const refusing = persons(asked.filter(({ refuses }) => refuses));
  const groups = obligations.groups.map(({ group, quorum }) => {
    const members = membersOf(group).filter(({ person }) => !refusing.some((other) => samePerson(person, other)));
    const chosen = choose(members, obligations.distinctDevices);
    return { group, need: quorum, chosen, isMet: chosen.length >= quorum };
  });
  const used = new Map<string, Approval>();
  for (const { chosen, need } of groups) {
    for (const { approval } of chosen.slice(0, need)) if (approval) used.set(toHex(approval.digest), approval);
  }
  return {
    satisfied: groups.every(({ isMet }) => isMet),
    rejected: refusing.length >= obligations.rejects,
    refusing,
    missing: groups.flatMap(({ chosen, group, isMet, need }) =>
      isMet ? [] : [{ group, have: persons(chosen), need }],
    ),
    used: [...used.values()].sort((a, b) => (a.body.approver < b.body.approver ? -1 : 1)),
    until: Math.min(Number.MAX_SAFE_INTEGER, ...[...used.values()].map(({ body }) => body.expires)),
  };
}

function longestLived(own: readonly Approval[], ttlSec: number, at: number): Approval | undefined {
  const valid = own.filter(({ body: { created, decision, expires } }) => {
    return decision === 'approve' && created <= at + CLOCK_TOLERANCE && at < expires && expires - created <= ttlSec;
  });
  return valid.sort(laterFirst)[0];
}

function laterFirst(a: Approval, b: Approval): number {
  return b.body.expires - a.body.expires || (toHex(a.digest) < toHex(b.digest) ? -1 : 1);
}

/**
 * One voice for each person that approves, the longest lived first. With distinct devices as many persons as can each
 * have a device of their own: an earlier choice is moved to another device of the same person where that makes room.
 */
function choose(members: readonly Voice[], distinctDevices: boolean): readonly Voice[] {
  const approving = members.flatMap((voice) =>
    voice.approval === undefined ? [] : [{ ...voice, approval: voice.approval }],
  );
  approving.sort((a, b) => laterFirst(a.approval, b.approval));
  const byPerson = new Map<string, (typeof approving)[number][]>();
  for (const voice of approving) {
    const name = personName(voice.person);
    byPerson.set(name, [...(byPerson.get(name) ?? []), voice]);
  }
  if (!distinctDevices) return [...byPerson.values()].flatMap(([first]) => first ?? []);
  const taken = new Map<string, (typeof approving)[number]>();
  const place = (person: string, tried: Set<string>): boolean =>
    (byPerson.get(person) ?? []).some((voice) => {
      const device = personName(voice.device);
      if (tried.has(device)) return false;
      tried.add(device);
      const holder = taken.get(device);
      if (holder !== undefined && !place(personName(holder.person), tried)) return false;
      taken.set(device, voice);
      return true;
    });
  for (const person of byPerson.keys()) place(person, new Set());
  return [...taken.values()].sort((a, b) => laterFirst(a.approval, b.approval));
}

/** Each person once, in one spelling, sorted. */
function persons(voices: readonly Voice[]): readonly string[] {
  const names = new Map(voices.map(({ person }) => [personName(person), person] as const));
  return [...names.values()].sort();
}
