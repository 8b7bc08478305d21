/** What the rules that permit a payload demand of people, as verdicts state it (docs/approvals.md). */
import type { Json } from '../common/canonical-json.ts';
import { array, boolean, integer, object, problem, type Reader } from '../common/schema.ts';
import { MAX_APPROVERS, MAX_DELAY, MAX_GROUPS, MAX_TTL, MIN_TTL } from '../policy/limits.ts';
import type { GroupQuorum } from '../policy/schema.ts';
import type { Obligations } from '../policy/verdict.ts';
import { MEMBER_NAME } from './roster.ts';

export function obligationsJson(obligations: Obligations): Json {
  const { delaySec, distinctDevices, groups, holder, rejects, ttlSec } = obligations;
  return {
    delaySec: String(delaySec),
    distinctDevices,
    groups: groups.map(({ group, quorum }) => ({ group, quorum: String(quorum) })),
    holder,
    rejects: String(rejects),
    ttlSec: String(ttlSec),
  };
}

const GROUP: Reader<GroupQuorum> = object<GroupQuorum>({
  group: MEMBER_NAME,
  quorum: integer({ min: 1, max: MAX_APPROVERS }),
});

const SHAPE: Reader<Obligations> = object<Obligations>({
  delaySec: integer({ max: MAX_DELAY }),
  distinctDevices: boolean,
  groups: array(GROUP, { max: MAX_GROUPS }),
  holder: boolean,
  rejects: integer({ min: 1, max: MAX_APPROVERS }),
  ttlSec: integer({ min: MIN_TTL, max: MAX_TTL }),
});

export const OBLIGATIONS: Reader<Obligations> = (value, field) => {
  const obligations = SHAPE(value, field);
  const isOrdered = obligations.groups.every(({ group }, i, all) => group > (all[i - 1]?.group ?? ''));
  if (!isOrdered) return problem(field, 'must name each group once, in order');
  if (!obligations.holder && obligations.groups.length === 0) return problem(field, 'must ask somebody');
  return obligations;
};

/** Whether whoever meets `stated` has also met `own`. */
export function coversObligations(stated: Obligations, own: Obligations): boolean {
  const quorumOf = (group: string): number => stated.groups.find((item) => item.group === group)?.quorum ?? 0;
  return (
    (stated.holder || !own.holder) &&
    own.groups.every(({ group, quorum }) => quorumOf(group) >= quorum) &&
    (stated.distinctDevices || !own.distinctDevices) &&
    stated.ttlSec <= own.ttlSec &&
    stated.delaySec >= own.delaySec &&
    stated.rejects <= own.rejects
  );
}
