/**
 * Which consents carry a session, and whether a start states them truly. As lifecycle.ts: pure, and the same rules for
 * participants, the coordinator and the auditor.
 */
import { equalBytes, toHex } from '../common/bytes.ts';
import { samePerson } from '../common/person.ts';
import { ok, type Result } from '../common/result.ts';
import { isKeyChange, mustAgree, signerCount } from './agreement.ts';
import { announcementFault } from './announcement.ts';
import { type Ceremony, type LifecycleError, refuse, standing } from './lifecycle.ts';
import type { ProposalBody } from './proposal.ts';
import { operatorOf, partyOf, type RosterBody } from './roster.ts';
import { separatedPairs } from './separation.ts';
import type { Standing, Start } from './start.ts';
import type { VerdictStatement } from './verdict-statement.ts';

/** The consents that carry a session, all naming the same digest, leaf tree and common policy. */
export interface Quorum {
  readonly consents: readonly VerdictStatement[];
  /** The 32-byte digest they all name. */
  readonly digest: Uint8Array;
  /** The 33-byte key of the proposal's path, if it has one; each of them derived it for itself. */
  readonly childKey?: Uint8Array | undefined;
  /** Consents demanded by the strictest of them. */
  readonly required: number;
}

/**
 * The quorum that stands at `now`, or why there is none: yet (`QUORUM_MISSING`), or ever. Parties that consent to
 * something else, under another policy say, stop nobody: the largest group that agrees counts.
 */
export function quorum(ceremony: Ceremony, roster: RosterBody, now: number): Result<Quorum, LifecycleError> {
  const alive = standing(ceremony, now);
  if (!alive.ok) return alive;
  const groups = agreeing(ceremony, roster, now);
  const gathered = checkConsents(ceremony.proposal.body, groups[0] ?? [], roster);
  if (gathered.ok || couldSuffice(ceremony, roster, now)) return gathered;
  const lapsed = [...ceremony.verdicts.values()].find(({ body }) => body.decision === 'consent' && now >= body.expires);
  if (lapsed !== undefined) return refuse('CONSENT_EXPIRED', `the consent of party ${lapsed.body.party} has expired`);
  const [first, second] = groups.map((group) => group[0]?.body.party ?? 0);
  if (second === undefined) return gathered;
  return refuse('CONSENTS_DIFFER', `party ${second} consents to something else than party ${first ?? 0}`);
}

/** Whether a group of consents may still grow to what it demands, with everybody who has not answered joining it. */
export function couldSuffice(ceremony: Ceremony, roster: RosterBody, now: number): boolean {
  const { body } = ceremony.proposal;
  const asked = mustAgree(body, roster) ?? roster.parties.map((party) => party.index);
  const unanswered = asked.filter((index) => !ceremony.verdicts.has(index)).length;
  const least = signerCount(body, roster);
  return [[], ...agreeing(ceremony, roster, now)].some((group) => {
    const required = Math.max(least, ...group.map((consent) => consent.body.consents));
    return group.length + unanswered >= required;
  });
}

/** The consents that count at `now`, in groups that name the same things; the largest first. */
function agreeing(ceremony: Ceremony, roster: RosterBody, now: number): readonly (readonly VerdictStatement[])[] {
  const groups = new Map<string, VerdictStatement[]>();
  const verdicts = counting(ceremony.proposal.body, roster, [...ceremony.verdicts.values()]).sort(
    (a, b) => a.body.party - b.body.party,
  );
  for (const verdict of verdicts) {
    const { decision, expires, judgement, party } = verdict.body;
    if (decision !== 'consent' || judgement === 'deny') continue;
    if (now >= expires || ceremony.equivocations.has(party)) continue;
    const name = binding(verdict);
    groups.set(name, [...(groups.get(name) ?? []), verdict]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/**
 * Without the verdicts of parties whose consent is not asked for; their rejections end the proposal all the same. A
 * change of keys counts what a key holder said by hand, and nothing else. Where a signing needs a key holder's hand,
 * that of whoever proposed it does not count.
 */
function counting(body: ProposalBody, roster: RosterBody, verdicts: readonly VerdictStatement[]): VerdictStatement[] {
  const asked = mustAgree(body, roster);
  return verdicts.filter(
    (verdict) =>
      (asked === undefined || asked.includes(verdict.body.party)) &&
      (verdict.body.byHand || !isKeyChange(body)) &&
      !(needsHand(body, verdict) && isProposer(body, roster, verdict.body.party)),
  );
}

function needsHand({ ceremony }: ProposalBody, { body }: VerdictStatement): boolean {
  return ceremony === 'sign' && body.judgement === 'require' && body.obligations?.holder !== false;
}

/** Whether the key holder of this party is who made the proposal, as operator of the same roster. */
export function isProposer({ initiator }: ProposalBody, roster: RosterBody, party: number): boolean {
  const holder = partyOf(roster, party)?.person;
  const proposer = operatorOf(roster, initiator)?.person;
  return holder !== undefined && proposer !== undefined && samePerson(holder, proposer);
}

/**
 * Composes what every party answered, in order of index. A consent that is not among those that count is left out:
 * its party said something else, said two things, or said it too long ago.
 */
export function standings(
  ceremony: Ceremony,
  roster: RosterBody,
  counted: readonly VerdictStatement[] = [...ceremony.verdicts.values()].filter(
    (verdict) => !ceremony.equivocations.has(verdict.body.party),
  ),
): readonly Standing[] {
  const asked = mustAgree(ceremony.proposal.body, roster);
  return roster.parties.map(({ index }) => {
    const verdict = ceremony.verdicts.get(index);
    const isBystander = asked?.includes(index) === false && !ceremony.equivocations.has(index);
    const counts = verdict?.body.decision === 'reject' || isBystander || counted.some((consent) => consent === verdict);
    if (verdict === undefined || !counts) return { party: index, answer: 'unreachable' };
    return { party: index, answer: verdict.body.decision, verdict: verdict.digest };
  });
}

/**
 * Checks a start against everything this member knows: each verdict it lists is known and says so, nothing known is
 * hidden, the consents form a quorum and the signers stand among them. The session id is checked by the caller, which
 * recomputes it (session-binding.ts).
 */
export function checkStart(
  ceremony: Ceremony,
  start: Start,
  roster: RosterBody,
  now: number,
): Result<Quorum, LifecycleError> {
  const { body } = start;
  const { proposal } = ceremony;
  if (!equalBytes(body.proposal, proposal.digest) || body.attempt !== proposal.body.attempt) {
    return refuse('START_FOREIGN', 'the start belongs to another proposal or attempt');
  }
  if (ceremony.start !== undefined && !equalBytes(ceremony.start.digest, start.digest)) {
    return refuse('START_SPENT', 'another start was accepted before: the consents are spent');
  }
  const alive = standing({ ...ceremony, start }, now);
  if (!alive.ok) return alive;
  const twice = body.standings.find((item) => item.answer === 'consent' && ceremony.equivocations.has(item.party));
  if (twice !== undefined) {
    return refuse('EQUIVOCATION', `party ${twice.party} gave two different verdicts: its consent does not count`);
  }
  const early = announcementFault(ceremony, start, roster, now);
  if (early !== undefined) return refuse('ANNOUNCEMENT_RUNNING', early);
  return checkStandings(ceremony, start, roster);
}

/** The part of `checkStart` that does not depend on the time: also the auditor's check. */
export function checkStandings(ceremony: Ceremony, start: Start, roster: RosterBody): Result<Quorum, LifecycleError> {
  const { body } = start;
  if (body.standings.length !== roster.parties.length) {
    return refuse('START_STANDINGS', 'the start must list every party of the roster once');
  }
  const consents: VerdictStatement[] = [];
  for (const [i, item] of body.standings.entries()) {
    const verdict = verdictFor(item, ceremony);
    const fault = standingFault(item, i + 1, verdict);
    if (fault !== undefined) return refuse('START_STANDINGS', fault);
    if (item.answer === 'consent' && verdict !== undefined) consents.push(verdict);
  }
  const gathered = checkConsents(ceremony.proposal.body, counting(ceremony.proposal.body, roster, consents), roster);
  if (!gathered.ok) return gathered;
  if (!equalBytes(gathered.value.digest, body.digest)) {
    return refuse('START_DIGEST', 'the start names another digest than the consents');
  }
  const rejections = body.standings.filter((item) => item.answer === 'reject').length;
  const limit = Math.min(...[...ceremony.verdicts.values()].map((verdict) => verdict.body.rejections));
  if (rejections >= limit) return refuse('REJECTED', 'the start lists as many rejections as end the proposal');
  const signers = signersFault(ceremony.proposal.body, body.signers, gathered.value.consents, roster);
  return signers === undefined ? gathered : refuse('START_SIGNERS', signers);
}

function checkConsents(
  body: ProposalBody,
  consents: readonly VerdictStatement[],
  roster: RosterBody,
): Result<Quorum, LifecycleError> {
  const [first] = consents;
  const least = signerCount(body, roster);
  const required = Math.max(least, ...consents.map((consent) => consent.body.consents));
  if (first === undefined || consents.length < required) {
    return refuse('QUORUM_MISSING', `${consents.length} of ${required} consents`);
  }
  const bound = binding(first);
  const odd = consents.find((consent) => binding(consent) !== bound || consent.body.judgement === 'deny');
  const digest = first.body.reading?.digest;
  const childKey = first.body.reading?.key;
  const isDerived = body.ceremony === 'sign' && body.path.length > 0;
  if (odd !== undefined || digest === undefined || (childKey !== undefined) !== isDerived) {
    return refuse(
      'CONSENTS_DIFFER',
      `party ${odd?.body.party ?? first.body.party} consents to something else than the others`,
    );
  }
  return ok({ consents, digest, required, ...(childKey === undefined ? {} : { childKey }) });
}

/** What must be the same in all consents of one session. */
function binding({ body }: VerdictStatement): string {
  const parts = [body.reading?.digest, body.reading?.tree, body.reading?.key, body.commonPolicy?.digest];
  return [...parts.map((part) => (part === undefined ? '-' : toHex(part))), body.commonPolicy?.version ?? '-'].join(
    '/',
  );
}

/** The verdict of the party as a start may state it: of two different ones, the composer may have seen either first. */
function verdictFor(item: Standing, ceremony: Ceremony): VerdictStatement | undefined {
  const first = ceremony.verdicts.get(item.party);
  const second = ceremony.equivocations.get(item.party);
  if (first === undefined || second === undefined) return first;
  if (item.verdict !== undefined) return equalBytes(item.verdict, second.digest) ? second : first;
  return first.body.decision === 'reject' ? second : first;
}

function standingFault(item: Standing, index: number, verdict: VerdictStatement | undefined): string | undefined {
  if (item.party !== index) return 'parties must stand in order of index';
  if (item.answer === 'unreachable') {
    // A consent may still have been under way to the composer; leaving out a rejection is what must not pass.
    if (verdict?.body.decision === 'reject') return `party ${index} is called unreachable, but it has rejected`;
    return item.verdict === undefined ? undefined : `party ${index} is called unreachable and yet has a verdict`;
  }
  if (verdict === undefined) return `the ${item.answer} of party ${index} is not known here`;
  if (item.answer !== verdict.body.decision) return `party ${index} did not ${item.answer}`;
  if (item.verdict === undefined || !equalBytes(item.verdict, verdict.digest)) {
    return `the verdict of party ${index} is another one than the start names`;
  }
  return undefined;
}

function signersFault(
  body: ProposalBody,
  signers: readonly number[],
  consents: readonly VerdictStatement[],
  roster: RosterBody,
): string | undefined {
  const count = signerCount(body, roster);
  if (signers.length !== count) return `there must be exactly ${count} signers`;
  if (signers.some((signer, i) => i > 0 && signer <= (signers[i - 1] ?? 0))) return 'signers must ascend';
  const stranger = signers.find((signer) => !consents.some((consent) => consent.body.party === signer));
  if (stranger !== undefined) return `party ${stranger} is to sign but did not consent`;
  const apart = separatedPairs(consents).find(([a, b]) => signers.includes(a) && signers.includes(b));
  return apart === undefined ? undefined : `parties ${apart.join(' and ')} are banned from signing together`;
}
