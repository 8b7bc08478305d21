/** What a party saw outside of the payload's bytes: recorded, judged again with, and never a way to widen anything. */
import { describe, expect, it } from 'vitest';
import { inputsJson } from '../../protocol/ceremony/inputs.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import type { Observation } from '../../protocol/payload/risk/observed.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { SignPlan } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { readyMoot, transfer } from '../support/treasury.ts';
import { byParty } from './support.ts';

const STRANGE: Observation = { code: 'FIRST_SEEN_DESTINATION', path: '0', detail: 'own history: never paid' };
const DOUBT: Observation = { code: 'CHECKER_DISAGREES', path: '0', detail: 'checker: value is 1, here it is 2' };

describe('a transcript with observations', () => {
  const { from, moot } = readyMoot('observed');
  const { roster } = moot;
  const signed = (plan: Omit<SignPlan, 'payload'>) => moot.sign(from, { payload: transfer(), ...plan });
  const only =
    (party: number, ...found: readonly Observation[]) =>
    (index: number): readonly Observation[] =>
      index === party ? found : [];

  it('shows who decided by hand because of one, and verifies', () => {
    const { lines, story } = signed({ observed: only(2, STRANGE) });
    const report = verifyTranscript(fileOf(lines), { roster });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, ending: 'completed' });
    expect(story.verdicts.map(({ body: { byHand, judgement, risks } }) => [judgement, byHand, risks])).toEqual([
      ['allow', false, []],
      ['require', true, ['FIRST_SEEN_DESTINATION']],
      ['allow', false, []],
    ]);
    const reasons = story.verdicts[1]?.body.reasons;
    expect(reasons?.map(({ code }) => code)).toEqual(['FIRST_SEEN_DESTINATION']);
    expect(reasons?.[0]?.detail).toContain('never paid');
  });

  it('shows why a checker stopped it', () => {
    const { lines, story } = signed({ observed: () => [DOUBT] });
    const report = verifyTranscript(fileOf(lines), { roster });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, ending: 'refused' });
    expect(story.verdicts[2]?.body.reasons).toMatchObject([{ code: 'CHECKER_DISAGREES' }]);
  });

  it('does not verify where a party did not act on what it saw', () => {
    const quiet = byParty(2, (body) => ({ ...body, judgement: 'allow', byHand: false, reasons: [], risks: [] }));
    const { lines } = signed({ observed: only(2, STRANGE), answer: quiet });
    expect(verifyTranscript(fileOf(lines), { roster }).failure).toMatchObject({ code: 'JUDGEMENT_DIFFERS' });
  });

  it('does not verify where a party records a risk that only the bytes can raise', () => {
    const raised = { now: '1800000000', observed: [{ ...STRANGE, code: 'BATCH' }], schema: 'keymoot.inputs.v2' };
    const { lines } = signed({ story: (story) => ({ ...story, documents: [...story.documents, raised] }) });
    expect(verifyTranscript(fileOf(lines), { roster }).failure).toMatchObject({ code: 'DOCUMENT_INVALID' });
  });

  it('does not verify with a list that was changed afterwards', () => {
    const other = inputsJson({ now: 1_800_000_000, observed: [{ ...STRANGE, detail: 'own history: paid often' }] });
    const { lines } = signed({
      answer: byParty(2, (body) => ({ ...body, inputs: documentDigest(other) })),
      observed: only(2, STRANGE),
    });
    expect(verifyTranscript(fileOf(lines), { roster }).ok).toBe(false);
  });
});
