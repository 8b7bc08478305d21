/** The coordinator leaves a consent out that every signer would refuse, and nothing else. */
import { describe, expect, it } from 'vitest';
import { Approved } from '../../coordinator/collect/approved.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { addVerdict, newCeremony } from '../../protocol/ceremony/lifecycle.ts';
import type { VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { approvalBy } from '../support/approvers.ts';
import { must } from '../support/must.ts';
import type { SignPlan } from '../support/plan.ts';
import { ETHER, peoplePolicy, readyMoot, transfer } from '../support/treasury.ts';

const { from, moot } = readyMoot('approved', { common: peoplePolicy() });
const PEOPLE: SignPlan = {
  payload: transfer(5n * ETHER),
  approvals: (proposal, policy, now) =>
    ['ada-phone', 'ben-phone', 'cleo-phone'].map((name) => approvalBy(name, proposal, policy, now)),
};

/** Parties whose verdicts are left, and what was noted, where party 1 says `change` of its honest verdict. */
function left(plan: SignPlan, change: (body: VerdictBody) => VerdictBody | undefined) {
  const { story } = moot.sign(from, { ...plan, answer: (body) => (body.party === 1 ? change(body) : body) });
  const ceremony = story.verdicts.reduce(
    (known, verdict) => must(addVerdict(known, verdict)),
    newCeremony(story.proposal),
  );
  const notes: string[] = [];
  const collection = {
    document: (digest: Uint8Array) => story.documents.find((one) => equalBytes(documentDigest(one), digest)),
    epoch: () => from.wallet,
  };
  const approved = new Approved(moot.roster, collection, (code) => notes.push(code));
  const entry: BookEntry = { ceremony, starts: [] };
  const parties = [...approved.only(entry).ceremony.verdicts.keys()];
  expect([...approved.only(entry).ceremony.verdicts.keys()]).toEqual(parties);
  return { parties, notes };
}

describe('a consent', () => {
  it('with the approvals that it owes stays, and so does one that owes none', () => {
    expect(left(PEOPLE, (body) => body)).toEqual({ parties: [1, 2, 3], notes: [] });
    expect(left({ payload: transfer() }, (body) => body)).toEqual({ parties: [1, 2, 3], notes: [] });
  });

  it.each<[string, (body: VerdictBody) => VerdictBody]>([
    [
      'that leaves its obligations out',
      (body) => ({ ...body, judgement: 'allow', obligations: undefined, approvals: undefined }),
    ],
    ['that names too few', (body) => ({ ...body, approvals: body.approvals?.slice(0, 1) })],
    ['that names none', (body) => ({ ...body, approvals: undefined })],
    ['that outlives them', (body) => ({ ...body, expires: body.expires + 7200 })],
  ])('%s is left out, and noted once', (_name, change) => {
    expect(left(PEOPLE, change)).toEqual({ parties: [2, 3], notes: ['CONSENT_LEFT_OUT'] });
  });

  it('is not to be confused with a rejection, which always stays', () => {
    const rejecting = (body: VerdictBody): VerdictBody => ({ ...body, decision: 'reject', byHand: true });
    expect(left(PEOPLE, rejecting).parties).toEqual([1, 2, 3]);
  });
});
