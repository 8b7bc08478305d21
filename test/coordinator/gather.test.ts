/** When the coordinator starts a ceremony, whom it names, and what it says while it waits. */
import { describe, expect, test } from 'vitest';
import { type GatherStep, type GatherView, gather } from '../../coordinator/collect/gather.ts';
import { CeremonyBook } from '../../protocol/ceremony/book.ts';
import type { Proposal, ProposalBody } from '../../protocol/ceremony/proposal.ts';
import { createRoster, type Roster, sealRoster, signRoster } from '../../protocol/ceremony/roster.ts';
import type { VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import {
  answer,
  keyOf,
  LIFE,
  NOW,
  propose,
  ROSTER,
  rosterBody,
  sealed,
  signingBody,
} from '../ceremony/support/members.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';

const HOUR = 3600;

function step(
  proposal: Proposal,
  answers: readonly (readonly [number, Partial<VerdictBody>])[],
  view: Partial<GatherView> = {},
  roster: Roster = ROSTER,
): GatherStep {
  const book = new CeremonyBook(roster);
  must(book.apply(proposal.envelope, NOW));
  for (const [party, changes] of answers) must(book.apply(answer(proposal, party, changes).envelope, NOW));
  const [entry] = book.entries();
  if (entry === undefined) throw new Error('no entry');
  const parties = roster.parties.map((party) => party.index);
  return gather(entry, roster, {
    now: NOW + 1,
    connected: new Set(parties),
    joining: new Set(),
    patienceOver: false,
    ...view,
  });
}

describe('a signing', () => {
  const all = [
    [1, {}],
    [2, {}],
    [3, {}],
  ] as const;

  test('is given to the lowest of those who consented and are connected', () => {
    expect(step(propose(), all)).toMatchObject({ kind: 'start', signers: [1, 2] });
    expect(step(propose(), all, { connected: new Set([2, 3]) })).toMatchObject({ kind: 'start', signers: [2, 3] });
  });

  test('waits for who is connected and has not answered, for as long as there is patience', () => {
    const two = [
      [2, {}],
      [3, {}],
    ] as const;
    expect(step(propose(), two)).toMatchObject({ kind: 'wait', missing: [1] });
    expect(step(propose(), two, { patienceOver: true })).toMatchObject({ kind: 'start', signers: [2, 3] });
  });

  test.each([
    ['the lower one says so', [1, { separated: [2] }]],
    ['the higher one says so', [2, { separated: [1] }]],
  ] as const)('is never given to parties that are banned from each other: %s', (_, said) => {
    const others = all.filter(([party]) => party !== said[0]);
    expect(step(propose(), [said, ...others])).toMatchObject({ kind: 'start', signers: [1, 3] });
  });

  test('waits for a third party while the two that consented are banned from each other', () => {
    const two = [
      [1, { separated: [2] }],
      [2, {}],
    ] as const;
    const waiting = step(propose(), two, { connected: new Set([1, 2]) });
    expect(waiting).toMatchObject({ kind: 'wait', missing: [3] });
    expect(waiting).toHaveProperty('because', expect.stringContaining('parties 1 and 2 are banned from each other'));
    const late = step(propose(), two, { connected: new Set([1, 2]), now: NOW + LIFE });
    expect(late).toMatchObject({ kind: 'ended', code: 'PROPOSAL_EXPIRED' });
    expect(late).toHaveProperty('message', expect.stringContaining('banned from each other'));
  });

  test('ends when no choice is left, and says who is banned', () => {
    const triangle = [
      [1, { separated: [2, 3] }],
      [2, { separated: [3] }],
      [3, {}],
    ] as const;
    const ended = step(propose(), triangle);
    expect(ended).toMatchObject({ kind: 'ended', code: 'NO_QUORUM_WITHOUT_BAN' });
    expect(ended).toHaveProperty('message', expect.stringContaining('1 and 2, 1 and 3, 2 and 3'));
  });
});

describe('new shares for other parties', () => {
  const newcomer = {
    index: 3,
    name: 'party-new',
    person: 'Person 3',
    statementKey: keyOf('party:new').publicKey,
    transportKey: keyOf('party:new/transport').publicKey,
    addresses: ['/ip4/127.0.0.1/tcp/9099'],
  };
  const announcing = sealed(rosterBody({ announcement: HOUR }));
  const consent = { judgement: 'require', byHand: true, expires: NOW + 24 * HOUR } as const;
  const stay = [
    [1, consent],
    [2, consent],
  ] as const;

  /** Party 3 is replaced. */
  function successor(current: Roster): Roster {
    const { file: _file, digest: _digest, brand: _brand, ...rest } = current;
    const parties = [...current.parties.slice(0, 2), newcomer];
    let file = must(createRoster({ ...rest, parties, previous: current.digest, version: 2 }));
    for (const [i, name] of ['party:1', 'party:2', 'party:new'].entries()) {
      file = signRoster(file, i + 1, keyOf(name), keyOf(`${name}/transport`));
    }
    return must(sealRoster(file));
  }

  function body(roster: Roster): ProposalBody {
    const { address: _address, path: _path, payload: _payload, ...head } = signingBody();
    return {
      ...head,
      roster: roster.digest,
      expires: NOW + 24 * HOUR,
      ceremony: 'reshare',
      gen: 2,
      dealers: [1, 2],
      next: successor(roster),
      walletId: vec('members/wallet'),
    };
  }

  test('start with everybody who stays, once the newcomer is connected', () => {
    const proposal = propose(body(ROSTER));
    const view = { connected: new Set([1, 2]) };
    const waiting = step(proposal, stay, view);
    expect(waiting.kind).toBe('wait');
    expect(waiting).toHaveProperty('because', expect.stringContaining('party-new'));
    expect(step(proposal, stay, { ...view, joining: new Set([3]) })).toMatchObject({ kind: 'start', signers: [1, 2] });
  });

  test('wait for a party that agreed and went away: nobody else can take its place', () => {
    const view = { connected: new Set([1]), joining: new Set([3]) };
    expect(step(propose(body(ROSTER)), stay, view)).toMatchObject({ kind: 'wait', missing: [2] });
  });

  test('do not start before the announcement is over, and say for how long', () => {
    const proposal = propose(body(announcing));
    const view = { connected: new Set([1, 2]), joining: new Set([3]) };
    const waiting = step(proposal, stay, { ...view, now: NOW + HOUR - 60 }, announcing);
    expect(waiting).toMatchObject({ kind: 'wait', until: NOW + HOUR });
    expect(waiting).toHaveProperty('because', expect.stringContaining('1 min'));
    expect(step(proposal, stay, { ...view, now: NOW + HOUR }, announcing)).toMatchObject({ kind: 'start' });
  });

  test('end by one veto, even of the party that is to leave', () => {
    const veto = [3, { decision: 'reject', judgement: 'deny' }] as const;
    expect(step(propose(body(ROSTER)), [...stay, veto])).toMatchObject({ kind: 'ended', code: 'REJECTED' });
  });
});
