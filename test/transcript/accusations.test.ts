/** What an auditor says of guilt: proven by the transcript, by evidence in it, or claimed without proof. */
import { afterAll, describe, expect, it } from 'vitest';
import { evidenceJson } from '../../protocol/ceremony/evidence/document.ts';
import { gatherEvidence } from '../../protocol/ceremony/evidence/gather.ts';
import { newCeremony } from '../../protocol/ceremony/lifecycle.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalText, type Json } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { SIGN } from '../../protocol/threshold/sign/messages.ts';
import { History } from '../../protocol/transcript/history.ts';
import { type Report, verifyTranscript } from '../../protocol/transcript/verify.ts';
import { Desk, run } from '../auditor/support.ts';
import type { Network } from '../support/bus.ts';
import type { SignPlan } from '../support/plan.ts';
import { fileOf, type Story } from '../support/story.ts';
import { readyMoot, transfer } from '../support/treasury.ts';
import { alsoVerdict } from './support.ts';

const { moot, from } = readyMoot('accusations');
const { roster } = moot;
const key = moot.keyOf('party:2');
const desk = new Desk();
afterAll(() => desk.clear());

/** Party 2 opens another nonce than it had committed to; party 1 notices, and nobody signs. */
const cheat: Network = ({ bytes, from: sender }) => {
  const message = parseEnvelope(bytes);
  if (sender !== 2 || message?.type !== SIGN || message.round !== 2) return bytes;
  return encodeEnvelope({ ...message, body: changed(message.body) }, key.sign);
};

function changed(body: Uint8Array): Uint8Array {
  const other = body.slice();
  other[70] = (other[70] ?? 0) ^ 1;
  return other;
}

function bad(rounds: readonly Uint8Array[]): readonly Uint8Array[] {
  return rounds.map((bytes) => cheat({ bytes, from: parseEnvelope(bytes)?.from ?? 0, to: 0 }) ?? bytes);
}

/** The evidence that party 1 has of what party 2 sent it. */
function evidenceOf(story: Story): Json {
  const ceremony = { ...newCeremony(story.proposal), start: story.start };
  const [found] = gatherEvidence({ roster, ceremony, envelopes: bad(story.rounds) });
  if (found === undefined) throw new Error('nothing was found');
  return found.document;
}

interface Shown {
  readonly document?: Json;
  /** Digest in the outcome, if not that of the document. */
  readonly names?: Uint8Array;
}

function aborted(shown: (story: Story) => Shown, rounds = (kept: readonly Uint8Array[]) => kept): Report {
  return verifyTranscript(fileOf(linesOf(shown, rounds)), { roster, history: new History() });
}

function linesOf(shown: (story: Story) => Shown, rounds = (kept: readonly Uint8Array[]) => kept) {
  // The same label gives the same session twice: once to see what is said, once to say it with the evidence.
  const random = `accusations/${Math.trunc(moot.time)}`;
  const time = moot.time;
  const plan: SignPlan = { payload: transfer(), signers: [1, 2], network: cheat, random };
  const before = moot.sign(from, plan).story;
  moot.time = time;
  const { document, names } = shown(before);
  const digest = names ?? (document === undefined ? undefined : documentDigest(document));
  return moot.sign(from, {
    ...plan,
    story: (story) => ({
      ...story,
      rounds: rounds(story.rounds),
      documents: document === undefined ? story.documents : [...story.documents, document],
    }),
    outcome: (body) => (body.party === 1 && digest !== undefined ? { ...body, evidence: [digest] } : body),
  }).lines;
}

describe('accusations', () => {
  it('evidence that an outcome names proves guilt, though the archive got other messages', () => {
    const report = aborted((story) => ({ document: evidenceOf(story) }));
    expect(report.failure).toBeUndefined();
    expect(report.ending).toBe('aborted');
    expect(report.accusations).toMatchObject([{ verdict: 'guilty', member: 'party:2', check: 'S2', shownBy: [1] }]);
  });

  it('the messages of the transcript prove it by themselves', () => {
    const report = aborted(() => ({}), bad);
    expect(report.ok).toBe(true);
    expect(report.accusations).toMatchObject([{ verdict: 'guilty', member: 'party:2', check: 'S2', shownBy: [] }]);
  });

  it('the same guilt by both is one guilt', () => {
    const report = aborted((story) => ({ document: evidenceOf(story) }), bad);
    expect(report.accusations).toMatchObject([{ verdict: 'guilty', member: 'party:2', check: 'S2', shownBy: [1] }]);
  });

  it('evidence that proves nothing is held against who shows it, and is no guilt', () => {
    const report = aborted((story) => {
      const honest = story.rounds.filter((bytes) => parseEnvelope(bytes)?.from === 2);
      const base = { kind: 'signing', accused: 'party:2', check: 'S2', roster: roster.digest, statements: [] } as const;
      return { document: evidenceJson({ ...base, envelopes: honest }) };
    });
    expect(report.ok).toBe(true);
    expect(report.accusations).toMatchObject([{ verdict: 'unfounded', member: 'party:1', shownBy: [1] }]);
  });

  it('so is evidence that is named and not shown', () => {
    const report = aborted(() => ({ names: new Uint8Array(32).fill(7) }));
    expect(report.ok).toBe(true);
    expect(report.accusations).toMatchObject([{ verdict: 'unfounded', member: 'party:1' }]);
    expect(report.accusations[0]?.message).toContain('does not show');
  });

  it('evidence that nobody names does not belong there', () => {
    const report = aborted((story) => ({ document: evidenceOf(story), names: new Uint8Array(32) }));
    expect(report.failure).toMatchObject({ code: 'DOCUMENT_UNREFERENCED' });
  });

  it('what is for one receiver stands in no transcript', () => {
    const report = aborted((story) => {
      const [first] = story.rounds;
      const message = first && parseEnvelope(first);
      if (message === undefined) throw new Error('no message');
      const secret = encodeEnvelope({ ...message, from: 2, to: 1 }, key.sign);
      const document = evidenceOf(story) as { readonly [key: string]: Json };
      return { document: { ...document, envelopes: [toHex(secret)], roster: '00'.repeat(32) } };
    });
    expect(report.failure).toMatchObject({ code: 'ROUND_CONFIDENTIAL' });
  });

  it('two verdicts of one party, in a ceremony that was signed all the same', () => {
    const story = (told: Story): Story => alsoVerdict(moot, told, 3, { counter: 1000 });
    const { lines } = moot.sign(from, {
      payload: transfer(),
      signers: [1, 2],
      story,
      composing: (body) => ({
        ...body,
        standings: body.standings.map((item) => (item.party === 3 ? { party: 3, answer: 'unreachable' } : item)),
      }),
    });
    const report = verifyTranscript(fileOf(lines), { roster });
    expect(report.failure).toBeUndefined();
    expect(report.accusations).toMatchObject([{ verdict: 'guilty', member: 'party:3', check: 'two-verdicts' }]);
  });

  it('nobody is accused where nobody cheats', () => {
    expect(verifyTranscript(fileOf(moot.sign(from, { payload: transfer() }).lines), { roster }).accusations).toEqual(
      [],
    );
    expect(verifyTranscript(fileOf(moot.keygen('spare').lines), { roster }).accusations).toEqual([]);
  });

  it('the auditor’s commands say so', async () => {
    const pinned = desk.roster(roster.file);
    const file = desk.write('aborted.jsonl', fileOf(linesOf((story) => ({ document: evidenceOf(story) }))));
    const verified = await run('verify', file, '--roster', pinned);
    expect(verified.out).toContain('GUILTY party:2 of S2');
    expect(verified.out).toContain('shown by party 1');
    expect(verified.code).toBe(0);
    const json = JSON.parse((await run('verify', file, '--roster', pinned, '--json')).out) as {
      readonly transcripts: readonly { readonly accusations: readonly Json[] }[];
    };
    expect(json.transcripts[0]?.accusations).toMatchObject([{ member: 'party:2', check: 'S2', verdict: 'guilty' }]);
    expect((await run('show', file)).out).toContain('evidence against party:2, check S2');
  });

  it('a file of evidence is judged by itself', async () => {
    const pinned = desk.roster(roster.file);
    const { story } = moot.sign(from, { payload: transfer(), signers: [1, 2], network: cheat });
    const document = evidenceOf(story);
    const file = desk.write('evidence.json', canonicalText(document));
    const judged = await run('evidence', file, '--roster', pinned);
    expect(judged.code).toBe(0);
    expect(judged.out).toContain('GUILTY party:2 of S2');
    const json = JSON.parse((await run('evidence', file, '--roster', pinned, '--json')).out) as object;
    expect(json).toMatchObject({ ok: true, accused: 'party:2', check: 'S2', forMembersOnly: false });

    const other = desk.write('other.json', canonicalText({ ...(document as object), accused: 'party:1' }));
    const unproven = await run('evidence', other, '--roster', pinned);
    expect(unproven).toMatchObject({ code: 1 });
    expect(unproven.error).toContain('EVIDENCE_UNPROVEN');
    expect((await run('evidence', file)).error).toContain('UNANCHORED');
    expect((await run('evidence', file, '--roster', pinned, '--fingerprint', 'zero')).error).toContain('FINGERPRINT');
    expect((await run('evidence', desk.write('x', 'x'), '--roster', pinned)).error).toContain('EVIDENCE_MALFORMED');
  });
});
