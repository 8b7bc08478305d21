/** What the entries amount to, and whether enough parties signed exactly them. */

import type { Ending } from '../../ceremony/close.ts';
import type { Ceremony } from '../../ceremony/lifecycle.ts';
import { couldSuffice } from '../../ceremony/quorum.ts';
import type { Roster } from '../../ceremony/roster.ts';
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import type { AuditCode, Finding } from '../codes.ts';
import { merkleRoot } from '../merkle.ts';
import { isBefore } from './answers.ts';
import { partyIndex } from './counters.ts';
import type { Parts } from './parts.ts';
import { resultOf } from './result.ts';
import type { Started } from './start.ts';
import type { Statements } from './statements.ts';

/**
 * - `completed`: every signer reports the same signature or key, or, in an export, the share that it handed over;
 * - `aborted`: it was started, but not every signer reports a result;
 * - `refused`: it was never started.
 */
export function endingOf(statements: Statements): Ending {
  const { start, outcomes, proposal } = statements;
  if (start === undefined) return 'refused';
  const { ceremony } = proposal.value.body;
  const done = start.value.body.signers.every((signer) =>
    outcomes.some(({ value: { body } }) => body.party === signer && resultOf(ceremony, body) !== undefined),
  );
  return done ? 'completed' : 'aborted';
}

/** Without a start there are no rounds and no outcomes. */
export function checkNothingRan(parts: Parts, statements: Statements): Result<undefined, Finding> {
  const [round] = parts.rounds;
  const [outcome] = statements.outcomes;
  if (round !== undefined) return bad('ROUND_FOREIGN', round.seq, 'a round message without a start');
  if (outcome !== undefined) return bad('OUTCOME_FOREIGN', outcome.seq, 'an outcome without a start');
  return ok(undefined);
}

/**
 * A refusal has its cause in the transcript: a withdrawal, enough rejections, too few parties left to consent, or a
 * proposal that had expired when it was closed.
 *
 * @param now the time at which a draft is judged; of a closed transcript the closes tell it
 */
export function checkRefusal(
  statements: Statements,
  ceremony: Ceremony,
  roster: Roster,
  now: number | undefined,
): Result<undefined, Finding> {
  if (statements.withdrawals.length > 0) return ok(undefined);
  const verdicts = [...ceremony.verdicts.values(), ...ceremony.equivocations.values()];
  const rejecting = new Set(verdicts.flatMap(({ body }) => (body.decision === 'reject' ? [body.party] : [])));
  const limit = Math.min(...verdicts.map(({ body }) => body.rejections));
  if (rejecting.size > 0 && rejecting.size >= limit) return ok(undefined);
  const { body } = statements.proposal.value;
  const times = statements.closes.flatMap(({ value }) =>
    partyIndex(value.body.author) === undefined ? [] : [value.body.created],
  );
  const time = now ?? Math.min(...times);
  if (times.length + (now === undefined ? 0 : 1) > 0 && !isBefore(time, body.expires)) return ok(undefined);
  if (!couldSuffice(ceremony, roster, time)) return ok(undefined);
  const message = 'nobody withdrew it, too few rejected it, and it had not expired';
  return err({ code: 'ENDING_UNFOUNDED', message });
}

/** All closes cover exactly the entries before them and name the ending; at least t parties are among them. */
export function checkCloses(
  parts: Parts,
  statements: Statements,
  ending: Ending,
  started: Started | undefined,
  roster: Roster,
): Result<undefined, Finding> {
  if (statements.closes.length === 0) {
    return err({ code: 'CLOSE_MISSING', message: 'nobody has closed the transcript' });
  }
  const root = merkleRoot(parts.body.map((line) => line.bytes));
  const head = parts.body.at(-1)?.hash ?? new Uint8Array();
  for (const { seq, value } of statements.closes) {
    const { body } = value;
    if (body.entries !== parts.body.length || !equalBytes(body.head, head) || !equalBytes(body.root, root)) {
      return bad('CLOSE_DIFFERS', seq, `${body.author} closed other entries than these`);
    }
    if (body.ending !== ending) {
      return bad('CLOSE_ENDING', seq, `${body.author} calls it ${body.ending}, but the entries show it ${ending}`);
    }
    if (isBefore(body.created, started?.start.body.created ?? statements.proposal.value.body.created)) {
      return bad('TIMES_DISORDERED', seq, `the close of ${body.author} is dated before what it closes`);
    }
  }
  const parties = statements.closes.filter(({ value }) => partyIndex(value.body.author) !== undefined);
  // Where so many shares were lost that fewer than t parties are left, all of those that are.
  const least = Math.min(roster.threshold, started?.start.body.signers.length ?? roster.threshold);
  if (parties.length >= least) return ok(undefined);
  const message = `${parties.length} of at least ${least} parties closed the transcript`;
  return err({ code: 'CLOSE_TOO_FEW', message });
}

function bad(code: AuditCode, seq: number, message: string): Result<never, Finding> {
  return err({ code, seq, message });
}
