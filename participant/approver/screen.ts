/**
 * What an approver reads before it decides. As on a key holder's screen, the decode comes first and claims come last;
 * everything in between was computed by this device alone.
 */
import type { Approval } from '../../protocol/ceremony/approval.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { policyReference } from '../../protocol/ceremony/judgement.ts';

import type { Roster } from '../../protocol/ceremony/roster.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { Obligations } from '../../protocol/policy/verdict.ts';
import { approvalLines } from '../approvals/lines.ts';
import { type Earlier, repeatLines } from '../inbox/repeats.ts';
import { answerLines, indent, payloadLines, remaining, ruleLines } from '../inbox/screen.ts';
import { groupsAsked, type ReadRequest } from './reading.ts';

export interface ApproverScreenContext {
  readonly roster: Roster;
  readonly policy: Policy | undefined;
  readonly earlier: readonly Earlier[];
  readonly approvals: readonly Approval[];
  /** Unix seconds. */
  readonly now: number;
}

export function approverScreen(entry: BookEntry, read: ReadRequest, context: ApproverScreenContext): readonly string[] {
  const { approvals, earlier, now, policy, roster } = context;
  const { judgement, mute, refusal } = read;
  const { inadmissible } = entry;
  const { body, digest } = entry.ceremony.proposal;
  return [
    `APPROVE?  ceremony ${shortName(digest)}  attempt ${body.attempt} of at most 3`,
    ...repeatLines(earlier, now),
    ...(body.attempt > 1 ? ['!! This is a REPEATED request. Ask why the one before did not finish.'] : []),
    ...(inadmissible === undefined ? [] : [`!! ${inadmissible.code}: ${sanitise(inadmissible.message, 300)}`]),
    ...(refusal === undefined
      ? []
      : [`!! YOU CANNOT ${mute === undefined ? 'APPROVE' : 'DECIDE ON'} THIS: ${sanitise(refusal.detail, 300)}.`]),
    '',
    'WHAT WOULD HAPPEN  (read from the payload by this device)',
    ...indent(payloadLines(entry, judgement)),
    ...(body.ceremony === 'sign' && body.path.length > 0
      ? ['  !! A derived address: key holders derive it and check that it is theirs; this device cannot.']
      : []),
    '',
    'WHAT THE POLICY SAYS',
    ...indent(policyLines(read, policy)),
    '',
    'WHO HAS APPROVED',
    ...indent(approvalLines(approvals, policy, now)),
    '',
    'WHO HAS ANSWERED',
    ...indent(answerLines(entry, roster)),
    '',
    'CLAIMED BY THE PROPOSER  (nothing of this was checked)',
    ...indent([
      `operator   ${sanitise(body.initiator, 80)}`,
      `note       ${body.note === '' ? '(none)' : sanitise(body.note, 160)}`,
      `expires    ${remaining(body.expires - now)}`,
    ]),
  ];
}

function policyLines({ judgement, place }: ReadRequest, policy: Policy | undefined): readonly string[] {
  if (policy === undefined) return ['This device has adopted no policy.'];
  const { digest, version } = policyReference(policy);
  const { verdict } = judgement;
  const asked = place === undefined ? [] : groupsAsked(judgement, policy, place.name);
  return [
    `${policy.document.id} version ${version}, digest ${toHex(digest).slice(0, 16)}…`,
    {
      allow: 'ALLOW: by the rules alone it needs nobody’s approval; a limit may ask for it, which only parties count.',
      require: 'REQUIRE: people have to approve it.',
      deny: 'DENY: no party that keeps to this policy will sign.',
    }[judgement.judgement],
    ...(judgement.obligations === undefined ? [] : demandLines(judgement.obligations)),
    ...(asked.length === 0 || place === undefined
      ? ['Of those it asks, you are none; the rules do not wait for you.']
      : [`You are asked as ${place.name} (${place.approver.person}), of ${asked.join(' and ')}.`]),
    ...judgement.reasons.map(({ code, detail }) => `${code}: ${detail}`),
    ...(verdict === undefined ? [] : ruleLines(verdict)),
  ];
}

/** What rules demand of people, one line each. */
export function demandLines({ delaySec, distinctDevices, groups, holder }: Obligations): readonly string[] {
  return [
    ...groups.map(({ group, quorum }) => {
      const devices = distinctDevices ? ' on devices of their own' : '';
      return `${quorum} ${quorum === 1 ? 'person' : 'distinct persons'} of group ${group}${devices}`;
    }),
    ...(holder ? ['the key holder of every party that consents, by hand'] : []),
    ...(delaySec > 0 ? [`and ${delaySec} seconds to think`] : []),
  ];
}
