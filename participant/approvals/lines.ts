/** Approvals in words, for the screens of key holders and approvers. */
import type { Approval } from '../../protocol/ceremony/approval.ts';
import type { ApprovalCount } from '../../protocol/ceremony/approval-count.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';

export function approvalLines(
  approvals: readonly Approval[],
  policy: Policy | undefined,
  now: number,
): readonly string[] {
  if (approvals.length === 0) return ['nobody yet'];
  return approvals.map(({ body }) => {
    const approver = policy?.document.approvers?.get(body.approver);
    const who = approver === undefined ? '' : ` (${sanitise(approver.person, 80)}, ${sanitise(approver.device, 80)})`;
    const word = { approve: 'approves', reject: 'REJECTS', cancel: 'takes it back' }[body.decision];
    const over = body.expires <= now ? ', expired' : '';
    const said = body.comment === '' ? '' : `: ${sanitise(body.comment, 140)}`;
    return `${body.approver}${who} ${word}${over}${said}`;
  });
}

/** How far it is approved. */
export function countLines({ missing, refusing, satisfied, used }: ApprovalCount): readonly string[] {
  if (refusing.length > 0) return [`refused by ${refusing.map((person) => sanitise(person, 80)).join(', ')}`];
  if (satisfied) return [`complete, with ${used.length} approval${used.length === 1 ? '' : 's'}`];
  return missing.map(({ group, have, need }) => {
    const who = have.length === 0 ? '' : ` (${have.map((person) => sanitise(person, 80)).join(', ')})`;
    return `group ${group}: ${have.length} of ${need}${who}`;
  });
}
