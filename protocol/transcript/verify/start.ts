/**
 * The start against everything that was said: it lists each party truly, its consents form the quorum and were alive,
 * the signers stand among them, and nothing that ended the proposal came before it.
 */

import { datedTooEarly } from '../../ceremony/announcement.ts';
import { type Ceremony, type LifecycleError, standing } from '../../ceremony/lifecycle.ts';
import { checkStandings, type Quorum } from '../../ceremony/quorum.ts';
import type { Roster } from '../../ceremony/roster.ts';
import type { Start } from '../../ceremony/start.ts';
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import type { AuditCode, Finding } from '../codes.ts';
import { disordered, isBefore } from './answers.ts';
import type { Placed } from './parts.ts';
import { resultOf } from './result.ts';
import type { Statements } from './statements.ts';

/** A start that holds. */
export interface Started {
  readonly start: Start;
  readonly seq: number;
  readonly quorum: Quorum;
}

export function checkStart(
  statements: Statements,
  start: Placed<Start>,
  ceremony: Ceremony,
  roster: Roster,
): Result<Started, Finding> {
  const { seq, value } = start;
  const { created } = value.body;
  const listed = listedOnly(ceremony, value);
  const gathered = checkStandings(listed, value, roster);
  if (!gathered.ok) return err({ code: asAuditCode(gathered.error), seq, message: gathered.error.message });
  // A second verdict may have been signed long after the start; what was known before it is asked in `checkAlive`.
  const alive = standing({ ...listed, equivocations: new Map(), start: value }, created);
  if (!alive.ok) return err({ code: asAuditCode(alive.error), seq, message: alive.error.message });
  if (isBefore(created, statements.proposal.value.body.created))
    return err(disordered(seq, 'the start', 'the proposal'));
  const early = datedTooEarly(listed, value, roster);
  if (early !== undefined) return err({ code: 'ANNOUNCEMENT_RUNNING', seq, message: early });
  const late = gathered.value.consents.find((consent) => isBefore(created, consent.body.created));
  if (late !== undefined) return err(disordered(seq, 'the start', `the consent of party ${late.body.party}`));
  return ok({ start: value, seq, quorum: gathered.value });
}

/**
 * Whether anything that had ended the proposal before its start stands beside a result.
 *
 * @returns what an auditor should know although nothing is wrong
 */
export function checkAlive(
  statements: Statements,
  ceremony: Ceremony,
  { start }: Started,
): Result<readonly string[], Finding> {
  const ended = endedBefore(statements, ceremony, start);
  if (ended !== undefined && hasResult(statements)) return err(ended);
  const late = start.body.standings.filter(
    ({ party, answer }) => answer === 'unreachable' && ceremony.verdicts.has(party),
  );
  return ok([
    ...(ended === undefined ? [] : [`${ended.message}; no result came of it`]),
    ...late.map(({ party }) => `the start calls party ${party} unreachable; its verdict came to light later`),
  ]);
}

/** Whether any signer reports a signature, a key or a share handed over. */
function hasResult({ outcomes, proposal }: Statements): boolean {
  const { ceremony } = proposal.value.body;
  return outcomes.some(({ value }) => resultOf(ceremony, value.body) !== undefined);
}

/** Only the verdicts that the start names: what came later could not bind its composer. */
function listedOnly(ceremony: Ceremony, start: Start): Ceremony {
  const named = start.body.standings.flatMap(({ party, verdict }) => {
    const known = ceremony.verdicts.get(party);
    return known !== undefined && verdict !== undefined && equalBytes(known.digest, verdict)
      ? [[party, known] as const]
      : [];
  });
  return { ...ceremony, verdicts: new Map(named) };
}

/** A withdrawal, or enough rejections, dated before the start. */
function endedBefore(statements: Statements, ceremony: Ceremony, start: Start): Finding | undefined {
  const { created, standings } = start.body;
  const withdrawal = statements.withdrawals.find(({ value }) => value.body.created < created);
  if (withdrawal !== undefined) {
    const message = `${withdrawal.value.body.author} withdrew the proposal before it was started`;
    return { code: 'WITHDRAWN', seq: withdrawal.seq, message };
  }
  const verdicts = [...ceremony.verdicts.values()];
  const limit = Math.min(...verdicts.map((verdict) => verdict.body.rejections));
  const rejecting = verdicts.filter(({ body }) => body.decision === 'reject' && body.created < created);
  const [first] = rejecting;
  if (first === undefined || rejecting.length < limit) return undefined;
  const hidden = rejecting.find(({ body }) =>
    standings.some((item) => item.party === body.party && item.answer === 'unreachable'),
  );
  const shown = hidden ?? first;
  const seq = statements.verdicts.find(({ value }) => value === shown)?.seq;
  const message = `party ${shown.body.party} had rejected the proposal before it was started`;
  return { code: hidden === undefined ? 'REJECTED' : 'REJECTION_HIDDEN', seq, message };
}

/** The lifecycle codes that a start can still raise here are audit codes of the same name. */
function asAuditCode({ code }: LifecycleError): AuditCode {
  switch (code) {
    case 'ATTEMPT_STILL_LIVE':
    case 'ATTEMPT_UNKNOWN':
    case 'EQUIVOCATION':
    case 'VERDICT_FOREIGN':
    case 'ANNOUNCEMENT_OUTLASTS':
    case 'PROPOSAL_NOT_YET_VALID':
    case 'START_FOREIGN':
      return 'START_STANDINGS';
    default:
      return code;
  }
}
