/**
 * Whether people approved what the rules left to them: for every consent, the approvals that it names are opened under
 * the policy that it was given by, compared with the payload as it is read here, and counted again.
 */
import { type Approval, openApproval } from '../../ceremony/approval.ts';
import { approvalsOfConsent } from '../../ceremony/approval-check.ts';
import type { Ceremony } from '../../ceremony/lifecycle.ts';
import type { Proposal } from '../../ceremony/proposal.ts';
import type { Roster } from '../../ceremony/roster.ts';
import type { Start } from '../../ceremony/start.ts';
import type { VerdictStatement } from '../../ceremony/verdict-statement.ts';
import { toHex } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { decode } from '../../payload/payload.ts';
import type { Finding } from '../codes.ts';
import type { Documents } from './documents.ts';
import type { Placed } from './parts.ts';

/** @returns what an auditor should know although nothing is wrong */
export function checkApprovals(
  ceremony: Ceremony,
  counted: readonly Placed<VerdictStatement>[],
  documents: Documents,
  roster: Roster,
  start: Start | undefined,
): Result<readonly string[], Finding> {
  const { proposal } = ceremony;
  const named = new Set(start?.body.standings.map(({ verdict }) => (verdict === undefined ? '' : toHex(verdict))));
  const chainId = chainOf(proposal);
  const notes: string[] = [];
  for (const { seq, value } of counted) {
    const { body } = value;
    if (body.decision !== 'consent') continue;
    const { approvals = [], commonPolicy, obligations, party, reading } = body;
    const policy = commonPolicy && documents.policies.get(toHex(commonPolicy.digest))?.value;
    if (policy === undefined || reading === undefined) {
      if (approvals.length === 0 && obligations === undefined) continue;
      // Without its policy it rests on nothing, which was noted with its judgement, if it carries nothing.
      if (!named.has(toHex(value.digest))) continue;
      return err({
        code: 'APPROVAL_INVALID',
        seq,
        message: `the consent of party ${party} names no policy to count by`,
      });
    }
    const opened = new Map<string, Approval>();
    for (const name of approvals.map(toHex)) {
      const placed = documents.approvals.get(name);
      const approval = placed && openApproval(placed.value, policy);
      if (approval?.ok === false) {
        return err({ code: 'APPROVAL_INVALID', seq: placed?.seq, message: 'no approver of the policy signed this' });
      }
      if (approval?.ok) opened.set(name, approval.value);
    }
    const found = approvalsOfConsent(value, {
      roster,
      proposal,
      reading,
      chainId,
      policy,
      byDigest: (digest) => opened.get(toHex(digest)),
      said: [],
      announced: ceremony.announced.created,
    });
    if (found.ok) continue;
    const { code, detail } = found.error;
    if (code !== 'APPROVAL_MISSING') return err({ code: 'APPROVAL_INVALID', seq, message: detail });
    if (named.has(toHex(value.digest))) return err({ code, seq, message: detail });
    notes.push(`party ${party} consented without showing the approvals that it names`);
  }
  return ok(notes);
}

function chainOf({ body }: Proposal): bigint | undefined {
  const decoded = body.ceremony === 'sign' ? decode(body.payload) : undefined;
  return decoded?.ok ? decoded.value.chainId : undefined;
}
