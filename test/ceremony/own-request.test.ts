/** Separation of duties among key holders: who proposes does not decide by hand. */
import { expect, test } from 'vitest';
import { addVerdict, type Ceremony, newCeremony } from '../../protocol/ceremony/lifecycle.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import { checkStart, quorum, standings } from '../../protocol/ceremony/quorum.ts';
import type { VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { must } from '../support/must.ts';
import {
  answer,
  codeOf,
  NOW,
  propose,
  rosterBody,
  sealed,
  signingBody,
  standingOf,
  startOf,
} from './support/members.ts';

function withVerdicts(proposal: Proposal, verdicts: readonly VerdictStatement[]): Ceremony {
  return verdicts.reduce((ceremony, verdict) => must(addVerdict(ceremony, verdict)), newCeremony(proposal));
}

test('the hand of whoever proposed it does not count where one is needed', () => {
  const body = rosterBody();
  const own = sealed({
    ...body,
    parties: body.parties.map((party) => (party.index === 1 ? { ...party, person: ' OPS' } : party)),
  });
  const asked = propose(signingBody({ roster: own.digest }));
  const obligations = { holder: true, groups: [], distinctDevices: false, ttlSec: 7200, delaySec: 0, rejects: 1 };
  const byHand = { judgement: 'require', byHand: true, obligations } as const;
  const all = [1, 2, 3].map((party) => answer(asked, party, byHand));
  const ceremony = withVerdicts(asked, all);
  const found = must(quorum(ceremony, own, NOW + 2));
  expect(found.consents.map((consent) => consent.body.party)).toEqual([2, 3]);
  expect(standings(ceremony, own, found.consents)[0]).toEqual({ party: 1, answer: 'unreachable' });
  const start = startOf(asked, all.map(standingOf), { signers: [1, 2] });
  expect(codeOf(checkStart(ceremony, start, own, NOW + 2))).toBe('START_SIGNERS');
  // Where approvers are asked and no key holder is, nor where policy alone consents, nobody's hand is missing.
  const people = { ...obligations, holder: false, groups: [{ group: 'finance', quorum: 1 }] };
  for (const change of [{ judgement: 'allow' as const }, { ...byHand, byHand: false, obligations: people }]) {
    const free = withVerdicts(
      asked,
      [1, 2].map((party) => answer(asked, party, change)),
    );
    expect(codeOf(quorum(free, own, NOW + 2))).toBe('ok');
  }
  expect(codeOf(quorum(withVerdicts(asked, all.slice(0, 2)), own, NOW + 2))).toBe('QUORUM_MISSING');
});
