/**
 * Makes a transcript out of what a member knows of an ended ceremony, in the one order of order.ts:
 * opening, proposal, documents, verdicts, withdrawals, start, round broadcasts, outcomes; then closes, one by one.
 */

import type { Close, CloseBody, Ending } from '../ceremony/close.ts';
import type { Ceremony } from '../ceremony/lifecycle.ts';
import type { Outcome } from '../ceremony/outcome.ts';
import type { Proposal } from '../ceremony/proposal.ts';
import type { Start } from '../ceremony/start.ts';
import type { Statement } from '../ceremony/statement.ts';
import type { VerdictStatement } from '../ceremony/verdict-statement.ts';
import type { Withdrawal } from '../ceremony/withdrawal.ts';
import { toHex } from '../common/bytes.ts';
import { type Json, parseCanonical } from '../common/canonical-json.ts';
import { documentDigest } from '../common/document.ts';
import { BugError } from '../common/errors.ts';
import type { ParsedEnvelope } from '../threshold/rounds/envelope.ts';
import { chain, type Entry, type Line, link, TRANSCRIPT_FORMAT } from './entry.ts';
import { merkleRoot } from './merkle.ts';
import {
  compareByAuthor,
  compareByParty,
  compareDocuments,
  compareMembers,
  compareRounds,
  parseBroadcast,
} from './order.ts';

export interface TranscriptContents {
  readonly roster: { readonly digest: Uint8Array };
  /** As the book of ceremonies holds it; `start` is the accepted one. */
  readonly ceremony: Ceremony;
  /** Policies, evaluation inputs, certificates: whatever the statements name by digest, and nothing else. */
  readonly documents: readonly Json[];
  /** Complete broadcast envelopes of the accepted session. What is no broadcast is left out; it must stay so. */
  readonly rounds: readonly Uint8Array[];
}

/** The lines of the transcript before any close. */
export function assemble(contents: TranscriptContents): readonly Line[] {
  const { ceremony } = contents;
  // Anybody may sign an outcome; only a signer has one.
  const signers = new Set(ceremony.start?.body.signers);
  const documents = new Map(contents.documents.map((document) => [toHex(documentDigest(document)), document]));
  const rounds = new Map<string, ParsedEnvelope>();
  for (const bytes of contents.rounds) {
    const envelope = parseBroadcast(bytes);
    if (envelope !== undefined && !rounds.has(toHex(envelope.eh))) rounds.set(toHex(envelope.eh), envelope);
  }
  return chain(
    arrange({
      roster: contents.roster.digest,
      proposal: ceremony.proposal,
      documents: [...documents.values()],
      verdicts: [...ceremony.verdicts.values(), ...ceremony.equivocations.values()],
      withdrawals: [...ceremony.withdrawals.values()],
      start: ceremony.start,
      rounds: [...rounds.values()],
      outcomes: [...ceremony.outcomes.values()].filter(({ body }) => signers.has(body.party)),
    }),
  );
}

/** Everything between opening and closes, in any order. */
export interface Unordered {
  readonly roster: Uint8Array;
  readonly proposal: Proposal;
  readonly documents: readonly Json[];
  readonly verdicts: readonly VerdictStatement[];
  readonly withdrawals: readonly Withdrawal[];
  readonly start: Start | undefined;
  readonly rounds: readonly ParsedEnvelope[];
  readonly outcomes: readonly Outcome[];
}

/** The entries in their one order. Used to write a transcript and to check that one was written so. */
export function arrange(parts: Unordered): readonly Entry[] {
  return [
    { kind: 'open', format: TRANSCRIPT_FORMAT, roster: parts.roster, proposal: parts.proposal.digest },
    entryOf(parts.proposal),
    ...[...parts.documents].sort(compareDocuments).map((content): Entry => ({ kind: 'document', content })),
    ...[...parts.verdicts].sort(compareByParty).map(entryOf),
    ...[...parts.withdrawals].sort(compareByAuthor).map(entryOf),
    ...(parts.start === undefined ? [] : [entryOf(parts.start)]),
    ...[...parts.rounds].sort(compareRounds).map((round): Entry => ({ kind: 'round', envelope: round.bytes })),
    ...[...parts.outcomes].sort(compareByParty).map(entryOf),
  ];
}

/** What a member signs under these lines (without closes, or with those that others made already). */
export function closeBody(
  lines: readonly Line[],
  member: {
    readonly author: string;
    readonly ending: Ending;
    readonly counter: number;
    readonly created: number;
  },
): CloseBody {
  const body = bodyOf(lines);
  const [first] = body;
  const last = body.at(-1);
  if (first?.entry.kind !== 'open' || last === undefined) {
    throw new BugError('BUG_TRANSCRIPT', 'a transcript begins with its opening');
  }
  const { author, ending, counter, created } = member;
  const root = merkleRoot(body.map((line) => line.bytes));
  return {
    proposal: first.entry.proposal,
    author,
    ending,
    entries: body.length,
    head: last.hash,
    root,
    counter,
    created,
  };
}

/** Puts a close into its place among the others; an older one of the same author is replaced. */
export function appendClose(lines: readonly Line[], close: Close): readonly Line[] {
  const body = bodyOf(lines);
  const others = lines.slice(body.length).flatMap(({ entry }) => {
    const author = entry.kind === 'statement' ? authorOf(entry.statement.body) : undefined;
    return author === undefined || author === close.body.author ? [] : [{ author, entry }];
  });
  const sorted = [...others, { author: close.body.author, entry: entryOf(close) }].sort((a, b) =>
    compareMembers(a.author, b.author),
  );
  const result = [...body];
  for (const { entry } of sorted) result.push(link(result.at(-1), entry));
  return result;
}

/** The lines before the first close. */
export function bodyOf(lines: readonly Line[]): readonly Line[] {
  const first = lines.findIndex(
    ({ entry }) => entry.kind === 'statement' && entry.statement.type === 'keymoot.close.v1',
  );
  return first < 0 ? lines : lines.slice(0, first);
}

function entryOf(statement: Statement<unknown>): Entry {
  return { kind: 'statement', statement: statement.envelope };
}

/** The author that a close names; whether it signed is the verifier's question. */
function authorOf(body: Uint8Array): string | undefined {
  const json = parseCanonical(body);
  if (!json.ok || typeof json.value !== 'object' || Array.isArray(json.value)) return undefined;
  const author = (json.value as { readonly [key: string]: Json })['author'];
  return typeof author === 'string' ? author : undefined;
}
