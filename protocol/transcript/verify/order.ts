/** Nothing twice, and everything in the one order: the entries are arranged again and compared. */
import { equalBytes, toHex } from '../../common/bytes.ts';
import { documentDigest } from '../../common/document.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { arrange } from '../assemble.ts';
import type { Finding } from '../codes.ts';
import { chain } from '../entry.ts';
import { compareMembers } from '../order.ts';
import type { Parts, Placed } from './parts.ts';
import type { Statements } from './statements.ts';

export function checkOrder(parts: Parts, statements: Statements): Result<undefined, Finding> {
  const { documents, rounds } = parts;
  const { verdicts, withdrawals, outcomes, closes } = statements;
  const finding =
    repeated(documents, (document) => toHex(documentDigest(document)), 1, 'the same document') ??
    repeated(rounds, (round) => toHex(round.eh), 1, 'the same round message') ??
    repeated(verdicts, (verdict) => toHex(verdict.digest), 1, 'the same verdict') ??
    repeated(verdicts, (verdict) => verdict.body.party, 2, 'a third verdict of one party; two prove the point') ??
    repeated(withdrawals, (withdrawal) => withdrawal.body.author, 1, 'a second withdrawal of one author') ??
    repeated(outcomes, (outcome) => outcome.body.party, 1, 'a second outcome of one party') ??
    repeated(closes, (close) => close.body.author, 1, 'a second closing signature of one author') ??
    misplaced(parts, statements);
  return finding === undefined ? ok(undefined) : err(finding);
}

function repeated<T>(
  items: readonly Placed<T>[],
  key: (item: T) => string | number,
  most: number,
  what: string,
): Finding | undefined {
  const seen = new Map<string | number, number>();
  for (const { seq, value } of items) {
    const count = (seen.get(key(value)) ?? 0) + 1;
    if (count > most) return { code: 'ENTRY_DUPLICATE', seq, message: what };
    seen.set(key(value), count);
  }
  return undefined;
}

function misplaced(parts: Parts, statements: Statements): Finding | undefined {
  const expected = chain(
    arrange({
      roster: parts.roster,
      proposal: statements.proposal.value,
      documents: parts.documents.map(({ value }) => value),
      verdicts: statements.verdicts.map(({ value }) => value),
      withdrawals: statements.withdrawals.map(({ value }) => value),
      start: statements.start?.value,
      rounds: parts.rounds.map(({ value }) => value),
      outcomes: statements.outcomes.map(({ value }) => value),
    }),
  );
  const odd = parts.body.find((line, i) => !equalBytes(line.hash, expected[i]?.hash ?? new Uint8Array()));
  if (odd !== undefined) return { code: 'ENTRY_ORDER', seq: odd.seq, message: 'another entry belongs here' };
  const { closes } = statements;
  const close = closes.find(({ value }, i) => {
    const before = closes[i - 1];
    return before !== undefined && compareMembers(before.value.body.author, value.body.author) >= 0;
  });
  if (close === undefined) return undefined;
  return { code: 'ENTRY_ORDER', seq: close.seq, message: 'the closing signatures are out of order' };
}
