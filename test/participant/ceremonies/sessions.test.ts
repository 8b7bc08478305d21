/** Which starts a party takes up, and what may still come between a start and the first message of its run. */
import { describe, expect, test } from 'vitest';
import { beginRun, type RunParts } from '../../../participant/ceremonies/run-session.ts';
import type { Session } from '../../../participant/ceremonies/session.ts';
import { Sessions, type SessionsOptions } from '../../../participant/ceremonies/sessions.ts';
import type { NodeContext } from '../../../participant/context.ts';
import { CeremonyBook } from '../../../protocol/ceremony/book.ts';
import { newCeremony } from '../../../protocol/ceremony/lifecycle.ts';
import type { OutcomeBody } from '../../../protocol/ceremony/outcome.ts';
import type { Proposal } from '../../../protocol/ceremony/proposal.ts';
import { standings } from '../../../protocol/ceremony/quorum.ts';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import { keygenPlan } from '../../../protocol/ceremony/run-plan.ts';
import type { Statement } from '../../../protocol/ceremony/statement.ts';
import {
  answer,
  endOf,
  importBody,
  keygenBody,
  keyOf,
  NOW,
  propose,
  ROSTER,
  rosterBody,
  sealed,
  startOf,
  withdraw,
} from '../../ceremony/support/members.ts';
import { must } from '../../support/must.ts';
import { vec } from '../../threshold/support/labels.ts';
import { openJournal } from '../journal/samples.ts';

/** Party 1 with these statements in its book, at a time of its own. */
function party(roster: Roster, statements: readonly Statement<unknown>[], heldBack?: string) {
  const book = new CeremonyBook(roster);
  for (const { envelope } of statements) must(book.apply(envelope, NOW));
  const time = { now: NOW, timers: 0 };
  const notes: string[] = [];
  const node = {
    roster,
    book,
    self: 1,
    statementKey: keyOf('party:1').publicKey,
    note: (code: string) => void notes.push(code),
    clock: {
      now: () => time.now,
      after: () => {
        time.timers += 1;
        return () => undefined;
      },
    },
  } as unknown as NodeContext;
  const held = { why: heldBack };
  const sessions = new Sessions({ node, heldBack: () => held.why } as unknown as SessionsOptions);
  return { book, held, node, notes, sessions, time };
}

const entryOf = (book: CeremonyBook, { digest }: Proposal) => {
  const entry = book.get(digest);
  if (entry === undefined) throw new Error('the proposal is not in the book');
  return entry;
};

describe('a start during the announcement', () => {
  const patient = sealed(rosterBody({ announcement: 1000 }));
  const imported = propose({ ...importBody(), roster: patient.digest });
  const byHand = { judgement: 'require', byHand: true, expires: imported.body.expires, rules: [] } as const;
  const consents = [1, 2, 3].map((index) => answer(imported, index, byHand));
  const started = (created: number) => {
    const before = party(patient, [imported, ...consents]);
    const listed = standings(entryOf(before.book, imported).ceremony, patient);
    return party(patient, [imported, ...consents, startOf(imported, listed, { signers: [1, 2, 3], created })]);
  };

  test('is looked at again when it is over', async () => {
    const { book, notes, sessions, time } = started(NOW + 1000);
    await sessions.considerStarts(entryOf(book, imported));
    expect([notes, time.timers]).toEqual([['ANNOUNCEMENT_RUNNING'], 1]);
  });

  test('is not looked at again and again if it is itself dated too early', async () => {
    const { book, notes, sessions, time } = started(NOW + 999);
    time.now = NOW + 1000;
    await sessions.considerStarts(entryOf(book, imported));
    expect([notes, time.timers]).toEqual([['ANNOUNCEMENT_RUNNING'], 0]);
  });
});

test('a start is not taken if the attempt before it was vetoed, whenever that is heard', async () => {
  const first = propose({ ...importBody() });
  const { created, expires } = first.body;
  const second = propose({
    ...first.body,
    attempt: 2,
    previous: first.digest,
    created: created + 1,
    expires: expires + 1,
  });
  const start = startOf(second, standings(newCeremony(second), ROSTER), { attempt: 2, signers: [1, 2, 3] });
  const heard = party(ROSTER, [first, second, start, withdraw(first, 'party:3')]);
  await heard.sessions.considerStarts(entryOf(heard.book, second));
  expect(heard.notes).toEqual([]);
  const { book, notes, sessions } = party(ROSTER, [first, second, start]);
  await sessions.considerStarts(entryOf(book, second));
  expect(notes).toEqual(['QUORUM_MISSING']);
});

describe('a start', () => {
  const keygen = propose(keygenBody());
  // It lists nobody as having consented: enough to be looked at, and refused.
  const start = startOf(keygen, standings(newCeremony(keygen), ROSTER), { signers: [1, 2, 3] });

  test('waits while a peer may know more of this node than its own disk', async () => {
    const { book, held, notes, sessions } = party(ROSTER, [keygen, start], 'counters are not compared yet');
    await sessions.considerStarts(entryOf(book, keygen));
    expect(notes).toEqual([]);
    held.why = undefined;
    await sessions.considerAll();
    expect(notes).toEqual(['QUORUM_MISSING']);
  });

  test('is over for a party that has signed that it is out', async () => {
    const out: Partial<OutcomeBody> = { abort: { failure: 'CRASH', check: 'restart', culprits: [] } };
    const { book, notes, sessions } = party(ROSTER, [keygen, start, endOf(keygen, 1, out)]);
    await sessions.considerStarts(entryOf(book, keygen));
    expect(notes).toEqual([]);
  });
});

test('a veto that came while a run was being prepared ends it before its first message', async () => {
  const keygen = propose(keygenBody());
  const consent = answer(keygen, 1);
  const { book, node } = party(ROSTER, [keygen, consent]);
  const { journal } = await openJournal();
  const counter = await journal.nextCounter();
  const { digest, envelope } = consent;
  await journal.record({
    type: 'verdict-given',
    proposal: keygen.digest,
    attempt: 1,
    decision: 'consent',
    body: digest,
    counter,
    statement: envelope.bytes,
  });
  must(book.apply(withdraw(keygen, 'party:3').envelope, NOW));
  const parts = {
    node: { ...node, journal, wallets: { generationFault: () => undefined } },
  } as unknown as RunParts;
  let begun = false;
  const session = {
    sessionId: vec('session'),
    start: startOf(keygen, [], { signers: [1, 2, 3] }),
    begin: () => {
      begun = true;
    },
  } as unknown as Session;
  const body = keygenBody();
  const plan = keygenPlan(ROSTER, keygen.digest, body);
  const done = await beginRun(parts, session, { proposal: keygen, plan, source: keygen.envelope });
  expect(done).toMatchObject({ ok: false, error: { code: 'WITHDRAWN' } });
  expect(begun).toBe(false);
  expect(journal.state.session(vec('session'))).toMatchObject({ phase: 'aborted', reason: 'WITHDRAWN' });
});
