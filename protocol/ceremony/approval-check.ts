/**
 * Whether an approval is about what this member reads for itself, and whether a consent rests on the approvals that it
 * owes. Nodes ask before they count, signers of every consent of a start, the auditor of every consent it is shown.
 */
import { equalBytes, toHex } from '../common/bytes.ts';
import { documentDigest } from '../common/document.ts';
import { samePerson } from '../common/person.ts';
import { err, ok, type Result } from '../common/result.ts';
import type { Policy } from '../policy/prepare.ts';
import { NO_OBLIGATIONS, type Obligations } from '../policy/verdict.ts';
import { type Approval, approvalDocument } from './approval.ts';
import { countApprovals } from './approval-count.ts';
import { type JudgementContext, judgeProposal, policyReference } from './judgement.ts';
import { CLOCK_TOLERANCE } from './lifecycle.ts';
import type { Proposal } from './proposal.ts';
import { operatorOf, type Roster } from './roster.ts';
import type { Reading, VerdictReason, VerdictStatement } from './verdict-statement.ts';

/** What an approval must be about: by the reader's own computation, not by anybody's word. */
export interface ApprovalContext {
  readonly roster: Roster;
  readonly proposal: Proposal;
  readonly reading: Pick<Reading, 'digest' | 'tree'>;
  /** Of the decoded payload. */
  readonly chainId: bigint | undefined;
  /** The common policy, as adopted here, or as the consent names it. */
  readonly policy: Policy;
  /** As the obligations have it; absent where they are not known yet. */
  readonly ttlSec?: number | undefined;
}

/** The chain as approvals name it. */
export function approvalChain(chainId: bigint | undefined): string {
  return chainId === undefined ? 'any' : String(chainId);
}

/** Why an approval is worth nothing here at this time. A refusal is worth something as soon as it is about this. */
export function approvalFault(
  { body }: Approval,
  { chainId, policy, proposal, reading, roster, ttlSec }: ApprovalContext,
  at: number,
): VerdictReason | undefined {
  const who = body.approver;
  const approver = policy.document.approvers?.get(who);
  if (approver === undefined) return reason('APPROVER_UNKNOWN', `the policy knows no approver ${who}`);
  const asked = proposal.body;
  const isAboutThis =
    asked.ceremony === 'sign' &&
    equalBytes(body.roster, roster.digest) &&
    equalBytes(body.proposal, proposal.digest) &&
    body.wallet === asked.wallet &&
    equalBytes(body.epoch, asked.epochId);
  if (!isAboutThis) return reason('APPROVAL_FOREIGN', `${who} speaks of another proposal, attempt, wallet or epoch`);
  const proposer = operatorOf(roster, asked.initiator)?.person;
  if (proposer === undefined || samePerson(approver.person, proposer)) {
    return reason('APPROVER_IS_INITIATOR', `${who} is a device of ${approver.person}, who proposed it`);
  }
  if (body.decision !== 'approve') return undefined;
  const chain = approvalChain(chainId);
  if (body.chainId !== chain)
    return reason('APPROVAL_CHAIN', `${who} approved it for chain ${body.chainId}, not ${chain}`);
  if (!equalBytes(body.digest, reading.digest)) {
    return reason('APPROVAL_DIGEST', `the device of ${who} computed another digest`);
  }
  if (reading.tree === undefined || !equalBytes(body.tree, reading.tree)) {
    return reason('APPROVAL_TREE', `the device of ${who} read another tree of calls`);
  }
  const { digest, version } = policyReference(policy);
  if (!equalBytes(body.policy.digest, digest) || body.policy.version !== version) {
    return reason('APPROVAL_POLICY', `${who} judged by version ${body.policy.version} of the policy, not ${version}`);
  }
  return timeFault(body, ttlSec, at);
}

function timeFault(
  { approver, created, expires }: Approval['body'],
  ttlSec: number | undefined,
  at: number,
): VerdictReason | undefined {
  if (at >= expires) return reason('APPROVAL_EXPIRED', `the approval of ${approver} ended at ${expires}`);
  if (created > at + CLOCK_TOLERANCE) {
    return reason('APPROVAL_FUTURE', `the approval of ${approver} is dated ${created}, in the future of this clock`);
  }
  if (ttlSec !== undefined && expires - created > ttlSec) {
    return reason('APPROVAL_TOO_LONG', `the approval of ${approver} would live longer than ${ttlSec} seconds`);
  }
  return undefined;
}

export interface ApprovalLookup extends Omit<ApprovalContext, 'ttlSec'> {
  /** An opened approval by the digest of its document. */
  byDigest(digest: Uint8Array): Approval | undefined;
  /** Whatever else approvers have said of this proposal as far as it is known: a refusal undoes an approval. */
  readonly said: readonly Approval[];
  /** When the contents were first proposed, in Unix seconds: nobody consents before the delay is over. */
  readonly announced: number;
}

/**
 * The approvals that a consent names, if they meet the obligations that it states. `APPROVAL_MISSING`: one is not at
 * hand (yet). Everything else is a fault of the consent itself, or of an approval that it relies on.
 */
export function approvalsOfConsent(
  { body }: VerdictStatement,
  lookup: ApprovalLookup,
): Result<readonly Approval[], VerdictReason> {
  const obligations = obligationsOf(body);
  const { approvals: named = [], created, expires, party } = body;
  const who = `the consent of party ${party}`;
  if (created + CLOCK_TOLERANCE < lookup.announced + obligations.delaySec) {
    return invalid(`${who} came before the delay of ${obligations.delaySec} seconds was over`);
  }
  if (obligations.groups.length === 0 && named.length > 0)
    return invalid(`${who} names approvals that nobody asked for`);
  const approvals: Approval[] = [];
  for (const digest of named) {
    const approval = lookup.byDigest(digest);
    if (approval === undefined) {
      return err(reason('APPROVAL_MISSING', `${who} names an approval that is not at hand: ${toHex(digest)}`));
    }
    const fault = approvalFault(approval, { ...lookup, ttlSec: obligations.ttlSec }, created);
    if (fault !== undefined) return err(fault);
    if (approval.body.decision !== 'approve') return invalid(`${who} rests on a refusal of ${approval.body.approver}`);
    if (expires > approval.body.expires) return invalid(`${who} outlives the approval of ${approval.body.approver}`);
    approvals.push(approval);
  }
  const { initiator } = lookup.proposal.body;
  const refusals = lookup.said.filter((other) => other.body.decision !== 'approve');
  const all = [...approvals, ...refusals];
  const count = countApprovals(obligations, lookup.policy, lookup.roster, initiator, all, created);
  if (obligations.groups.length > 0 && count.rejected) {
    return err(reason('APPROVER_REJECTED', `refused by ${count.refusing.join(', ')}`));
  }
  if (!count.satisfied) {
    const lacks = count.missing.map(({ group, have, need }) => `${have.length} of ${need} of ${group}`).join(', ');
    return invalid(`${who} rests on too few approvals: ${lacks}`);
  }
  return ok(approvals);
}

/** What a verdict says people had to do; of one that policy alone gave, nothing. */
export function obligationsOf({ obligations }: { readonly obligations?: Obligations | undefined }): Obligations {
  return obligations ?? NO_OBLIGATIONS;
}

/**
 * What the common policy demands of every party alike, whatever else each has counted, seen or forbids for itself. A
 * consent that states less was not given by these rules (`coversObligations`).
 *
 * @param at when the consent was given
 */
export function commonObligations(
  proposal: Proposal,
  context: Pick<JudgementContext, 'roster' | 'wallet' | 'childKey' | 'common'>,
  at: number,
): Obligations {
  const { roster, wallet, childKey, common } = context;
  const inputs = { now: at };
  return obligationsOf(judgeProposal(proposal, { roster, wallet, childKey, common, inputs, ledger: 'uncounted' }));
}

/** 32 bytes by which consents name an approval. */
export function approvalName(approval: Approval): Uint8Array {
  return documentDigest(approvalDocument(approval));
}

function invalid(detail: string): Result<never, VerdictReason> {
  return err(reason('APPROVAL_INVALID', detail));
}

function reason(code: string, detail: string): VerdictReason {
  return { code, detail };
}
