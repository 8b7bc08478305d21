/**
 * The life of one proposal, as every member sees it: proposed, answered, started once, ended once. Pure: statements
 * and the time go in, a decision comes out. Participants, the coordinator and the auditor apply these same rules.
 */
import { equalBytes } from '../common/bytes.ts';
import { canonicalText } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { isKeyChange } from './agreement.ts';
import { duration } from './announcement.ts';
import type { Outcome } from './outcome.ts';
import { type Proposal, type ProposalBody, proposalJson } from './proposal.ts';
import type { Start } from './start.ts';
import type { VerdictStatement } from './verdict-statement.ts';
import type { Withdrawal } from './withdrawal.ts';

/** Clocks of honest machines may differ by this much, in seconds. */
export const CLOCK_TOLERANCE = 60;

export interface Ceremony {
  readonly proposal: Proposal;
  /** Since when its contents are known: from the first attempt on, which later ones repeat. Unix seconds. */
  readonly announced: {
    /** As the proposal says. */
    readonly created: number;
    /** By this member's own clock. */
    readonly seen: number;
  };
  /** First verdict seen of each party. */
  readonly verdicts: ReadonlyMap<number, VerdictStatement>;
  /** A second, different verdict of the same party for the same attempt: evidence against it. */
  readonly equivocations: ReadonlyMap<number, VerdictStatement>;
  /** By author; any one of them ends the proposal. */
  readonly withdrawals: ReadonlyMap<string, Withdrawal>;
  readonly start?: Start | undefined;
  readonly outcomes: ReadonlyMap<number, Outcome>;
}

export interface LifecycleError {
  readonly code:
    | 'WRONG_ROSTER'
    | 'PROPOSAL_EXPIRED'
    | 'PROPOSAL_NOT_YET_VALID'
    | 'ATTEMPT_UNKNOWN'
    | 'ATTEMPT_DIFFERS'
    | 'ATTEMPT_STILL_LIVE'
    | 'ANNOUNCEMENT_OUTLASTS'
    | 'ANNOUNCEMENT_RUNNING'
    | 'VERDICT_FOREIGN'
    | 'WITHDRAWN'
    | 'REJECTED'
    | 'EQUIVOCATION'
    | 'QUORUM_MISSING'
    | 'CONSENT_EXPIRED'
    | 'CONSENTS_DIFFER'
    | 'START_FOREIGN'
    | 'START_SPENT'
    | 'START_SIGNERS'
    | 'START_STANDINGS'
    | 'START_DIGEST';
  readonly message: string;
}

/** @param seen when this member first saw the proposal, or, for somebody who was not there, when it was made */
export function newCeremony(proposal: Proposal, seen: number = proposal.body.created): Ceremony {
  return {
    proposal,
    announced: { created: proposal.body.created, seen },
    verdicts: new Map(),
    equivocations: new Map(),
    withdrawals: new Map(),
    outcomes: new Map(),
  };
}

/**
 * Whether a proposal may be taken up at all.
 *
 * @param previous the ceremony of the attempt before, if this is a later attempt and it is known
 */
export function admit(
  proposal: Proposal,
  roster: { readonly digest: Uint8Array; readonly announcement: number },
  now: number,
  previous?: Ceremony,
): Result<Ceremony, LifecycleError> {
  const body = proposal.body;
  if (!equalBytes(body.roster, roster.digest)) return refuse('WRONG_ROSTER', 'it was made under another roster');
  if (now >= body.expires) return refuse('PROPOSAL_EXPIRED', `it expired at ${body.expires}, and it is ${now}`);
  if (body.created > now + CLOCK_TOLERANCE) {
    return refuse('PROPOSAL_NOT_YET_VALID', `it was created at ${body.created}, which is in the future of this clock`);
  }
  if (body.previous !== undefined) {
    if (previous === undefined || !equalBytes(previous.proposal.digest, body.previous)) {
      return refuse('ATTEMPT_UNKNOWN', `attempt ${body.attempt} names an attempt before it that was never seen here`);
    }
    if (body.attempt !== previous.proposal.body.attempt + 1 || intent(body) !== intent(previous.proposal.body)) {
      return refuse('ATTEMPT_DIFFERS', 'a later attempt must repeat the first one unchanged');
    }
    const started = previous.start?.body;
    const hasEnded = [...previous.outcomes.values()].some(({ body: outcome }) => {
      return started?.signers.includes(outcome.party) === true && equalBytes(outcome.sessionId, started.sessionId);
    });
    if (started !== undefined && !hasEnded) {
      return refuse('ATTEMPT_STILL_LIVE', 'the attempt before it has not ended here yet');
    }
    const vetoed = vetoOf(previous);
    if (vetoed !== undefined) return vetoed;
    // Attempts follow each other while the first is still in people's minds; what died long ago is announced anew.
    const { announced, proposal: before } = previous;
    if (!isKeyChange(body)) {
      // By its dates for everybody alike, and by this member's clock: the delay of a rule passes while it can be seen.
      const created = body.created < before.body.expires ? announced.created : body.created;
      const seen = now < before.body.expires ? announced.seen : now;
      return ok({ ...newCeremony(proposal, now), announced: { created, seen } });
    }
    if (now < before.body.expires) return ok({ ...newCeremony(proposal, now), announced });
  }
  if (isKeyChange(body) && body.expires - body.created <= roster.announcement) {
    const delay = duration(roster.announcement);
    return refuse('ANNOUNCEMENT_OUTLASTS', `it expires before its announcement of ${delay} is over`);
  }
  return ok(newCeremony(proposal, now));
}

/**
 * A change of keys that somebody has vetoed by hand is over, with all its attempts: else the next one would start under
 * an announcement that has run out already, and leave no time for another veto.
 */
export function vetoOf({
  equivocations,
  proposal,
  verdicts,
  withdrawals,
}: Ceremony): Result<never, LifecycleError> | undefined {
  if (!isKeyChange(proposal.body)) return undefined;
  if (withdrawals.size > 0) return refuse('WITHDRAWN', 'the attempt before it was withdrawn; it takes a new proposal');
  const said = [...verdicts.values(), ...equivocations.values()];
  const veto = said.find(({ body }) => body.decision === 'reject' && body.byHand);
  if (veto === undefined) return undefined;
  return refuse('REJECTED', `party ${veto.body.party} rejected the attempt before it by hand; it takes a new proposal`);
}

/** Takes in a verdict for this attempt. A second different one is kept as evidence, and neither counts any more. */
export function addVerdict(ceremony: Ceremony, verdict: VerdictStatement): Result<Ceremony, LifecycleError> {
  const { body, digest } = ceremony.proposal;
  if (!equalBytes(verdict.body.proposal, digest) || verdict.body.attempt !== body.attempt) {
    return refuse('VERDICT_FOREIGN', 'the verdict belongs to another proposal or attempt');
  }
  const known = ceremony.verdicts.get(verdict.body.party);
  if (known === undefined) {
    return ok({ ...ceremony, verdicts: new Map(ceremony.verdicts).set(verdict.body.party, verdict) });
  }
  // Two prove it; a third would only make everybody's log longer.
  if (equalBytes(known.digest, verdict.digest) || ceremony.equivocations.has(verdict.body.party)) return ok(ceremony);
  return ok({ ...ceremony, equivocations: new Map(ceremony.equivocations).set(verdict.body.party, verdict) });
}

export function addWithdrawal(ceremony: Ceremony, withdrawal: Withdrawal): Result<Ceremony, LifecycleError> {
  const { body, digest } = ceremony.proposal;
  const { author } = withdrawal.body;
  if (!equalBytes(withdrawal.body.proposal, digest) || withdrawal.body.attempt !== body.attempt) {
    return refuse('VERDICT_FOREIGN', 'the withdrawal belongs to another proposal or attempt');
  }
  if (author.startsWith('operator:') && author !== `operator:${body.initiator}`) {
    return refuse('VERDICT_FOREIGN', 'only the operator who made the proposal, or a party, may withdraw it');
  }
  if (ceremony.withdrawals.has(author)) return ok(ceremony);
  return ok({ ...ceremony, withdrawals: new Map(ceremony.withdrawals).set(author, withdrawal) });
}

export function addOutcome(ceremony: Ceremony, outcome: Outcome): Ceremony {
  if (!equalBytes(outcome.body.proposal, ceremony.proposal.digest) || ceremony.outcomes.has(outcome.body.party))
    return ceremony;
  return { ...ceremony, outcomes: new Map(ceremony.outcomes).set(outcome.body.party, outcome) };
}

/**
 * Whether what was said so far ends the proposal: a withdrawal, or as many rejections as the rules of the strictest
 * verdict need. Rechecked before every share-bearing message.
 */
export function standing(ceremony: Ceremony, now: number): Result<void, LifecycleError> {
  if (ceremony.withdrawals.size > 0) {
    return refuse('WITHDRAWN', `${[...ceremony.withdrawals.keys()].join(', ')} withdrew the proposal`);
  }
  const verdicts = [...ceremony.verdicts.values()];
  // A veto of a change of keys counts also where somebody who has the same key said yes before.
  const seconds = isKeyChange(ceremony.proposal.body) ? [...ceremony.equivocations.values()] : [];
  const rejecting = [...verdicts, ...seconds].filter((verdict) => verdict.body.decision === 'reject');
  const limit = Math.min(...[...verdicts, ...seconds].map((verdict) => verdict.body.rejections));
  if (rejecting.length >= limit) {
    const parties = rejecting.map((verdict) => verdict.body.party).join(', ');
    return refuse('REJECTED', `rejected by party ${parties}`);
  }
  const consents = verdicts.filter((verdict) => verdict.body.decision === 'consent');
  // A session rests on the consents that its start names; before that, one that expired just does not count.
  const named = ceremony.start?.body.standings ?? [];
  const isBinding = ({ digest }: VerdictStatement): boolean =>
    named.some((item) => item.verdict !== undefined && equalBytes(item.verdict, digest));
  const expired = consents.find((consent) => now >= consent.body.expires && isBinding(consent));
  if (expired !== undefined) return refuse('CONSENT_EXPIRED', `the consent of party ${expired.body.party} has expired`);
  if (now >= ceremony.proposal.body.expires) return refuse('PROPOSAL_EXPIRED', 'the proposal has expired');
  return ok(undefined);
}

/** Everything of a proposal that a later attempt must repeat. */
function intent(body: ProposalBody): string {
  const { previous: _previous, ...rest } = body;
  return canonicalText(proposalJson({ ...rest, attempt: 1, created: 0, expires: 0 }));
}

/** A rule that says no. */
export function refuse(code: LifecycleError['code'], message: string): Result<never, LifecycleError> {
  return err({ code, message });
}
