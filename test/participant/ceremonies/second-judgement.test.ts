/** A consent that was given by day does not sign by night what the night asks more for. */
import { expect, test } from 'vitest';
import { demandFault } from '../../../participant/ceremonies/second-judgement.ts';
import { type Judgement, judgeProposal } from '../../../protocol/ceremony/judgement.ts';
import { signProposal } from '../../../protocol/ceremony/proposal.ts';
import type { VerdictBody } from '../../../protocol/ceremony/verdict-statement.ts';
import { approversOf, GROUPS } from '../../support/approvers.ts';
import { ETHER, readyMoot, transfer, treasuryPolicy } from '../../support/treasury.ts';

const DAY = { days: ['0', '1', '2', '3', '4', '5', '6'], from: '08:00', to: '18:00' };
const NIGHT = [
  { ...DAY, from: '00:00', to: '08:00' },
  { ...DAY, from: '18:00', to: '23:59' },
];
const base = treasuryPolicy() as { readonly rules: readonly { readonly id: string; readonly match: object }[] };
const small = base.rules.find(({ id }) => id === 'small');

/** Small payments: by themselves by day; by night as `night` says. */
function policy(night: object): object {
  return {
    ...base,
    approvers: approversOf(),
    groups: GROUPS,
    rules: [
      { ...small, id: 'day', match: { ...small?.match, time: [DAY] } },
      { ...small, id: 'night', match: { ...small?.match, time: NIGHT }, ...night },
    ],
  };
}

/** The judgements of one proposal at 17:59 and at 18:01 of one day. */
function judgedTwice(night: object): readonly [Judgement, Judgement] {
  const { from, moot } = readyMoot(JSON.stringify(night), { common: policy(night) });
  const evening = Math.floor(moot.time / 86_400) * 86_400 + 18 * 3600;
  const { address, epochId, name, walletId } = from.wallet;
  const proposal = signProposal(
    {
      ...moot.head(),
      ceremony: 'sign',
      wallet: name,
      walletId,
      epochId,
      path: [],
      address,
      payload: transfer(ETHER / 2n),
    },
    moot.keyOf('operator:olivia'),
  );
  const at = (now: number): Judgement =>
    judgeProposal(proposal, {
      roster: moot.roster,
      wallet: from.wallet,
      common: moot.common,
      inputs: { now },
      ledger: 'uncounted',
    });
  return [at(evening - 60), at(evening + 60)];
}

/** The consent that the first judgement gave, and what the second makes of it. */
function outcome(night: object, change: Partial<VerdictBody> = {}, consents = 2): string | undefined {
  const [before, after] = judgedTwice(night);
  expect(before.judgement).toBe('allow');
  const consent = { byHand: false, obligations: before.obligations, ...change } as VerdictBody;
  expect(demandFault(consent, before, consents)).toBeUndefined();
  return demandFault(consent, after, consents)?.message;
}

const SECURITY = { groups: [{ group: 'security', quorum: 1 }], holder: false };

test('nothing more is asked: it goes on', () => {
  expect(outcome({})).toBeUndefined();
});

test('a group is asked that has approved nothing: it does not', () => {
  expect(outcome({ effect: 'require', require: SECURITY })).toContain('ask people who had not to approve it before');
});

test('a key holder is asked who has not agreed: it does not; one who has agreed by hand has met it', () => {
  expect(outcome({ effect: 'require' })).toContain('leave the decision to the key holder');
  expect(outcome({ effect: 'require' }, { byHand: true })).toBeUndefined();
});

test('more parties are asked than have consented: it does not', () => {
  expect(outcome({ consents: 3 })).toContain('ask for 3 consents');
  expect(outcome({ consents: 3 }, {}, 3)).toBeUndefined();
});

test('it is denied: it does not', () => {
  expect(outcome({ effect: 'deny' })).toContain('it is denied now: ');
});
