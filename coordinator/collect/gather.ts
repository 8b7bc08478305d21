/**
 * When to start: a pure decision over what the book knows. The coordinator decides nothing about the payload; it only
 * waits for those who can still answer, and names who takes part: t of those who consented to a signing, everybody whom
 * a change of the key concerns.
 */
import { mustAgree, signerCount } from '../../protocol/ceremony/agreement.ts';
import { announcementEnd, duration } from '../../protocol/ceremony/announcement.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { type Ceremony, standing } from '../../protocol/ceremony/lifecycle.ts';
import type { ProposalBody } from '../../protocol/ceremony/proposal.ts';
import { couldSuffice, type Quorum, quorum } from '../../protocol/ceremony/quorum.ts';
import type { RosterBody } from '../../protocol/ceremony/roster.ts';
import { rosterChange } from '../../protocol/ceremony/roster-change.ts';
import { chooseSigners, separatedPairs } from '../../protocol/ceremony/separation.ts';

export type GatherStep =
  | {
      readonly kind: 'wait';
      readonly missing: readonly number[];
      /** What it waits for besides answers, as a sentence. */
      readonly because?: string;
      /** When to look again, in Unix seconds, if nothing happens before. */
      readonly until?: number;
    }
  | { readonly kind: 'start'; readonly signers: readonly number[]; readonly quorum: Quorum }
  | { readonly kind: 'ended'; readonly code: string; readonly message: string };

export interface GatherView {
  readonly now: number;
  /** Indices of the parties connected right now. */
  readonly connected: ReadonlySet<number>;
  /** Indices in the adopted successor of the connected parties that are in no roster yet. */
  readonly joining: ReadonlySet<number>;
  /** Parties may still be on their way: a moment of patience after the quorum stands, before going without them. */
  readonly patienceOver: boolean;
}

/**
 * Starts as soon as the quorum stands and every connected party has answered, or patience is over: a rejection that
 * is still under way should be heard. Connected signers are preferred, then the lower index.
 */
export function gather(entry: BookEntry, roster: RosterBody, view: GatherView): GatherStep {
  const { ceremony } = entry;
  const { body } = ceremony.proposal;
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
  const consenters = gathered.value.consents.map((consent) => consent.body.party).sort((a, b) => a - b);
  const able = consenters.filter((index) => view.connected.has(index));
  const away = consenters.filter((index) => !view.connected.has(index));
  const concerned = mustAgree(body, roster);
  if (concerned !== undefined) {
    const delay = changeDelay(ceremony, roster, view);
    if (delay !== undefined) return { kind: 'wait', missing, ...delay };
    if (away.length > 0) return { kind: 'wait', missing: away, because: `party ${away.join(', ')} must be connected` };
    return { kind: 'start', signers: concerned, quorum: gathered.value };
  }
  const count = signerCount(body, roster);
  const pairs = separatedPairs(gathered.value.consents);
  const signers = chooseSigners(able, count, pairs);
  if (signers !== undefined) return { kind: 'start', signers, quorum: gathered.value };
  if (chooseSigners(consenters, count, pairs) !== undefined) return { kind: 'wait', missing: away };
  const because = `parties ${pairsInWords(pairs)} are banned from each other, and without them there are not ${count}`;
  if (chooseSigners([...consenters, ...missing], count, pairs) !== undefined) return { kind: 'wait', missing, because };
  return { kind: 'ended', code: 'NO_QUORUM_WITHOUT_BAN', message: because };
}

/** Why a change of the key cannot start yet although everybody agrees. */
function changeDelay(ceremony: Ceremony, roster: RosterBody, view: GatherView) {
  const end = announcementEnd(ceremony, roster) ?? 0;
  if (view.now < end) return { because: `announced; it can start in ${duration(end - view.now)}`, until: end };
  const away = joiners(ceremony.proposal.body, roster).filter(({ index }) => !view.joining.has(index));
  const names = away.map(({ name }) => name).join(', ');
  return away.length === 0 ? undefined : { because: `${names} must be connected: to adopt the roster is not enough` };
}

function joiners(body: ProposalBody, roster: RosterBody) {
  return body.ceremony === 'reshare' && body.next !== undefined ? rosterChange(roster, body.next).joins : [];
}

/** Indices among members like `party:2` or `joining:4`. */
export function indicesOf(role: 'party' | 'joining', members: readonly string[]): ReadonlySet<number> {
  return new Set(members.flatMap((member) => (member.startsWith(`${role}:`) ? [Number(member.split(':')[1])] : [])));
}

/** Of a proposal that waited in vain people want to know how far it had come. */
function expired({ proposal, verdicts, withdrawals }: Ceremony, roster: RosterBody, now: number) {
  const answers = [...verdicts.values()].map((verdict) => verdict.body);
  if (now < proposal.body.expires || withdrawals.size > 0) return undefined;
  if (answers.some((answer) => answer.decision === 'reject')) return undefined;
  const required = Math.max(signerCount(proposal.body, roster), ...answers.map((answer) => answer.consents));
  const pairs = separatedPairs([...verdicts.values()]);
  const bans = pairs.length === 0 ? '' : `; parties ${pairsInWords(pairs)} are banned from each other`;
  return { code: 'PROPOSAL_EXPIRED', message: `it expired with ${answers.length} of ${required} consents${bans}` };
}

/** `1 and 2, 3 and 5`. */
export function pairsInWords(pairs: readonly (readonly [number, number])[]): string {
  return pairs.map(([a, b]) => `${a} and ${b}`).join(', ');
}
