/** One corrupt member can be caught, but cannot keep the others from recording what happened. */
import { describe, expect, it } from 'vitest';
import { newCeremony } from '../../protocol/ceremony/lifecycle.ts';
import type { OutcomeBody } from '../../protocol/ceremony/outcome.ts';
import { signVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { assemble } from '../../protocol/transcript/assemble.ts';
import { type Report, verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { SignPlan, Told } from '../support/plan.ts';
import { draft, fileOf, type Story } from '../support/story.ts';
import { ETHER, FRIEND, readyMoot, transfer, trojan } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { alsoOutcome, alsoVerdict, byParty, declined, flip, silent, startOf, withdrawn } from './support.ts';

const { moot, from } = readyMoot('corrupt member');
const { roster } = moot;

function told(plan: Partial<SignPlan> = {}): Told {
  return moot.sign(from, { payload: transfer(), ...plan });
}

/** What the parties say before they close, and the auditor afterwards. */
function judged({ story, lines }: Told): { readonly before: Report; readonly after: Report } {
  return {
    before: verifyTranscript(draft(story), { roster, draft: true, now: moot.time }),
    after: verifyTranscript(fileOf(lines), { roster }),
  };
}

describe('evidence', () => {
  it('need not make sense: a second verdict is a proof, whatever it says', () => {
    const nonsense = {
      nonce: vec('second').slice(0, 16),
      decision: 'reject' as const,
      rules: ['common/nothing'],
      inputs: vec('unknown inputs'),
      commonPolicy: { digest: vec('unknown policy'), version: 9 },
      counter: 9_007_199_254_740_991,
      created: 1,
    };
    const { before, after } = judged(told({ story: (story) => alsoVerdict(moot, story, 1, nonsense) }));
    expect(before).toMatchObject({ ok: true, ending: 'completed' });
    expect(after).toMatchObject({ ok: true, ending: 'completed' });
    expect(after.notes.join()).toContain('party 1 gave two different verdicts');
  });

  it('counts the verdict that the start names, whichever comes first', () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      const second = { nonce: vec(name).slice(0, 16) };
      const { after } = judged(told({ story: (story) => alsoVerdict(moot, story, 2, second) }));
      expect(after.failure).toBeUndefined();
    }
  });

  it('of two messages in one round is shown when the ceremony was aborted', () => {
    const aborted = told({
      network: ({ from: sender, to, bytes }) => (sender === 1 && to === 2 && isLast(bytes) ? undefined : bytes),
      story: (story) => ({ ...story, rounds: [...story.rounds, ...story.rounds.filter(isFirst).map(other)] }),
    });
    const { after } = judged(aborted);
    expect(after).toMatchObject({ ok: true, ending: 'aborted' });
    expect(after.notes.join()).toContain('member 1 sent two different messages in round 1');
  });
});

describe('a fault in what a member says of itself', () => {
  it('a rejection with a false judgement: closed by the others, found by the auditor', () => {
    const lie = byParty(3, (body) => ({ ...declined(body), ...body, decision: 'reject', judgement: 'deny' }));
    const { before, after } = judged(told({ payload: transfer(ETHER, FRIEND), answer: lie }));
    expect(before).toMatchObject({ ok: true, ending: 'completed' });
    expect(before.notes.join()).toContain('JUDGEMENT_DIFFERS');
    expect(after.failure).toMatchObject({ code: 'JUDGEMENT_DIFFERS', name: 'judgement' });
    expect(after.failure?.message).toContain('party 3');
  });

  it('a withdrawal dated back: closed by the others, found by the auditor', () => {
    const { before, after } = judged(
      told({ story: (story) => withdrawn(moot, story, 'party:3', startOf(story).created - 2) }),
    );
    expect(before).toMatchObject({ ok: true });
    expect(before.notes.join()).toContain('WITHDRAWN');
    expect(after.failure?.code).toBe('WITHDRAWN');
  });

  it('a counter that does not grow: closed by the others, found by the auditor', () => {
    const { before, after } = judged(told({ outcome: (body) => (body.party === 1 ? { ...body, counter: 1 } : body) }));
    expect(before).toMatchObject({ ok: true });
    expect(after.failure?.code).toBe('COUNTER_ORDER');
  });

  it('a rejection that shows no grounds: recorded, and the auditor is told', () => {
    const { after } = judged(
      told({ payload: trojan(), story: (story) => ({ ...story, documents: story.documents.slice(1) }) }),
    );
    expect(after).toMatchObject({ ok: true, ending: 'refused' });
    expect(after.notes.join()).toContain('without showing what its judgement rested on');
  });
});

describe('a result that signers keep to themselves', () => {
  it('is computed from their messages: it counts as signed', () => {
    const secret = told({
      outcome: ({ signature: _signature, ...body }) => ({
        ...body,
        abort: { failure: 'BENIGN', check: 'timeout', culprits: [] },
      }),
    });
    const { after } = judged(secret);
    expect(after).toMatchObject({ ok: true, ending: 'aborted' });
    expect(after.signature?.r).toHaveLength(32);
    expect(after.notes.join()).toContain('counts as signed');
  });

  it('is no result while a last message is missing', () => {
    const { after } = judged(
      told({ network: ({ from: sender, bytes }) => (sender === 1 && isFirst(bytes) ? undefined : bytes) }),
    );
    expect(after).toMatchObject({ ok: true, ending: 'aborted', notes: [] });
    expect(after.signature).toBeUndefined();
  });
});

function isFirst(bytes: Uint8Array): boolean {
  const envelope = parseEnvelope(bytes);
  return envelope?.type === 0x30 && envelope.round === 1 && envelope.from === 1;
}

function isLast(bytes: Uint8Array): boolean {
  const envelope = parseEnvelope(bytes);
  return envelope?.type === 0x30 && envelope.round === 3;
}

/** Another message of the same sender in the same place. */
function other(bytes: Uint8Array): Uint8Array {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) throw new Error('not an envelope');
  const { sign } = moot.keyOf(`party:${envelope.from}`);
  return encodeEnvelope({ ...envelope, body: flip(envelope.body, 0) }, sign);
}

describe('an outcome that is no outcome', () => {
  it('of a party that did not sign is left out: it has none', () => {
    const { story } = told();
    const odd = alsoOutcome(moot, story, 3);
    const outcomes = new Map(odd.outcomes.map((outcome) => [outcome.body.party, outcome]));
    const verdicts = new Map(odd.verdicts.map((verdict) => [verdict.body.party, verdict]));
    const ceremony = { ...newCeremony(odd.proposal), verdicts, outcomes, start: odd.start };
    const lines = assemble({ roster, ceremony, documents: odd.documents, rounds: odd.rounds });
    expect(odd.outcomes).toHaveLength(3);
    expect(verifyTranscript(lines, { roster, draft: true, now: moot.time })).toMatchObject({
      ok: true,
      ending: 'completed',
    });
  });

  it('that contradicts itself, or the others: closed by the others, found by the auditor', () => {
    const abort = { failure: 'BENIGN', check: 'timeout', culprits: [] };
    for (const [change, code] of [
      [(body: OutcomeBody) => ({ ...body, abort }), 'OUTCOME_INVALID'],
      [(body: OutcomeBody) => ({ ...body, sessionId: vec('another session') }), 'OUTCOME_FOREIGN'],
      [(body: OutcomeBody) => ({ ...body, signature: { r: vec('r'), s: vec('s'), recovery: 0 } }), 'OUTCOMES_DIFFER'],
    ] as const) {
      const { before, after } = judged(told({ outcome: (body) => (body.party === 1 ? change(body) : body) }));
      expect(before.failure).toBeUndefined();
      expect(before.notes.join()).toContain(code);
      expect(after.failure?.code).toBe(code);
    }
  });
});

describe('a party that keeps its grounds to itself', () => {
  const unfounded = (story: Story): Story => {
    const [first] = story.verdicts;
    if (first === undefined) throw new Error('nobody answered');
    const body = { ...first.body, party: 3, inputs: vec('shown to nobody'), counter: moot.counter('party:3') };
    return { ...story, verdicts: [...story.verdicts, signVerdict(body, moot.keyOf('party:3'))] };
  };

  it('hinders nobody if no start rests on its consent', () => {
    const { before, after } = judged(told({ answer: byParty(3, silent), story: unfounded }));
    expect(before.failure).toBeUndefined();
    expect(after).toMatchObject({ ok: true, ending: 'completed' });
    expect(after.notes.join()).toContain('party 3 consented without showing');
  });

  it('but what carries a session must be shown', () => {
    const hide = byParty(2, (body) => ({ ...body, inputs: vec('shown to nobody') }));
    expect(judged(told({ answer: hide })).before.failure?.code).toBe('DOCUMENT_MISSING');
  });
});
