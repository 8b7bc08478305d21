/** Limits in a transcript: what each ledger answered is recorded, and the judgement follows from exactly that. */
import { describe, expect, it } from 'vitest';
import { INPUTS, inputsJson } from '../../protocol/ceremony/inputs.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { read } from '../../protocol/common/schema.ts';
import type { LimitRow } from '../../protocol/policy/usage.ts';
import type { LedgerView } from '../../protocol/policy/verdict.ts';
import { type Report, verifyTranscript } from '../../protocol/transcript/verify.ts';
import { approvalBy } from '../support/approvers.ts';
import { must } from '../support/must.ts';
import type { SignPlan, Told } from '../support/plan.ts';
import { fileOf, type Story } from '../support/story.ts';
import { ETHER, peoplePolicy, readyMoot, transfer } from '../support/treasury.ts';
import { byParty, silent } from './support.ts';

const DAY = 86_400;
const LIMITS = [
  { id: 'day', measure: 'amount', asset: 'ETH', windowSec: DAY, max: String(2n * ETHER) },
  {
    id: 'hour',
    measure: 'amount',
    asset: 'ETH',
    windowSec: 3600,
    max: String(ETHER),
    onExceed: { require: { groups: [{ group: 'security', quorum: 1 }], holder: false } },
  },
];

const { from, moot } = readyMoot('limits', { common: { ...peoplePolicy(), limits: LIMITS } });
const { roster } = moot;
/** Half an ether each time. */
const CHARGE = ETHER / 2n;

/** Every party has counted so much, of whatever is asked. */
function counted(used: bigint): () => LedgerView {
  return () => () => ({ used, entries: used === 0n ? 0 : 1 });
}

function sign(plan: Partial<SignPlan> = {}): Told {
  return moot.sign(from, { payload: transfer(CHARGE), ...plan });
}

function audit({ lines }: Told): Report {
  return verifyTranscript(fileOf(lines), { roster });
}

function rowsOf({ story }: Told, party = 1): readonly LimitRow[] {
  const verdict = story.verdicts.find(({ body }) => body.party === party);
  const document = story.documents.find((one) => verdict && equalBytes(documentDigest(one), verdict.body.inputs));
  return document === undefined ? [] : (must(read(INPUTS, document)).limits ?? []);
}

/** Party 1 records other answers of its ledger than those it judged by. */
function recording(change: (rows: readonly LimitRow[]) => readonly LimitRow[]): Partial<SignPlan> {
  const rows = rowsOf(sign());
  const added: Json[] = [];
  return {
    answer: byParty(1, (body) => {
      const inputs = inputsJson({ now: body.created, limits: change(rows) });
      added.push(inputs);
      return { ...body, inputs: documentDigest(inputs) };
    }),
    story: (story) => {
      const named = new Set(story.verdicts.map(({ body }) => toHex(body.inputs)));
      const isInputs = (one: Json): boolean => String((one as { schema?: Json }).schema).startsWith('keymoot.inputs');
      const all = new Map([...story.documents, ...added].map((one) => [toHex(documentDigest(one)), one]));
      const documents = [...all].flatMap(([name, one]) => (isInputs(one) && !named.has(name) ? [] : [one]));
      return { ...story, documents } satisfies Story;
    },
  };
}

describe('a transcript under limits', () => {
  it('records what was asked of each ledger and what it answered, and verifies', () => {
    const told = sign({ ledger: counted(7n) });
    expect(audit(told)).toMatchObject({ ok: true, ending: 'completed', notes: [] });
    const rows = rowsOf(told);
    expect(rows.map(({ layer, limit, used }) => [layer, limit, used])).toEqual([
      ['common', 'day', 7n],
      ['common', 'hour', 7n],
    ]);
    expect(rows[0]?.bucket).toContain('wallet=treasury');
  });

  it.each<[string, bigint, string, Report['ending']]>([
    ['one below', -1n, 'require', 'completed'],
    ['exactly at', 0n, 'require', 'completed'],
    ['one above', 1n, 'deny', 'refused'],
  ])('%s the limit', (_name, more, judgement, ending) => {
    const plan: Partial<SignPlan> = {
      ledger: counted(2n * ETHER - CHARGE + more),
      approvals: (proposal, policy, now) => [approvalBy('cleo-phone', proposal, policy, now)],
    };
    const told = sign(plan);
    const report = audit(told);
    expect(report.failure).toBeUndefined();
    expect(report.ending).toBe(ending);
    expect(told.story.verdicts.map(({ body }) => body.judgement)).toEqual([judgement, judgement, judgement]);
    if (judgement === 'deny') expect(told.story.verdicts[0]?.body.reasons[0]?.code).toBe('LIMIT_EXCEEDED');
  });

  it('above one that asks people, it takes their approval, and below it does not', () => {
    const asked = sign({
      ledger: counted(ETHER - CHARGE + 1n),
      approvals: (proposal, policy, now) => [approvalBy('cleo-phone', proposal, policy, now)],
    });
    expect(audit(asked).failure).toBeUndefined();
    expect(asked.story.verdicts[0]?.body).toMatchObject({ judgement: 'require', byHand: false });
    expect(asked.story.verdicts[0]?.body.approvals).toHaveLength(1);
    expect(sign({ ledger: counted(ETHER - CHARGE + 1n) }).story.verdicts).toEqual([]);
    expect(sign({ ledger: counted(ETHER - CHARGE) }).story.verdicts[0]?.body.judgement).toBe('allow');
  });

  it('of parties that counted differently says so', () => {
    const report = audit(sign({ ledger: (party) => counted(party === 2 ? 5n : 0n)() }));
    expect(report.failure).toBeUndefined();
    expect(report.notes).toEqual([expect.stringContaining('party 1, 3; party 2')]);
  });

  it('where ledgers cannot be read is a denial that everybody can repeat', () => {
    const told = sign({ ledger: () => () => undefined });
    expect(audit(told)).toMatchObject({ ok: true, ending: 'refused' });
    expect(told.story.verdicts[1]?.body.reasons[0]?.code).toBe('LIMIT_UNKNOWN');
  });
});

describe('recorded answers', () => {
  const lower = (rows: readonly LimitRow[], used: bigint): readonly LimitRow[] => rows.map((row) => ({ ...row, used }));

  it.each<[string, (rows: readonly LimitRow[]) => readonly LimitRow[]]>([
    ['left out', () => []],
    ['one left out', (rows) => rows.slice(1)],
    ['one added', (rows) => [...rows, { layer: 'own', limit: 'day', bucket: 'wallet=treasury', used: 0n, entries: 0 }]],
    ['of another bucket', (rows) => rows.map((row) => ({ ...row, bucket: row.bucket.replace('treasury', 'spare') }))],
    ['that would have denied it', (rows) => lower(rows, 2n * ETHER)],
    ['that would have asked people', (rows) => lower(rows, ETHER)],
    ['changed without the trace', (rows) => lower(rows, 1n)],
  ])('%s: JUDGEMENT_DIFFERS', (_name, change) => {
    expect(audit(sign(recording(change))).failure?.code).toBe('JUDGEMENT_DIFFERS');
  });

  it('understated in a way that fits are the party’s own word; its trace stands apart from honest ones', () => {
    const honest = (party: number): LedgerView => counted(party === 1 ? 0n : ETHER / 4n)();
    const report = audit(sign({ ledger: honest }));
    expect(report.failure).toBeUndefined();
    expect(report.notes).toEqual([expect.stringContaining('party 1; party 2, 3')]);
  });

  it('cannot be borrowed for a refusal that the policies do not give', () => {
    const claims = byParty(2, (body) => ({
      ...body,
      decision: 'reject',
      judgement: 'deny',
      rules: [],
      risks: [],
      reading: undefined,
      trace: undefined,
      obligations: undefined,
      consents: 2,
      rejections: 1,
      reasons: [{ code: 'LIMIT_EXCEEDED', detail: 'too much' }],
    }));
    const told = sign({ answer: (body) => (body.party === 3 ? silent(body) : claims(body)) });
    expect(audit(told).failure?.code).toBe('JUDGEMENT_DIFFERS');
  });
});
