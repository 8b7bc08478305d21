/** What the statement of an answer says, and the documents it names: they are at hand before it is signed. */
import { consentExpiry } from '../../protocol/ceremony/agreement.ts';
import { approvalDocument } from '../../protocol/ceremony/approval.ts';
import { approvalName } from '../../protocol/ceremony/approval-check.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { inputsJson, type JudgementInputs } from '../../protocol/ceremony/inputs.ts';
import { type Judgement, policyReference } from '../../protocol/ceremony/judgement.ts';
import type { ProposalBody } from '../../protocol/ceremony/proposal.ts';
import type { VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import { compareBytes } from '../../protocol/common/bytes.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { canonicalPolicy } from '../../protocol/policy/canonical.ts';
import { type NodeContext, SOFTWARE } from '../context.ts';

/** A judgement and what it rests on beside proposal and policies. */
export interface Judged {
  readonly judgement: Judgement;
  readonly inputs: JudgementInputs;
}

export interface Answer extends Judged {
  readonly decision: 'consent' | 'reject';
  readonly byHand: boolean;
}

/** Takes the next counter: sign what it returns, or the counter is lost. */
export async function answerBody(node: NodeContext, entry: BookEntry, answer: Answer): Promise<VerdictBody> {
  const { byHand, decision, inputs: given, judgement } = answer;
  const { documents, journal, policies, random, self } = node;
  const { proposal } = entry.ceremony;
  const judged = proposal.body.ceremony === 'sign' && judgement.verdict !== undefined;
  const common = judged ? policies.common : undefined;
  const own = judged ? policies.own : undefined;
  for (const policy of [common, own]) if (policy !== undefined) await documents.put(canonicalPolicy(policy));
  const { now } = given;
  const inputs = inputsJson(given);
  await documents.put(inputs);
  const count = decision === 'consent' ? node.approvals.count(entry, judgement, now) : undefined;
  const isOwed = decision === 'consent' && (judgement.obligations?.groups.length ?? 0) > 0;
  if (isOwed && count?.satisfied !== true) {
    throw new Refusal('APPROVALS_MISSING', 'approvals that it rests on have ended meanwhile');
  }
  const approvals = count?.used ?? [];
  for (const approval of approvals) await documents.put(approvalDocument(approval));
  return {
    proposal: proposal.digest,
    attempt: proposal.body.attempt,
    party: self,
    decision,
    reading: judgement.reading,
    commonPolicy: common && policyReference(common),
    ownPolicy: own && policyReference(own),
    judgement: judgement.judgement,
    byHand,
    consents: judgement.consents,
    rejections: judgement.rejections,
    rules: judgement.rules,
    reasons: judgement.reasons,
    risks: judgement.risks,
    trace: judgement.trace,
    obligations: judgement.obligations,
    ...(approvals.length === 0 ? {} : { approvals: approvals.map(approvalName).sort(compareBytes) }),
    inputs: documentDigest(inputs),
    claimedSoftware: SOFTWARE,
    counter: await journal.nextCounter(),
    nonce: random.bytes(16),
    created: now,
    expires: Math.min(consentExpiry(proposal.body, now), count?.until ?? Number.MAX_SAFE_INTEGER),
    ...separation(node, decision, proposal.body),
  };
}

/** Of a signing: with whom this party cannot sign in the wallet's epoch, so that nobody chooses the two. */
function separation(
  { journal, roster, self }: NodeContext,
  decision: 'consent' | 'reject',
  body: ProposalBody,
): { readonly separated?: readonly number[] } {
  if (body.ceremony !== 'sign' || decision !== 'consent') return {};
  const peers = roster.parties.map((party) => party.index).filter((index) => index !== self);
  const separated = peers.filter((peer) => journal.state.pairs.isBarred(body.epochId, peer));
  return separated.length === 0 ? {} : { separated };
}
