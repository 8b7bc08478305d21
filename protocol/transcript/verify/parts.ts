/** Sorts the entries of a transcript into what they are, each with its place; nothing is believed yet. */

import type { Envelope, StatementType } from '../../ceremony/statement.ts';
import type { Json } from '../../common/canonical-json.ts';
import { err, ok, type Result } from '../../common/result.ts';
import type { ParsedEnvelope } from '../../threshold/rounds/envelope.ts';
import type { Finding } from '../codes.ts';
import { type Line, TRANSCRIPT_FORMAT } from '../entry.ts';
import { parseBroadcast } from '../order.ts';

/** Something with the place of its entry. */
export interface Placed<T> {
  readonly seq: number;
  readonly value: T;
}

export interface Parts {
  readonly lines: readonly Line[];
  /** Digest of the roster and of the proposal, as the first entry claims. */
  readonly roster: Uint8Array;
  readonly proposal: Uint8Array;
  readonly documents: readonly Placed<Json>[];
  readonly rounds: readonly Placed<ParsedEnvelope>[];
  readonly statements: readonly Placed<Envelope>[];
  readonly closes: readonly Placed<Envelope>[];
  /** The lines before the first close. */
  readonly body: readonly Line[];
}

const IN_TRANSCRIPTS: ReadonlySet<StatementType> = new Set([
  'keymoot.proposal.v1',
  'keymoot.verdict.v1',
  'keymoot.withdrawal.v1',
  'keymoot.start.v1',
  'keymoot.outcome.v1',
]);

export function readParts(lines: readonly Line[]): Result<Parts, Finding> {
  const [first, ...rest] = lines;
  if (first === undefined || first.entry.kind !== 'open' || first.entry.format !== TRANSCRIPT_FORMAT) {
    return err({ code: 'FORMAT_UNKNOWN', seq: 0, message: `the first entry does not open a ${TRANSCRIPT_FORMAT}` });
  }
  const { roster, proposal } = first.entry;
  const documents: Placed<Json>[] = [];
  const rounds: Placed<ParsedEnvelope>[] = [];
  const statements: Placed<Envelope>[] = [];
  const closes: Placed<Envelope>[] = [];
  for (const { seq, entry } of rest) {
    const close = entry.kind === 'statement' && entry.statement.type === 'keymoot.close.v1';
    if (closes.length > 0 && !close) {
      return err({ code: 'ENTRY_AFTER_CLOSE', seq, message: 'an entry stands behind a closing signature' });
    }
    if (entry.kind === 'open') {
      return err({ code: 'ENTRY_DUPLICATE', seq, message: 'a second opening' });
    }
    if (entry.kind === 'document') documents.push({ seq, value: entry.content });
    if (entry.kind === 'round') {
      const envelope = parseBroadcast(entry.envelope);
      if (envelope === undefined) {
        return err({ code: 'ROUND_CONFIDENTIAL', seq, message: 'this is no broadcast of a known round' });
      }
      rounds.push({ seq, value: envelope });
    }
    if (entry.kind !== 'statement') continue;
    const placed = { seq, value: entry.statement };
    if (close) closes.push(placed);
    else if (IN_TRANSCRIPTS.has(entry.statement.type)) statements.push(placed);
    else return err({ code: 'ENTRY_UNKNOWN', seq, message: `a ${entry.statement.type} statement has no place here` });
  }
  const body = lines.slice(0, lines.length - closes.length);
  return ok({ lines, roster, proposal, documents, rounds, statements, closes, body });
}
