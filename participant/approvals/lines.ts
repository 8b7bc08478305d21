/** Approvals in words, for the screens of key holders and approvers. */
import type { Approval } from '../../protocol/ceremony/approval.ts';
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
