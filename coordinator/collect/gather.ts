/**
 * When to start: a pure decision over what the book knows. The coordinator decides nothing about the payload; it only
 * waits for those who can still answer, and names t of those who consented.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import {
  type Ceremony,
  couldSuffice,
  type Quorum,
  quorum,
  signerCount,
  standing,
} from '../../protocol/ceremony/lifecycle.ts';
import type { RosterBody } from '../../protocol/ceremony/roster.ts';

export type GatherStep =
  | { readonly kind: 'wait'; readonly missing: readonly number[] }
  | { readonly kind: 'start'; readonly signers: readonly number[]; readonly quorum: Quorum }
  | { readonly kind: 'ended'; readonly code: string; readonly message: string };

export interface GatherView {
  readonly now: number;
  /** Indices of the parties connected right now. */
  readonly connected: ReadonlySet<number>;
  /** Parties may still be on their way: a moment of patience after the quorum stands, before going without them. */
  readonly patienceOver: boolean;
}

/**
 * Starts as soon as the quorum stands and every connected party has answered, or patience is over: a rejection that
 * is still under way should be heard. Connected signers are preferred, then the lower index.
 */
export function gather(entry: BookEntry, roster: RosterBody, view: GatherView): GatherStep {
  const { ceremony } = entry;
  if (entry.conflict !== undefined)
    return { kind: 'ended', code: 'OPERATOR_EQUIVOCATION', message: 'two proposals, one nonce' };
  const alive = standing(ceremony, view.now);
  if (!alive.ok) return { kind: 'ended', ...(expired(ceremony, roster, view.now) ?? alive.error) };
  const missing = roster.parties.map((party) => party.index).filter((index) => !ceremony.verdicts.has(index));
  const gathered = quorum(ceremony, roster, view.now);
  if (!gathered.ok) {
    const isOpen = couldSuffice(ceremony, roster, view.now);
    return isOpen ? { kind: 'wait', missing } : { kind: 'ended', ...gathered.error };
  }
  if (missing.some((index) => view.connected.has(index)) && !view.patienceOver) return { kind: 'wait', missing };
  const consenters = gathered.value.consents.map((consent) => consent.body.party);
  const able = consenters.filter((index) => view.connected.has(index));
  const count = signerCount(ceremony.proposal.body, roster);
  if (able.length < count) return { kind: 'wait', missing: consenters.filter((index) => !view.connected.has(index)) };
  return { kind: 'start', signers: able.slice(0, count).sort((a, b) => a - b), quorum: gathered.value };
}

/** Indices of the parties among members like `party:2`. */
export function partiesAmong(members: readonly string[]): ReadonlySet<number> {
  return new Set(members.flatMap((member) => (member.startsWith('party:') ? [Number(member.split(':')[1])] : [])));
}

/** Of a proposal that waited in vain people want to know how far it had come. */
function expired({ proposal, verdicts, withdrawals }: Ceremony, roster: RosterBody, now: number) {
  const answers = [...verdicts.values()].map((verdict) => verdict.body);
  if (now < proposal.body.expires || withdrawals.size > 0) return undefined;
  if (answers.some((answer) => answer.decision === 'reject')) return undefined;
  const required = Math.max(signerCount(proposal.body, roster), ...answers.map((answer) => answer.consents));
  return { code: 'PROPOSAL_EXPIRED', message: `it expired with ${answers.length} of ${required} consents` };
}
