/** Opens every statement by the roster: form, author, signature, and that it belongs to this proposal and attempt. */

import { type BookError, open } from '../../ceremony/book.ts';
import { type Close, openClose } from '../../ceremony/close.ts';
import type { Outcome } from '../../ceremony/outcome.ts';
import type { Proposal } from '../../ceremony/proposal.ts';
import type { Roster } from '../../ceremony/roster.ts';
import type { Start } from '../../ceremony/start.ts';
import type { StatementError } from '../../ceremony/statement.ts';
import type { VerdictStatement } from '../../ceremony/verdict-statement.ts';
import type { Withdrawal } from '../../ceremony/withdrawal.ts';
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import type { AuditCode, Finding } from '../codes.ts';
import type { Parts, Placed } from './parts.ts';

/** All statements of a transcript, opened. */
export interface Statements {
  readonly proposal: Placed<Proposal>;
  readonly verdicts: readonly Placed<VerdictStatement>[];
  readonly withdrawals: readonly Placed<Withdrawal>[];
  readonly start: Placed<Start> | undefined;
  readonly outcomes: readonly Placed<Outcome>[];
  readonly closes: readonly Placed<Close>[];
}

export function openStatements(parts: Parts, roster: Roster): Result<Statements, Finding> {
  let proposal: Placed<Proposal> | undefined;
  const verdicts: Placed<VerdictStatement>[] = [];
  const withdrawals: Placed<Withdrawal>[] = [];
  const starts: Placed<Start>[] = [];
  const outcomes: Placed<Outcome>[] = [];
  for (const { seq, value } of parts.statements) {
    const opened = open(value, roster);
    if (!opened.ok) {
      return bad(asAuditCode(opened.error.code), seq, opened.error.message);
    }
    const item = opened.value;
    if (item.kind === 'proposal') {
      if (proposal !== undefined) return bad('ENTRY_DUPLICATE', seq, 'a second proposal');
      if (!equalBytes(item.statement.digest, parts.proposal)) {
        return bad('STATEMENT_FOREIGN', seq, 'the transcript was opened for another proposal');
      }
      proposal = { seq, value: item.statement };
      continue;
    }
    const { body } = item.statement;
    if (!equalBytes(body.proposal, parts.proposal)) {
      return bad('STATEMENT_FOREIGN', seq, 'the statement belongs to another proposal');
    }
    if (proposal === undefined) return bad('ENTRY_ORDER', seq, 'a statement stands before the proposal');
    if (body.attempt !== proposal.value.body.attempt) {
      return bad('STATEMENT_FOREIGN', seq, 'the statement belongs to another attempt');
    }
    if (item.kind === 'verdict') verdicts.push({ seq, value: item.statement });
    if (item.kind === 'withdrawal') withdrawals.push({ seq, value: item.statement });
    if (item.kind === 'start') starts.push({ seq, value: item.statement });
    if (item.kind === 'outcome') outcomes.push({ seq, value: item.statement });
  }
  const closes = openCloses(parts, roster);
  if (!closes.ok) return closes;
  if (proposal === undefined) return bad('ENTRY_ORDER', 1, 'the proposal is missing');
  const [start, second] = starts;
  if (second !== undefined) {
    return bad('START_SPENT', second.seq, 'a second start: the consents were spent by the first');
  }
  return ok({ proposal, verdicts, withdrawals, start, outcomes, closes: closes.value });
}

function openCloses(parts: Parts, roster: Roster): Result<readonly Placed<Close>[], Finding> {
  const closes: Placed<Close>[] = [];
  for (const { seq, value } of parts.closes) {
    const opened = openClose(value, roster);
    if (!opened.ok) return bad(asAuditCode(opened.error.code), seq, opened.error.message);
    if (!equalBytes(opened.value.body.proposal, parts.proposal)) {
      return bad('STATEMENT_FOREIGN', seq, 'the closing signature belongs to another proposal');
    }
    closes.push({ seq, value: opened.value });
  }
  return ok(closes);
}

function asAuditCode(code: StatementError['code'] | BookError['code']): AuditCode {
  return code === 'STATEMENT_MALFORMED' || code === 'STATEMENT_SIGNATURE' ? code : 'ENTRY_UNKNOWN';
}

function bad(code: Finding['code'], seq: number, message: string): Result<never, Finding> {
  return err({ code, seq, message });
}
