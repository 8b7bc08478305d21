/**
 * Signings that went right until the start, and wrong in one point after it: rounds, outcomes, documents, closes. All of it
 * is validly signed; each fails for its own reason.
 */
import { describe, expect, it } from 'vitest';
import { signClose } from '../../protocol/ceremony/close.ts';
import { signerFromSeed } from '../../protocol/ceremony/ed25519.ts';
import { signHeads } from '../../protocol/ceremony/heads.ts';
import { inputsJson } from '../../protocol/ceremony/inputs.ts';
import type { OutcomeBody } from '../../protocol/ceremony/outcome.ts';
import { signStatement } from '../../protocol/ceremony/statement.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { integerFromBytes, ORDER, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { AuditCode } from '../../protocol/transcript/codes.ts';
import type { Entry } from '../../protocol/transcript/entry.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { SignPlan, Told } from '../support/plan.ts';
import { closed, fileOf, type Story } from '../support/story.ts';
import { ETHER, readyMoot, transfer, treasuryMoot } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { alsoOutcome, claimed, flip, reRound } from './support.ts';

const { moot, from } = readyMoot('wrong signings');
const { roster } = moot;
const payload = transfer();
const large = transfer(3n * ETHER);

function told(plan: Partial<SignPlan>): Told {
  return moot.sign(from, { payload, ...plan });
}

function codeOf({ lines }: Told): AuditCode | 'VERIFIED' | undefined {
  const report = verifyTranscript(fileOf(lines), { roster });
  return report.ok ? 'VERIFIED' : report.failure?.code;
}

function swap(entries: readonly Entry[], kind: Entry['kind']): readonly Entry[] {
  const at = entries.findIndex((entry) => entry.kind === kind);
  const [a, b] = [entries[at], entries[at + 1]];
  if (a === undefined || b === undefined) throw new Error('nothing to swap');
  return [...entries.slice(0, at), b, a, ...entries.slice(at + 2)];
}

function onSignature(
  change: (signature: NonNullable<OutcomeBody['signature']>) => OutcomeBody['signature'],
): SignPlan['outcome'] {
  return (body) => (body.signature === undefined ? body : { ...body, signature: change(body.signature) });
}

const wrong: readonly (readonly [string, AuditCode, Partial<SignPlan>])[] = [
  ['a missing round message', 'ROUND_MISSING', { story: (story) => ({ ...story, rounds: story.rounds.slice(1) }) }],
  [
    'a changed share of the signature',
    'ROUND_CHECK',
    {
      story: (story) => reRound(moot, story, (e) => (e.round === 3 && e.from === 2 ? { body: flip(e.body, -1) } : {})),
    },
  ],
  [
    'a changed nonce point',
    'ROUND_CHECK',
    { story: (story) => reRound(moot, story, (e) => (e.round === 2 ? { body: flip(e.body, 32) } : {})) },
  ],
  [
    'two different messages in one round',
    'ROUND_EQUIVOCATED',
    { story: (story) => ({ ...story, rounds: [...story.rounds, ...otherRounds(story.rounds)] }) },
  ],
  [
    'a round message of another session',
    'ROUND_FOREIGN',
    { story: (story) => reRound(moot, story, () => ({ sid: vec('other session') })) },
  ],
  [
    'a round message that its sender did not sign',
    'ROUND_SIGNATURE',
    { story: (story) => ({ ...story, rounds: story.rounds.map((bytes) => flip(bytes, -1)) }) },
  ],
  ['round messages swapped', 'ENTRY_ORDER', { entries: (entries) => swap(entries, 'round') }],
  ['documents swapped', 'ENTRY_ORDER', { entries: (entries) => swap(entries, 'document') }],
  ['a confidential message', 'ROUND_CONFIDENTIAL', { entries: (entries) => [...entries, confidential()] }],
  [
    's in its high form',
    'SIGNATURE_HIGH_S',
    {
      outcome: onSignature(({ r, s, recovery }) => ({
        r,
        s: scalarToBytes(ORDER - integerFromBytes(s)),
        recovery: 1 - recovery,
      })),
    },
  ],
  [
    'a wrong recovery id',
    'SIGNATURE_RECOVERY',
    { outcome: onSignature((signature) => ({ ...signature, recovery: 1 - signature.recovery })) },
  ],
  [
    'a signature that is none',
    'SIGNATURE_INVALID',
    { outcome: onSignature((signature) => ({ ...signature, s: flip(signature.s, -1) })) },
  ],
  [
    'signers who report different signatures',
    'OUTCOMES_DIFFER',
    { outcome: (body) => (body.party === 1 ? changedSignature(body) : body) },
  ],
  ['the outcome of a non-signer', 'OUTCOME_FOREIGN', { story: (story) => alsoOutcome(moot, story, 3) }],
  ['an outcome of another session', 'OUTCOME_FOREIGN', { outcome: (body) => ({ ...body, sessionId: vec('other') }) }],
  ['an outcome that says nothing', 'OUTCOME_INVALID', { outcome: (body) => ({ ...body, signature: undefined }) }],
  [
    'a released message denied',
    'OUTCOME_INVALID',
    {
      network: ({ from: sender, to, bytes }) => dropLast(sender, to, bytes),
      outcome: (body) => (body.signature === undefined ? { ...body, released: false } : body),
    },
  ],
  [
    'an outcome dated before its start',
    'TIMES_DISORDERED',
    { outcome: (body) => ({ ...body, created: body.created - 100 }) },
  ],
  // Counters, documents, ending, closes
  ['a repeated counter', 'COUNTER_ORDER', { outcome: (body) => ({ ...body, counter: 1 }) }],
  [
    'an unreferenced document',
    'DOCUMENT_UNREFERENCED',
    { story: (story) => ({ ...story, documents: [...story.documents, inputsJson({ now: 7 })] }) },
  ],
  [
    'a document of no known kind',
    'DOCUMENT_INVALID',
    { story: (story) => ({ ...story, documents: [...story.documents, { schema: 'a.letter.v1' }] }) },
  ],
  [
    'the wallet left out',
    'DOCUMENT_MISSING',
    {
      story: (story) => ({
        ...story,
        documents: story.documents.filter((document) => document !== from.wallet.document),
      }),
    },
  ],
  ['a refusal without a cause', 'ENDING_UNFOUNDED', { payload: large, story: (story) => unstarted(story) }],
  ['another ending', 'CLOSE_ENDING', { ending: 'aborted' }],
  ['a close over fewer entries', 'CLOSE_DIFFERS', { close: (body) => ({ ...body, entries: body.entries - 1 }) }],
  ['a close over another root', 'CLOSE_DIFFERS', { close: (body) => ({ ...body, root: vec('root') }) }],
  ['a close over another head', 'CLOSE_DIFFERS', { close: (body) => ({ ...body, head: vec('head') }) }],
  ['a close of another proposal', 'STATEMENT_FOREIGN', { close: (body) => ({ ...body, proposal: vec('proposal') }) }],
  ['a close from before', 'TIMES_DISORDERED', { close: (body) => ({ ...body, created: body.created - 100 }) }],
  ['too few closes', 'CLOSE_TOO_FEW', { authors: ['operator:olivia', 'party:2'] }],
  ['no closes', 'CLOSE_MISSING', { authors: [] }],
  [
    'an operator who is not in the roster',
    'STATEMENT_SIGNATURE',
    { proposal: (body) => ({ ...body, initiator: 'mallory' }) },
  ],
  [
    'a proposal under another roster',
    'WRONG_ROSTER',
    { proposal: (body) => ({ ...body, roster: vec('roster') }), answer: claimed(payload) },
  ],
  ['a statement of another kind', 'ENTRY_UNKNOWN', { entries: (entries) => [...entries, heads()] }],
  ['a statement with a field too many', 'STATEMENT_MALFORMED', { entries: (entries) => [...entries, wordy()] }],
  ['a second opening', 'ENTRY_DUPLICATE', { entries: (entries) => [...entries, ...entries.slice(0, 1)] }],
  ['an unknown format', 'FORMAT_UNKNOWN', { entries: (entries) => entries.map(renamed) }],
  ['the proposal left out', 'ENTRY_ORDER', { entries: (entries) => entries.filter((_, i) => i !== 1) }],
];

function dropLast(sender: number, to: number, bytes: Uint8Array): Uint8Array | undefined {
  const envelope = parseEnvelope(bytes);
  return sender === 1 && to === 2 && envelope?.type === 0x30 && envelope.round === 3 ? undefined : bytes;
}

function otherRounds(rounds: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first] = rounds;
  const envelope = first && parseEnvelope(first);
  if (envelope === undefined) throw new Error('no round message');
  const { sign } = moot.keyOf(`party:${envelope.from}`);
  return [encodeEnvelope({ ...envelope, body: flip(envelope.body, 0) }, sign)];
}

function confidential(): Entry {
  const fields = { type: 0x31, round: 1, from: 1, to: 2, sid: vec('sid'), body: vec('body') };
  return { kind: 'round', envelope: encodeEnvelope(fields, moot.keyOf('party:1').sign) };
}

function heads(): Entry {
  const { envelope } = signHeads({ party: 1, about: 2, created: moot.now() }, moot.keyOf('party:1'));
  return { kind: 'statement', statement: envelope };
}

function wordy(): Entry {
  const json = (): Json => ({ author: 'party:1', more: 'words' });
  const { envelope } = signStatement('keymoot.withdrawal.v1', {}, json, moot.keyOf('party:1'));
  return { kind: 'statement', statement: envelope };
}

function changedSignature(body: OutcomeBody): OutcomeBody {
  const { signature } = body;
  return signature === undefined ? body : { ...body, signature: { ...signature, r: flip(signature.r, -1) } };
}

function unstarted(story: Story) {
  return { ...story, start: undefined, rounds: [], outcomes: [] };
}

function renamed(entry: Entry): Entry {
  return entry.kind === 'open' ? { ...entry, format: 'keymoot.transcript.v9' } : entry;
}

describe('wrong results and records', () => {
  it.each(wrong)('%s: %s', (_, code, plan) => {
    expect(codeOf(told(plan))).toBe(code);
  });

  it('a close by a stranger: STATEMENT_SIGNATURE', () => {
    const { story } = told({});
    const stranger = signerFromSeed(vec('stranger'));
    const lines = closed(story, {
      ending: 'completed',
      authors: ['party:1', 'party:2'],
      close: (body) => (body.author === 'party:2' ? signClose(body, stranger) : moot.close(body)),
      counter: (author) => moot.counter(author),
      now: () => moot.now(),
    });
    expect(codeOf({ story, lines })).toBe('STATEMENT_SIGNATURE');
  });

  it('the roster of another version: WRONG_ROSTER', () => {
    const { lines } = told({});
    const other = treasuryMoot('wrong signings', 2).roster;
    expect(verifyTranscript(fileOf(lines), { roster: other }).failure?.code).toBe('WRONG_ROSTER');
  });

  it('no roster: UNANCHORED; another fingerprint: FINGERPRINT_DIFFERS', () => {
    const { lines } = told({});
    expect(verifyTranscript(fileOf(lines)).failure?.code).toBe('UNANCHORED');
    const report = verifyTranscript(fileOf(lines), { roster, fingerprint: 'zoo zoo zoo' });
    expect(report.failure?.code).toBe('FINGERPRINT_DIFFERS');
  });

  it('something behind the closes: ENTRY_AFTER_CLOSE', () => {
    const { lines, story } = told({});
    const longer = closed(story, {
      ending: 'completed',
      authors: [],
      close: (body) => moot.close(body),
      counter: () => 1,
      now: () => moot.now(),
      entries: () => [...lines.map((line) => line.entry), ...lines.slice(2, 3).map((line) => line.entry)],
    });
    expect(codeOf({ story, lines: longer })).toBe('ENTRY_AFTER_CLOSE');
  });
});
