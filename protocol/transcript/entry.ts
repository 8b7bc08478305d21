/**
 * One transcript is one file: a canonical JSON line an entry, each naming its place and the hash of the line before.
 * Nothing in it is secret: statements, documents they refer to, and round broadcasts; of point-to-point messages only
 * salted hashes, inside the outcomes.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { describeProblem, ENVELOPE, type Envelope, envelopeJson } from '../ceremony/statement.ts';
import { concat, toHex, utf8 } from '../common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { bytes, integer, literal, object, problem, type Reader, read, text } from '../common/schema.ts';

export const TRANSCRIPT_FORMAT = 'keymoot.transcript.v1';

/** Largest file a verifier reads. */
export const MAX_TRANSCRIPT_BYTES: number = 8 * 1024 * 1024;

export type Entry =
  | { readonly kind: 'open'; readonly format: string; readonly roster: Uint8Array; readonly proposal: Uint8Array }
  | { readonly kind: 'statement'; readonly statement: Envelope }
  | { readonly kind: 'document'; readonly content: Json }
  | { readonly kind: 'round'; readonly envelope: Uint8Array };

/** An entry with its line, as hashed and stored. */
export interface Line {
  readonly seq: number;
  readonly entry: Entry;
  /** The canonical bytes, without the line feed. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes under its own tag; the next line names it. */
  readonly hash: Uint8Array;
}

export interface LineError {
  readonly seq: number;
  readonly message: string;
}

/** The lines of a transcript with these entries. */
export function chain(entries: readonly Entry[]): readonly Line[] {
  const lines: Line[] = [];
  for (const entry of entries) lines.push(link(lines.at(-1), entry));
  return lines;
}

/** One more line after `last`. */
export function link(last: Line | undefined, entry: Entry): Line {
  const seq = last === undefined ? 0 : last.seq + 1;
  const line = canonicalBytes({ entry: entryJson(entry), prev: toHex(last?.hash ?? FIRST), seq: String(seq) });
  return { seq, entry, bytes: line, hash: lineHash(line) };
}

export function transcriptBytes(lines: readonly Line[]): Uint8Array {
  return concat(...lines.flatMap((line) => [line.bytes, LINE_FEED]));
}

/** Reads a whole file strictly: canonical lines, ascending places, unbroken chain, a line feed after every line. */
export function parseTranscript(file: Uint8Array): Result<readonly Line[], LineError> {
  if (file.length > MAX_TRANSCRIPT_BYTES)
    return err({ seq: 0, message: 'the file is larger than a transcript may be' });
  const lines: Line[] = [];
  let start = 0;
  while (start < file.length) {
    const seq = lines.length;
    const end = file.indexOf(10, start);
    if (end < 0) return err({ seq, message: 'the last line does not end with a line feed' });
    const line = parseLine(file.slice(start, end), lines.at(-1));
    if (!line.ok) return err({ seq, message: line.error });
    lines.push(line.value);
    start = end + 1;
  }
  if (lines.length === 0) return err({ seq: 0, message: 'the file is empty' });
  return ok(lines);
}

function parseLine(line: Uint8Array, last: Line | undefined): Result<Line, string> {
  const json = parseCanonical(line);
  if (!json.ok) return err(`the line is ${json.error}`);
  const shape = read(LINE, json.value);
  if (!shape.ok) return err(describeProblem(shape.error));
  const expected = last === undefined ? 0 : last.seq + 1;
  if (shape.value.seq !== expected) return err(`the line calls itself ${shape.value.seq}, but it is ${expected}`);
  if (toHex(shape.value.prev) !== toHex(last?.hash ?? FIRST)) return err('the line does not follow the one before it');
  return ok({ seq: expected, entry: shape.value.entry, bytes: line, hash: lineHash(line) });
}

const FIRST = new Uint8Array(32);
const LINE_FEED = Uint8Array.of(10);

function lineHash(line: Uint8Array): Uint8Array {
  return sha256(concat(utf8('keymoot.line.v1\0'), line));
}

function entryJson(entry: Entry): Json {
  switch (entry.kind) {
    case 'open':
      return { format: entry.format, kind: 'open', proposal: toHex(entry.proposal), roster: toHex(entry.roster) };
    case 'statement':
      return { kind: 'statement', statement: envelopeJson(entry.statement) };
    case 'document':
      return { content: entry.content, kind: 'document' };
    case 'round':
      return { envelope: toHex(entry.envelope), kind: 'round' };
  }
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });

const OPEN: Reader<Extract<Entry, { kind: 'open' }>> = object<Extract<Entry, { kind: 'open' }>>({
  format: text({ max: 40 }),
  kind: literal('open'),
  proposal: DIGEST,
  roster: DIGEST,
});
const STATEMENT: Reader<Extract<Entry, { kind: 'statement' }>> = object<Extract<Entry, { kind: 'statement' }>>({
  kind: literal('statement'),
  statement: ENVELOPE,
});
const DOCUMENT: Reader<Extract<Entry, { kind: 'document' }>> = object<Extract<Entry, { kind: 'document' }>>({
  content: (value, field) => value ?? problem(field, 'is missing'),
  kind: literal('document'),
});
const ROUND: Reader<Extract<Entry, { kind: 'round' }>> = object<Extract<Entry, { kind: 'round' }>>({
  envelope: bytes({ max: 64 * 1024 }),
  kind: literal('round'),
});

const ENTRY: Reader<Entry> = (value, field) => {
  if (typeof value !== 'object' || Array.isArray(value)) return problem(field, 'must be an object');
  switch ((value as { readonly [key: string]: Json })['kind']) {
    case 'open':
      return OPEN(value, field);
    case 'statement':
      return STATEMENT(value, field);
    case 'document':
      return DOCUMENT(value, field);
    case 'round':
      return ROUND(value, field);
    default:
      return problem(`${field}.kind`, 'is not a known kind of entry');
  }
};

const LINE: Reader<{ readonly entry: Entry; readonly prev: Uint8Array; readonly seq: number }> = object({
  entry: ENTRY,
  prev: DIGEST,
  seq: integer({ max: 1_000_000 }),
});
