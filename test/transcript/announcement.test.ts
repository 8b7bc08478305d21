/** The announcement delay of a change of keys, as the auditor counts it. */
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { importKey, type ResharePlan, reshare } from '../support/key-changes.ts';
import type { Told } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { readyMoot, treasuryMoot } from '../support/treasury.ts';

describe('the announcement', () => {
  const patient = readyMoot('patience', { announcement: 7200 });
  const successor = treasuryMoot('patience', 1, { keys: ['1', '2', 'new'], after: patient.moot, announcement: 7200 });
  const codes = (plan: ResharePlan): string | undefined => {
    const { lines } = reshare(patient.moot, patient.from, { next: successor, ...plan });
    const report = verifyTranscript(fileOf(lines), { roster: patient.moot.roster });
    return report.ok ? 'VERIFIED' : report.failure?.code;
  };
  const long: ResharePlan['proposal'] = (body) => ({ ...body, expires: body.created + 86_400 });
  const lasting: ResharePlan['answer'] = (body) => ({ ...body, expires: body.created + 80_000 });

  it('is kept, to the second', () => {
    for (const [seconds, code] of [
      [7200, 'VERIFIED'],
      [7199, 'ANNOUNCEMENT_RUNNING'],
    ] as const) {
      const proposed = patient.moot.time + 1;
      const composing: ResharePlan['composing'] = (body) => {
        patient.moot.time = proposed + seconds;
        return { ...body, created: proposed + seconds };
      };
      expect(codes({ proposal: long, answer: lasting, composing }), String(seconds)).toBe(code);
    }
    expect(codes({ proposal: long, answer: lasting })).toBe('ANNOUNCEMENT_RUNNING');
  });

  it('is longer than the proposal lives: nobody may consent', () => {
    expect(codes({})).toBe('ANNOUNCEMENT_RUNNING');
  });

  it('counts from the first attempt, which an auditor must have seen', () => {
    const proposed = patient.moot.time + 1;
    const first = reshare(patient.moot, patient.from, {
      next: successor,
      proposal: long,
      answer: lasting,
      composing: (body) => {
        patient.moot.time = proposed + 7200;
        return { ...body, created: proposed + 7200 };
      },
      network: ({ bytes }) => (parseEnvelope(bytes)?.round === 3 ? undefined : bytes),
    });
    const { body, digest } = first.story.proposal;
    const again = (life: number): Told =>
      reshare(patient.moot, patient.from, {
        next: successor,
        proposal: (repeated) => ({
          ...repeated,
          nonce: body.nonce,
          attempt: 2,
          previous: digest,
          expires: repeated.created + life,
        }),
      });
    const { roster: pinned } = patient.moot;
    const second = again(3600);
    const alone = verifyTranscript(fileOf(second.lines), { roster: pinned });
    expect(alone.notes.join()).toContain('announcement');
    const history = new History();
    expect(verifyTranscript(fileOf(first.lines), { roster: pinned, history })).toMatchObject({
      ok: true,
      ending: 'aborted',
    });
    const both = verifyTranscript(fileOf(second.lines), { roster: pinned, history });
    expect(both.failure).toBeUndefined();
    expect(both).toMatchObject({ ok: true, notes: [] });
    // What died long ago is announced anew.
    patient.moot.time = body.expires;
    const late = verifyTranscript(fileOf(again(7300).lines), { roster: pinned, history });
    expect(late.failure?.code).toBe('ANNOUNCEMENT_RUNNING');
  });

  it('counts for imports and exports too, and not for keygens', () => {
    const imported = importKey(patient.moot, 'spare', {
      secret: 99n,
      proposal: (body) => ({ ...body, expires: body.created + 86_400 }),
    });
    const report = verifyTranscript(fileOf(imported.lines), { roster: patient.moot.roster });
    expect(report.failure?.code).toBe('ANNOUNCEMENT_RUNNING');
  });
});
