/** What one transcript cannot show and two together can. */
import { describe, expect, it } from 'vitest';
import { signOutcome } from '../../protocol/ceremony/outcome.ts';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { dealPairs } from '../support/moot.ts';
import { policyFrom } from '../support/must.ts';
import type { SignPlan, Told } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { ETHER, readyMoot, transfer, treasuryPolicy } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { byParty, claimed, reVerdict, silent, type Verdicting } from './support.ts';

const { moot, from } = readyMoot('history');
const { roster } = moot;

function told(plan: Partial<SignPlan> = {}): Told {
  return moot.sign(from, { payload: transfer(), ...plan });
}

/** Codes of the transcripts, audited in this order with one memory. */
function audit(...all: readonly Told[]): readonly string[] {
  const history = new History();
  return all.map(({ lines }) => {
    const report = verifyTranscript(fileOf(lines), { roster, history });
    return report.ok ? 'VERIFIED' : (report.failure?.code ?? 'FAILED');
  });
}

describe('two transcripts', () => {
  it('of different ceremonies verify', () => {
    expect(audit(told(), told({ payload: transfer(ETHER) }), told())).toEqual(['VERIFIED', 'VERIFIED', 'VERIFIED']);
  });

  it('that are the same are noticed, also with other closes', () => {
    const first = told();
    const again = moot.finish(first.story, { authors: ['party:2', 'party:3'] });
    const history = new History();
    expect(verifyTranscript(fileOf(first.lines), { roster, history }).notes).toEqual([]);
    const report = verifyTranscript(fileOf(again.lines), { roster, history });
    expect(report).toMatchObject({ ok: true, notes: ['this transcript was given before'] });
  });

  it('with one counter used twice: COUNTER_REUSED', () => {
    const first = told();
    const used = first.story.verdicts[0]?.body.counter ?? 0;
    const second = told({ answer: byParty(1, (body) => ({ ...body, counter: used })) });
    expect(audit(first, second)).toEqual(['VERIFIED', 'COUNTER_REUSED']);
  });

  it('with one r in two signatures: NONCE_REUSED', () => {
    const plan = { random: 'the same nonces' };
    const first = told(plan);
    const second = told({ ...plan, payload: transfer(ETHER) });
    expect(audit(first, second)).toEqual(['VERIFIED', 'NONCE_REUSED']);
    expect(audit(second, first)).toEqual(['VERIFIED', 'NONCE_REUSED']);
  });

  it('of one proposal, each with another verdict of party 3: EQUIVOCATION_HIDDEN', () => {
    const first = told();
    const story = reVerdict(moot, first.story, 3, { nonce: vec('other face').slice(0, 16) });
    // The second copy calls it refused, closed when the proposal had expired.
    moot.time += 3600;
    const second = moot.finish({ ...story, start: undefined, rounds: [], outcomes: [] });
    expect(audit(first, second)).toEqual(['VERIFIED', 'EQUIVOCATION_HIDDEN']);
  });

  it('of one proposal that tell another story: TRANSCRIPT_FORK', () => {
    const first = told();
    const outcomes = first.story.outcomes.map(({ body }) => {
      const key = moot.keyOf(`party:${body.party}`);
      return signOutcome({ ...body, counter: moot.counter(`party:${body.party}`), created: moot.now() }, key);
    });
    const second = moot.finish({ ...first.story, outcomes });
    expect(audit(first, second)).toEqual(['VERIFIED', 'TRANSCRIPT_FORK']);
  });

  it('with a second attempt that changes what is asked: ATTEMPT_DIFFERS', () => {
    const first = told({ answer: silentLater() });
    const { digest, body } = first.story.proposal;
    if (body.ceremony !== 'sign') throw new Error('not a signing');
    const retry: SignPlan['proposal'] = (next) => ({ ...next, nonce: body.nonce, attempt: 2, previous: digest });
    expect(audit(first, told({ proposal: retry }))).toEqual(['VERIFIED', 'VERIFIED']);
    const payload = transfer(ETHER);
    const changed = told({ proposal: retry, payload, answer: claimed(payload) });
    expect(audit(first, changed)).toEqual(['VERIFIED', 'ATTEMPT_DIFFERS']);
    const third = told({ proposal: (next) => ({ ...next, nonce: body.nonce, attempt: 3, previous: digest }) });
    expect(audit(first, third)).toEqual(['VERIFIED', 'ATTEMPT_DIFFERS']);
  });

  it('with an older policy in the later one: POLICY_ROLLBACK', () => {
    const newer = told({ policy: () => policyFrom(treasuryPolicy(2)) });
    const older = told();
    expect(audit(newer, older)).toEqual(['VERIFIED', 'POLICY_ROLLBACK']);
    expect(audit(older, newer)).toEqual(['VERIFIED', 'POLICY_ROLLBACK']);
    expect(audit(newer, told({ policy: () => policyFrom(treasuryPolicy(3)) }))).toEqual(['VERIFIED', 'VERIFIED']);
  });

  it('with two policies of one version: POLICY_ROLLBACK', () => {
    const policy = policyFrom({ ...treasuryPolicy(), rules: (treasuryPolicy() as RuleList).rules.slice(0, 1) });
    expect(audit(told(), told({ policy: () => policy }))).toEqual(['VERIFIED', 'POLICY_ROLLBACK']);
  });

  it('says what it cannot know: the attempt before was not given', () => {
    const { digest, body } = told({ answer: silentLater() }).story.proposal;
    const second = told({ proposal: (next) => ({ ...next, nonce: body.nonce, attempt: 2, previous: digest }) });
    const report = verifyTranscript(fileOf(second.lines), { roster, history: new History() });
    expect(report.ok).toBe(true);
    expect(report.notes.join()).toContain('attempt 2');
  });
});

describe('a wallet of another name', () => {
  it('is not the wallet: WALLET_DIFFERS', () => {
    const { wallet: spare } = moot.keygen('spare');
    if (spare === undefined) throw new Error('no key');
    dealPairs(moot, spare);
    const documents = (story: Told['story']) =>
      story.documents.map((document) => (document === from.wallet.document ? spare.wallet.document : document));
    const swapped = told({ story: (story) => ({ ...story, documents: documents(story) }) });
    expect(audit(swapped)).toEqual(['WALLET_DIFFERS']);
    const renamed = moot.sign(spare, {
      payload: transfer(),
      proposal: (body) => ({ ...body, wallet: 'treasury' }),
      answer: claimed(transfer()),
    });
    expect(audit(renamed)).toEqual(['WALLET_DIFFERS']);
  });
});

interface RuleList {
  readonly rules: readonly object[];
}

/** An attempt for which no quorum came: nobody answers, and it is closed after its time. */
function silentLater(): Verdicting {
  return (body) => {
    if (body.party === 3) moot.time += 4000;
    return silent(body);
  };
}
