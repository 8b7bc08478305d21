/**
 * What an approver's device makes of a proposal: it decodes the bytes itself, assesses them against the wallet's address
 * and judges them by its own copy of the common policy. What limits have used up is known to the parties alone.
 */
import { type Approval, openApproval } from '../../protocol/ceremony/approval.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { type Judgement, judgeProposal, policyReference } from '../../protocol/ceremony/judgement.ts';
import { operatorOf, type Roster } from '../../protocol/ceremony/roster.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { samePerson } from '../../protocol/common/person.ts';
import { DEFAULT_TTL } from '../../protocol/policy/limits.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { Approver } from '../../protocol/policy/schema.ts';

export interface ReadingContext {
  readonly roster: Roster;
  readonly policy: Policy | undefined;
  /** The wallet that the proposal names, if it is known. */
  readonly wallet: Wallet | undefined;
  /** The key of its path, as key holders tell it; each of them derives it again before anything is signed. */
  readonly childKey: Uint8Array | undefined;
  /** Key of this approver, as policies write it. */
  readonly key: string;
  /** Unix seconds. */
  readonly now: number;
}

/** Name and entry of this approver in the policy. */
export interface Place {
  readonly name: string;
  readonly approver: Approver;
}

export interface ReadRequest {
  readonly judgement: Judgement;
  readonly place: Place | undefined;
  /** Why this device signs no approval; it may reject all the same. */
  readonly refusal: VerdictReason | undefined;
  /** Why it can say nothing at all. */
  readonly mute: VerdictReason | undefined;
}

/** Of what cannot be admitted here: whether an attempt follows another is looked at by parties, who saw both. */
const ATTEMPTS: ReadonlySet<string> = new Set(['ATTEMPT_UNKNOWN', 'ATTEMPT_DIFFERS', 'ATTEMPT_STILL_LIVE']);

export function readForApproval(entry: BookEntry, context: ReadingContext): ReadRequest {
  const { childKey, now, policy, roster, wallet } = context;
  const { proposal } = entry.ceremony;
  const inputs = { now };
  const judgement = judgeProposal(proposal, { roster, wallet, childKey, common: policy, inputs, ledger: 'uncounted' });
  const place = policy && placeOf(policy, context.key);
  const mute = muteness(entry, judgement, place, context);
  return { judgement, place, mute, refusal: mute ?? refusalOf(entry, judgement, place, context) };
}

export function placeOf({ document }: Policy, key: string): Place | undefined {
  for (const [name, approver] of document.approvers ?? []) if (sameKey(approver.key, key)) return { name, approver };
  return undefined;
}

/** The groups that this approver is in, of those that the judgement asks. */
export function groupsAsked({ obligations }: Judgement, policy: Policy, name: string): readonly string[] {
  return (obligations?.groups ?? []).flatMap(({ group }) =>
    policy.document.groups?.get(group)?.includes(name) === true ? [group] : [],
  );
}

/**
 * How long an approval may live, in seconds: as long as the rules that matched say, and as the strictest limit of this
 * wallet that would ask for approvals, since only parties know whether it does.
 */
export function lifeOf({ obligations }: Judgement, policy: Policy, wallet: string): number {
  const ofLimits = (policy.document.limits ?? []).flatMap(({ match, onExceed }) => {
    const applies = match?.wallets === undefined || match.wallets.includes(wallet);
    return applies && typeof onExceed === 'object' ? [onExceed.require.ttlSec ?? DEFAULT_TTL] : [];
  });
  return Math.min(obligations?.ttlSec ?? DEFAULT_TTL, ...ofLimits);
}

/** An approval of this policy, whoever brought it. */
export function knownApproval(envelope: Envelope, policy: Policy | undefined): Approval | undefined {
  const opened = policy === undefined ? undefined : openApproval(envelope, policy);
  return opened?.ok ? opened.value : undefined;
}

function muteness(
  entry: BookEntry,
  judgement: Judgement,
  place: Place | undefined,
  { now, policy, roster }: ReadingContext,
): VerdictReason | undefined {
  const { body } = entry.ceremony.proposal;
  if (body.ceremony !== 'sign') {
    return { code: 'APPROVAL_KIND', detail: `nobody but key holders decides about a ${body.ceremony}` };
  }
  if (!equalBytes(body.roster, roster.digest)) {
    return { code: 'APPROVAL_FOREIGN', detail: 'it was made under another roster than the one pinned here' };
  }
  if (policy === undefined) {
    return { code: 'NO_COMMON_POLICY', detail: 'this device has adopted no policy to judge by' };
  }
  if (place === undefined) {
    return {
      code: 'APPROVER_UNKNOWN',
      detail: `version ${policyReference(policy).version} of the policy does not list the key of this device`,
    };
  }
  if (now >= body.expires) return { code: 'PROPOSAL_EXPIRED', detail: 'the proposal has expired' };
  if (judgement.reading?.tree !== undefined) return undefined;
  const [reason] = judgement.reasons;
  return { code: reason?.code ?? 'APPROVAL_UNREADABLE', detail: reason?.detail ?? 'this device cannot read it' };
}

function refusalOf(
  entry: BookEntry,
  judgement: Judgement,
  place: Place | undefined,
  { roster }: ReadingContext,
): VerdictReason | undefined {
  const { conflict, inadmissible } = entry;
  const { body } = entry.ceremony.proposal;
  if (conflict !== undefined) {
    return { code: 'OPERATOR_EQUIVOCATION', detail: 'the operator signed two different proposals under one nonce' };
  }
  if (inadmissible !== undefined && !ATTEMPTS.has(inadmissible.code)) {
    return { code: inadmissible.code, detail: inadmissible.message };
  }
  const initiator = operatorOf(roster, body.initiator)?.person;
  if (initiator !== undefined && place !== undefined && samePerson(initiator, place.approver.person)) {
    return {
      code: 'APPROVER_IS_INITIATOR',
      detail: `${place.approver.person} has proposed it, and nobody approves an own request`,
    };
  }
  if (judgement.judgement === 'deny') {
    const codes = [...new Set(judgement.reasons.map(({ code }) => code))].join(', ');
    return { code: 'APPROVAL_DENIED', detail: `the policy denies it: ${codes}` };
  }
  return undefined;
}

/** A comment may follow an SSH key. */
function sameKey(a: string, b: string): boolean {
  const head = (key: string): string => key.split(' ').slice(0, 2).join(' ');
  return head(a) === head(b);
}
