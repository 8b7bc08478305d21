/** What the parties answered, as the rules of a ceremony see it: each verdict was possible when it was given. */

import { isKeyChange } from '../../ceremony/agreement.ts';
import {
  addWithdrawal,
  admit,
  type Ceremony,
  CLOCK_TOLERANCE,
  type LifecycleError,
  newCeremony,
} from '../../ceremony/lifecycle.ts';
import type { Roster } from '../../ceremony/roster.ts';
import type { VerdictStatement } from '../../ceremony/verdict-statement.ts';
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import type { AuditCode, Finding } from '../codes.ts';
import type { Placed } from './parts.ts';
import type { Statements } from './statements.ts';

export interface Answers {
  /** With one verdict a party: of two, the one that the start names. Without withdrawals and start. */
  readonly ceremony: Ceremony;
  /** The verdicts that count. Of a party that gave two, only the one that the start names; without a start, none. */
  readonly counted: readonly Placed<VerdictStatement>[];
}

/** @param previous the ceremony of the attempt before, if the auditor has its transcript */
export function gatherAnswers(statements: Statements, previous?: Ceremony): Answers {
  const gathered = gather(statements);
  const ceremony = { ...gathered, announced: announcedSince(gathered, previous) };
  const counted = statements.verdicts.filter(({ value }) => counts(value, ceremony, statements));
  return { ceremony, counted };
}

/** Since when the contents were known, as admission has it: what had expired before it was repeated is announced anew. */
function announcedSince({ announced, proposal }: Ceremony, previous: Ceremony | undefined): Ceremony['announced'] {
  if (proposal.body.attempt === 1) return announced;
  // Nobody can tell, and the auditor is told so.
  if (previous === undefined) return { created: 0, seen: 0 };
  return proposal.body.created < previous.proposal.body.expires ? previous.announced : announced;
}

/**
 * @param previous the ceremony of the attempt before, if the auditor has its transcript
 * @returns what an auditor should know although nothing is wrong
 */
export function checkAnswers(
  statements: Statements,
  { ceremony, counted }: Answers,
  roster: Roster,
  previous: Ceremony | undefined,
): Result<readonly string[], Finding> {
  const { proposal } = statements;
  const { body } = proposal.value;
  for (const verdict of counted) {
    const finding = verdictFinding(verdict, statements, roster, previous);
    if (finding !== undefined) return err({ ...finding, seq: verdict.seq });
  }
  for (const { seq, value } of statements.withdrawals) {
    const taken = addWithdrawal(newCeremony(proposal.value), value);
    if (!taken.ok) return err({ code: 'STATEMENT_FOREIGN', seq, message: taken.error.message });
    if (isBefore(value.body.created, body.created)) return err(disordered(seq, 'the withdrawal', 'the proposal'));
  }
  const notes = [...ceremony.equivocations.keys()].map(
    (party) => `party ${party} gave two different verdicts; both are signed, which proves it against that party`,
  );
  if (body.previous === undefined || previous !== undefined) return ok(notes);
  const compared = isKeyChange(body) ? 'neither it nor its announcement was compared' : 'it was not compared';
  const unknown = `attempt ${body.attempt}: the transcript of the attempt before it was not given, so ${compared}`;
  return ok([unknown, ...notes]);
}

/** Whether `later`, which answers `earlier`, is dated before it by more than honest clocks may differ. */
export function isBefore(later: number, earlier: number): boolean {
  return later + CLOCK_TOLERANCE < earlier;
}

export function disordered(seq: number, what: string, before: string): Finding {
  return { code: 'TIMES_DISORDERED', seq, message: `${what} is dated before ${before}` };
}

function verdictFinding(
  { seq, value }: Placed<VerdictStatement>,
  { proposal }: Statements,
  roster: Roster,
  previous: Ceremony | undefined,
): Finding | undefined {
  const { body } = value;
  const who = `the ${body.decision} of party ${body.party}`;
  if (isBefore(body.created, proposal.value.body.created)) return disordered(seq, who, 'the proposal');
  if (body.decision === 'reject') {
    if (body.judgement === 'deny' || body.byHand) return undefined;
    return { code: 'CONSENT_INVALID', message: `${who} is neither a denial by policy nor a decision by hand` };
  }
  const admitted = admit(proposal.value, roster, body.created, earlier(proposal.value.body.previous, previous));
  if (!admitted.ok && !(admitted.error.code === 'ATTEMPT_UNKNOWN' && previous === undefined)) {
    return { code: admissionCode(admitted.error.code), message: `${who}: ${admitted.error.message}` };
  }
  if (body.judgement === 'deny') return { code: 'CONSENT_INVALID', message: `${who} goes against its own policies` };
  // What approvers owed is asked where their documents are read (approvals.ts).
  if (body.judgement === 'require' && !body.byHand && body.obligations?.holder !== false) {
    return { code: 'CONSENT_INVALID', message: `${who} needed an approval by hand and had none` };
  }
  if (body.expires <= body.created) return { code: 'CONSENT_INVALID', message: `${who} expires before it is given` };
  if (body.reading === undefined) return { code: 'CONSENT_INVALID', message: `${who} names no digest` };
  return undefined;
}

/**
 * The attempt before, as an auditor may judge it: whether it had ended for a party when that party answered again is
 * known to the party alone, so its start is left out.
 */
function earlier(named: Uint8Array | undefined, previous: Ceremony | undefined): Ceremony | undefined {
  if (named === undefined || previous === undefined) return undefined;
  return { ...newCeremony(previous.proposal), verdicts: previous.verdicts };
}

function admissionCode(code: LifecycleError['code']): AuditCode {
  switch (code) {
    case 'WRONG_ROSTER':
    case 'PROPOSAL_EXPIRED':
    case 'REJECTED':
      return code;
    case 'PROPOSAL_NOT_YET_VALID':
      return 'TIMES_DISORDERED';
    case 'ANNOUNCEMENT_OUTLASTS':
      return 'ANNOUNCEMENT_RUNNING';
    default:
      return 'ATTEMPT_DIFFERS';
  }
}

/** What is there only as evidence need not make sense: that its author signed it is all it shows. */
function counts(verdict: VerdictStatement, ceremony: Ceremony, { start }: Statements): boolean {
  const { party } = verdict.body;
  if (!ceremony.equivocations.has(party)) return true;
  const named = start?.value.body.standings.find((item) => item.party === party)?.verdict;
  return named !== undefined && equalBytes(named, verdict.digest);
}

function gather({ proposal, verdicts, start, outcomes }: Statements): Ceremony {
  const chosen = new Map<number, VerdictStatement>();
  const others = new Map<number, VerdictStatement>();
  for (const { value } of verdicts) {
    const { party } = value.body;
    const rival = chosen.get(party);
    const standing = start?.value.body.standings.find((item) => item.party === party);
    const named = standing?.verdict !== undefined && equalBytes(standing.verdict, value.digest);
    if (rival === undefined) chosen.set(party, value);
    else if (named) {
      others.set(party, rival);
      chosen.set(party, value);
    } else others.set(party, value);
  }
  return {
    ...newCeremony(proposal.value),
    verdicts: chosen,
    equivocations: others,
    outcomes: new Map(outcomes.map(({ value }) => [value.body.party, value])),
  };
}
