/** What a corrupt signer sends must not end up in what an honest one signs, so that nobody accepts it. */
import { describe, expect, test } from 'vitest';
import { crewOfParties } from '../../../participant/ceremonies/crew.ts';
import { Session } from '../../../participant/ceremonies/session.ts';
import type { NodeContext } from '../../../participant/context.ts';
import type { Found } from '../../../protocol/ceremony/evidence/gather.ts';
import { newCeremony } from '../../../protocol/ceremony/lifecycle.ts';
import { type Outcome, openOutcome } from '../../../protocol/ceremony/outcome.ts';
import type { Envelope, Statement } from '../../../protocol/ceremony/statement.ts';
import { type EnvelopeFields, encodeEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { answer, keyOf, NOW, propose, ROSTER, standingOf, startOf } from '../../ceremony/support/members.ts';
import { must } from '../../support/must.ts';
import { vec } from '../../threshold/support/labels.ts';

const SIGN = 0x30;
const SIGN_PAIR = 0x31;
const COMPLAINT = 0x15;

const proposal = propose();
const start = startOf(
  proposal,
  [1, 2, 3].map((party) => standingOf(answer(proposal, party))),
);

/** Party 1 in a session with party 2; what it publishes is opened as everybody else opens it. */
function sessionOfOne(crew = crewOfParties(ROSTER, start.body.signers)): { session: Session; published(): Outcome } {
  const published: Envelope[] = [];
  const nothing = async (): Promise<void> => undefined;
  const node = {
    roster: ROSTER,
    self: 1,
    statementKey: keyOf('party:1').publicKey,
    signer: keyOf('party:1'),
    clock: { now: () => NOW, monotonic: () => 0, after: () => () => undefined },
    random: { bytes: (length: number) => new Uint8Array(length) },
    journal: { nextCounter: async () => 7 },
    exchange: {
      exclusively: async (action: () => Promise<void>) => action(),
      keep: nothing,
      publish: async (statement: Statement<unknown>) => void published.push(statement.envelope),
    },
    members: () => ({ send: nothing, sendAll: nothing }),
    note: () => undefined,
  } as unknown as NodeContext;
  const session = new Session(node, start, crew);
  return { session, published: () => must(openOutcome(published[0] ?? proposal.envelope, ROSTER)) };
}

function said(fields: Partial<EnvelopeFields>, member = 'party:2'): Uint8Array {
  const sid = start.body.sessionId;
  const all = { type: SIGN_PAIR, round: 1, from: 2, to: 1, sid, body: vec('body'), ...fields };
  return encodeEnvelope(all, keyOf(member).sign);
}

const aborted = { abort: { failure: 'BENIGN', check: 'deadline', culprits: [] } };

describe('the outcome of a session', () => {
  test('opens, whatever receivers, types and rounds a corrupt signer puts into its messages', async () => {
    const { session, published } = sessionOfOne();
    for (const to of [0, 1, 2, 3, 21, 200, 255]) session.deliver(said({ to }));
    for (const type of [0, 0x10, 0x11, 0x40, 255]) session.deliver(said({ type }));
    for (const round of [0, 3, 255]) session.deliver(said({ round }));
    await session.end(aborted, false);
    expect(published().body.unicasts).toMatchObject([{ type: SIGN_PAIR, round: 1, from: 2, to: 1 }]);
  });

  test('has room for the own messages after any flood', async () => {
    const { session, published } = sessionOfOne();
    for (let i = 0; i < 300; i++) session.deliver(said({ body: vec(`flood ${i}`) }));
    await session.send(2, said({ round: 2, from: 1, to: 2 }, 'party:1'));
    await session.end(aborted, false);
    expect(published().body.unicasts.map(({ from, to }) => [from, to])).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });

  test('opens after a complaint, which goes to each member by itself and is addressed to all', async () => {
    const { session, published } = sessionOfOne(crewOfParties(ROSTER, [1, 2]));
    await session.send(2, said({ type: COMPLAINT, round: 8, from: 1, to: 0 }, 'party:1'));
    await session.end({ abort: { failure: 'BLAME', check: 'K7', culprits: [2] } }, false);
    expect(published().body.abort?.culprits).toEqual([2]);
  });
});

test('a guest publishes no outcome, and keeps what proves somebody guilty', async () => {
  const kept: string[] = [];
  const published: unknown[] = [];
  const rival = propose({ ...proposal.body, note: 'the other face' });
  const node = {
    roster: ROSTER,
    rosters: { successor: undefined },
    self: 0,
    statementKey: keyOf('party:1').publicKey,
    clock: { now: () => NOW },
    book: { get: () => ({ ceremony: newCeremony(proposal, NOW), conflict: rival, starts: [] }) },
    documents: { put: async () => new Uint8Array(32) },
    evidence: { keep: async (_: unknown, found: Found) => void kept.push(found.guilt.check) },
    exchange: {
      exclusively: async (action: () => Promise<void>) => action(),
      publish: async (statement: unknown) => void published.push(statement),
    },
    members: () => ({ sendAll: async () => undefined }),
    note: () => undefined,
  } as unknown as NodeContext;
  await new Session(node, start, crewOfParties(ROSTER, start.body.signers)).end(aborted, false);
  expect(kept).toEqual(['two-proposals']);
  expect(published).toEqual([]);
});

test('of the first round one broadcast and one message of each signer are heard, and none that nobody signed', () => {
  const { session } = sessionOfOne();
  for (let i = 0; i < 300; i++) {
    session.deliver(said({ body: vec(`pair ${i}`) }));
    session.deliver(said({ type: SIGN, to: 0, body: vec(`broadcast ${i}`) }));
    session.deliver(said({ type: i % 256, to: 0 }));
  }
  session.deliver(said({ from: 3 }, 'party:3'));
  session.deliver(said({ type: SIGN, to: 0, from: 1 }));
  expect(session.heard.map(({ party }) => party)).toEqual([2, 2]);
});
