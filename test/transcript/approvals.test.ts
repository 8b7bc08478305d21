/** Approvals in a transcript: what people said is opened, compared and counted again; nothing can be put in its place. */
import { describe, expect, it } from 'vitest';
import { type Approval, type ApprovalBody, approvalDocument, signApproval } from '../../protocol/ceremony/approval.ts';
import { approvalName } from '../../protocol/ceremony/approval-check.ts';
import type { VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import { compareBytes, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import type { Obligations } from '../../protocol/policy/verdict.ts';
import { type Report, verifyTranscript } from '../../protocol/transcript/verify.ts';
import { approvalBy, keyOfDevice } from '../support/approvers.ts';
import type { Plan, SignPlan, Told } from '../support/plan.ts';
import { fileOf, type Story } from '../support/story.ts';
import { ETHER, peoplePolicy, readyMoot, transfer } from '../support/treasury.ts';
import { byParty, flip, silent } from './support.ts';

const { from, moot } = readyMoot('approvals', { common: peoplePolicy() });
const { roster } = moot;
const CARRYING = ['ada-phone', 'ben-phone', 'cleo-phone'];

/** These devices approve what they have read for themselves. */
function said(names: readonly string[]): NonNullable<Plan['approvals']> {
  return (proposal, policy, now) => names.map((name) => approvalBy(name, proposal, policy, now));
}

function sign(plan: Partial<SignPlan> = {}): Told {
  return moot.sign(from, { payload: transfer(5n * ETHER), approvals: said(CARRYING), ...plan });
}

function failureOf(told: Told): Report['failure'] {
  return verifyTranscript(fileOf(told.lines), { roster }).failure;
}

/** Party 1 names other documents than the approvals it was given, and they stand in the transcript. */
function instead(other: (approval: Approval) => Json): Partial<SignPlan> {
  const documents = new Map<string, Json>();
  return {
    approvals: (proposal, policy, now) => {
      const approvals = said(CARRYING)(proposal, policy, now);
      for (const approval of approvals) documents.set(toHex(approvalName(approval)), other(approval));
      return approvals;
    },
    answer: byParty(1, (body) => {
      const named = (body.approvals ?? []).flatMap((digest) => documents.get(toHex(digest)) ?? []);
      return { ...body, approvals: named.map(documentDigest).sort(compareBytes) };
    }),
    story: (story) => named({ ...story, documents: [...story.documents, ...documents.values()] }),
  };
}

/** Each document once, and approvals only as far as a verdict names them. */
function named(story: Story): Story {
  const names = new Set(story.verdicts.flatMap(({ body }) => body.approvals ?? []).map(toHex));
  const kept = story.documents.filter(
    (document) => !isApproval(document) || names.has(toHex(documentDigest(document))),
  );
  const documents = new Map(kept.map((document) => [toHex(documentDigest(document)), document]));
  return { ...story, documents: [...documents.values()] };
}

function isApproval(document: Json): boolean {
  return (document as { readonly schema?: Json }).schema === 'keymoot.approval.v1';
}

function withoutApprovals(story: Story): Story {
  return { ...story, documents: story.documents.filter((document) => !isApproval(document)) };
}

describe('a signing that people approved', () => {
  const told = sign();

  it('verifies, and every consent names what it rests on', () => {
    const report = verifyTranscript(fileOf(told.lines), { roster });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, ending: 'completed', notes: [] });
    for (const { body } of told.story.verdicts) {
      expect(body).toMatchObject({ judgement: 'require', byHand: false, rules: ['common/people'] });
      expect(body.approvals?.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('has one trace, whatever the own policy of a party says', () => {
    expect(told.story.verdicts.some(({ body }) => body.ownPolicy !== undefined)).toBe(true);
    const traces = told.story.verdicts.map(({ body }) => toHex(body.trace ?? new Uint8Array()));
    expect(new Set(traces).size).toBe(1);
    expect(traces[0]).toHaveLength(64);
  });

  it('does not come about with too few of them', () => {
    const { story } = sign({ approvals: said(['ada-phone', 'ada-laptop', 'cleo-phone', 'olivia-phone']) });
    expect(story.verdicts).toEqual([]);
    expect(story.start).toBeUndefined();
  });

  it('may ask for the hands of key holders, too', () => {
    const plan = { payload: transfer(15n * ETHER), approvals: said(['cleo-phone']) };
    const both = sign(plan);
    expect(failureOf(both)).toBeUndefined();
    expect(both.story.verdicts.every(({ body }) => body.byHand && body.approvals?.length === 1)).toBe(true);
    const handless = byParty(1, (body) => ({ ...body, byHand: false }));
    expect(failureOf(sign({ ...plan, answer: handless }))?.code).toBe('CONSENT_INVALID');
  });

  it('does not count the hand of whoever proposed it', () => {
    const same = readyMoot('proposer', { common: peoplePolicy(), persons: ['Olivia', 'Pia', 'Quinn'] });
    const plan: SignPlan = { payload: transfer(15n * ETHER), approvals: said(['cleo-phone']), signers: [1, 2] };
    const audit = ({ lines }: Told) => verifyTranscript(fileOf(lines), { roster: same.moot.roster }).failure;
    expect(audit(same.moot.sign(same.from, plan))?.code).toBe('QUORUM_MISSING');
    // What needs nobody's hand may be signed by its proposer's party.
    expect(audit(same.moot.sign(same.from, { ...plan, payload: transfer() }))).toBeUndefined();
  });
});

describe('an approval', () => {
  it('left out of the transcript: APPROVAL_MISSING, also before it is closed', () => {
    const told = sign({ story: withoutApprovals });
    expect(failureOf(told)?.code).toBe('APPROVAL_MISSING');
    expect(verifyTranscript(told.lines, { roster, draft: true }).failure?.code).toBe('APPROVAL_MISSING');
  });

  it('that a consent does not name: APPROVAL_INVALID', () => {
    const fewer = byParty(1, (body) => ({ ...body, approvals: body.approvals?.slice(0, 1) }));
    expect(failureOf(sign({ answer: fewer, story: named }))?.code).toBe('APPROVAL_INVALID');
    const none = byParty(1, (body) => ({ ...body, approvals: undefined }));
    expect(failureOf(sign({ answer: none, story: named }))?.code).toBe('APPROVAL_INVALID');
  });

  it('that nobody names: DOCUMENT_UNREFERENCED', () => {
    let stray: Json = {};
    const told = sign({
      approvals: (proposal, policy, now) => {
        stray = approvalDocument(approvalBy('ada-laptop', proposal, policy, now));
        return said(CARRYING)(proposal, policy, now);
      },
      story: (story) => ({ ...story, documents: [...story.documents, stray] }),
    });
    expect(failureOf(told)?.code).toBe('DOCUMENT_UNREFERENCED');
  });

  it.each<[string, Partial<ApprovalBody>]>([
    ['another digest', { digest: new Uint8Array(32) }],
    ['another tree', { tree: new Uint8Array(32) }],
    ['another proposal or attempt', { proposal: new Uint8Array(32) }],
    ['another epoch', { epoch: new Uint8Array(32) }],
    ['another chain', { chainId: '1' }],
    ['another policy', { policy: { digest: new Uint8Array(32), version: 1 } }],
    ['a longer life than the rules give', { expires: 2_000_000_000 }],
    ['a refusal', { decision: 'reject' }],
    ['a person who proposed it', { approver: 'olivia-phone' }],
  ])('of %s: APPROVAL_INVALID', (_name, change) => {
    const plan = instead(({ body }) => {
      const changed = { ...body, ...change };
      return approvalDocument(signApproval(changed, keyOfDevice(changed.approver)));
    });
    expect(failureOf(sign(plan))?.code).toBe('APPROVAL_INVALID');
  });

  it('by a key that is not its approver’s: APPROVAL_INVALID, at the document', () => {
    const told = sign(instead(({ body }) => approvalDocument(signApproval(body, keyOfDevice('nobody')))));
    expect(failureOf(told)?.code).toBe('APPROVAL_INVALID');
    expect(failureOf(told)?.message).toContain('signed');
    expect(told.lines[failureOf(told)?.seq ?? 0]?.entry.kind).toBe('document');
  });

  it('with any byte changed does not verify, though a party names it so', () => {
    let tried = 0;
    for (let at = 0; at < 1090; at += 9) {
      let isJson = false;
      const plan = instead((approval) => {
        const document = approvalDocument(approval);
        const changed = parseCanonical(flip(canonicalBytes(document), at));
        if (approval.body.approver !== 'ada-phone' || !changed.ok) return document;
        isJson = true;
        return changed.value;
      });
      // The others keep silent: nothing runs, and what party 1 says is looked at all the same.
      const told = sign({ ...plan, answer: (body) => (body.party === 1 ? plan.answer?.(body) : silent(body)) });
      // Most changes of names and quotes are no canonical JSON any more, and have no place in a line at all.
      if (!isJson) continue;
      tried += 1;
      expect(['APPROVAL_INVALID', 'DOCUMENT_INVALID'], `byte ${at}`).toContain(failureOf(told)?.code);
    }
    expect(tried).toBeGreaterThan(60);
  });
});

describe('obligations', () => {
  const stated = (change: Partial<Obligations>) => (body: VerdictBody) => ({
    obligations: body.obligations && { ...body.obligations, ...change },
  });

  it.each<[string, (body: VerdictBody) => Partial<VerdictBody>]>([
    ['left out', () => ({ obligations: undefined, approvals: undefined, byHand: true })],
    ['with a smaller quorum', stated({ groups: [{ group: 'finance', quorum: 1 }] })],
    ['with a longer life', stated({ ttlSec: 604_800 })],
    ['with more rejections', stated({ rejects: 2 })],
    [
      'with a hand instead',
      (body) => ({ ...stated({ holder: true, groups: [] })(body), byHand: true, approvals: undefined }),
    ],
    ['with another trace', () => ({ trace: new Uint8Array(32) })],
    ['without a trace', () => ({ trace: undefined })],
  ])('%s: JUDGEMENT_DIFFERS', (_name, change) => {
    const told = sign({ answer: byParty(1, (body) => ({ ...body, ...change(body) })), story: named });
    expect(failureOf(told)?.code).toBe('JUDGEMENT_DIFFERS');
  });

  it('that the rules do not have: JUDGEMENT_DIFFERS', () => {
    const obligations = { holder: true, groups: [], distinctDevices: false, ttlSec: 7200, delaySec: 0, rejects: 1 };
    const told = sign({ payload: transfer(), answer: byParty(1, (body) => ({ ...body, obligations })) });
    expect(failureOf(told)?.code).toBe('JUDGEMENT_DIFFERS');
  });

  it('with a delay make a consent before it is over invalid', () => {
    const later = readyMoot('delayed', { common: peoplePolicy(1, { delaySec: 600 }) });
    const plan: SignPlan = { payload: transfer(5n * ETHER), approvals: said(CARRYING) };
    const audit = ({ lines }: Told) => verifyTranscript(fileOf(lines), { roster: later.moot.roster }).failure;
    const early = audit(later.moot.sign(later.from, plan));
    expect(early?.code).toBe('APPROVAL_INVALID');
    expect(early?.message).toContain('delay');
    const patient: SignPlan = {
      ...plan,
      approvals: (proposal, policy, now) => {
        later.moot.time = now + 600;
        return said(CARRYING)(proposal, policy, later.moot.now());
      },
    };
    expect(audit(later.moot.sign(later.from, patient))).toBeUndefined();
  });
});

describe('a consent that carries nothing', () => {
  it('may lack its approvals, which is noted', () => {
    const alone = sign({
      answer: (body) => (body.party === 1 ? { ...body, expires: body.created + 1 } : silent(body)),
      story: withoutApprovals,
    });
    const report = verifyTranscript(alone.lines, { roster, draft: true, now: 2_000_000_000 });
    expect(report.failure).toBeUndefined();
    expect(report.notes.join()).toContain('party 1 consented without showing the approvals that it names');
  });
});
