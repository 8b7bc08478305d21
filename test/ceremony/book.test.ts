import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BookEntry, CeremonyBook, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import { signClose } from '../../protocol/ceremony/close.ts';
import { signHeads } from '../../protocol/ceremony/heads.ts';
import type { Statement } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { vec } from '../threshold/support/labels.ts';
import {
  answer,
  codeOf,
  endOf,
  freshNonce,
  keyOf,
  NOW,
  propose,
  ROSTER,
  signingBody,
  standingOf,
  startOf,
  withdraw,
} from './support/members.ts';

function book(statements: readonly Statement<unknown>[] = [], now = NOW): CeremonyBook {
  const made = new CeremonyBook(ROSTER);
  for (const { envelope } of statements) made.apply(envelope, now);
  return made;
}

const proposal = propose();
const consents = [1, 2, 3].map((party) => answer(proposal, party));
const start = startOf(proposal, consents.map(standingOf));
const withdrawal = withdraw(proposal, 'party:2');
const outcome = endOf(proposal, 1);

describe('a book', () => {
  test('takes each statement once', () => {
    const made = book([proposal]);
    const first = made.apply(consents[0]?.envelope ?? proposal.envelope, NOW);
    expect(first.ok && first.value.fresh.map((item) => item.kind)).toEqual(['verdict']);
    const again = made.apply(consents[0]?.envelope ?? proposal.envelope, NOW);
    expect(again.ok && again.value.fresh).toEqual([]);
    expect(made.apply(proposal.envelope, NOW)).toMatchObject({ ok: true, value: { fresh: [] } });
    expect(made.get(proposal.digest)?.ceremony.verdicts.size).toBe(1);
  });

  test('keeps what comes before its proposal and releases it then', () => {
    const made = book();
    for (const early of [start, ...consents, withdrawal, outcome, start]) {
      expect(made.apply(early.envelope, NOW)).toEqual({ ok: true, value: { fresh: [], entry: undefined } });
    }
    const news = made.apply(proposal.envelope, NOW);
    const kinds = news.ok ? news.value.fresh.map((item) => item.kind) : [];
    expect(kinds[0]).toBe('proposal');
    expect([...kinds].sort()).toEqual(['outcome', 'proposal', 'start', 'verdict', 'verdict', 'verdict', 'withdrawal']);
    expect(made.get(proposal.digest)?.starts).toHaveLength(1);
  });

  test('an early statement that turns out foreign is dropped, not the proposal', () => {
    const made = book();
    made.apply(answer(proposal, 1, { attempt: 3 }).envelope, NOW);
    made.apply(withdraw(proposal, 'operator:eve').envelope, NOW);
    const news = made.apply(proposal.envelope, NOW);
    expect(news.ok && news.value.fresh.map((item) => item.kind)).toEqual(['proposal']);
  });

  test('drops the oldest of too many early statements of one author, and nobody else’s', () => {
    const made = book();
    const strangers = Array.from({ length: 101 }, (_, i) => propose(signingBody({ note: `${i}` })));
    made.apply(consents[0]?.envelope ?? proposal.envelope, NOW);
    for (const stranger of strangers) made.apply(withdraw(stranger, 'operator:ops').envelope, NOW);
    const kindsOf = (of: Statement<unknown> | undefined): readonly string[] => {
      const news = made.apply((of ?? proposal).envelope, NOW);
      return news.ok ? news.value.fresh.map((item) => item.kind) : [];
    };
    expect(kindsOf(proposal)).toEqual(['proposal', 'verdict']);
    expect(kindsOf(strangers[0])).toEqual(['proposal']);
    expect(kindsOf(strangers[1])).toEqual(['proposal', 'withdrawal']);
  });

  test('a further statement where one counts is no news: nobody can make the logs of all grow', () => {
    const made = book([proposal, ...consents, withdrawal, outcome]);
    const other = (party: number) => answer(proposal, party, { nonce: freshNonce() });
    const newsOf = (statement: Statement<unknown>): number => {
      const news = made.apply(statement.envelope, NOW);
      return news.ok ? news.value.fresh.length : -1;
    };
    expect([other(3), other(3), other(3)].map(newsOf)).toEqual([1, 0, 0]);
    expect(newsOf(withdraw(proposal, 'party:2', { reason: 'again' }))).toBe(0);
    expect(newsOf(endOf(proposal, 1, { counter: 77 }))).toBe(0);
    const starts = Array.from({ length: 8 }, (_, i) => {
      return startOf(proposal, consents.map(standingOf), { created: NOW + i }, 'party:3');
    });
    expect(starts.map(newsOf)).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(newsOf(start)).toBe(1);
  });

  test('an operator cannot fill the book with proposals that have expired already, nor at another’s expense', () => {
    const made = book();
    const stale = (): Statement<unknown> => propose(signingBody({ created: NOW - 100, expires: NOW - 50 }));
    for (let i = 0; i < 1200; i++) made.apply(stale().envelope, NOW);
    expect(codeOf(made.apply(stale().envelope, NOW))).toBe('BOOK_FULL');
    expect(codeOf(made.apply(propose(signingBody({ initiator: 'eve' })).envelope, NOW))).toBe('ok');
    expect(codeOf(made.apply(proposal.envelope, NOW + 3600))).toBe('ok');
  });

  test('has room for a thousand open proposals; expired ones take none', () => {
    const made = book();
    for (let i = 0; i < 1000; i++) {
      expect(codeOf(made.apply(propose(signingBody({ expires: NOW + 10 })).envelope, NOW))).toBe('ok');
    }
    expect(codeOf(made.apply(proposal.envelope, NOW))).toBe('BOOK_FULL');
    expect(made.get(proposal.digest)).toBeUndefined();
    expect(codeOf(made.apply(proposal.envelope, NOW + 10))).toBe('ok');
  });

  test('has no place for closes, heads and roster signatures', () => {
    const heads = signHeads({ party: 1, about: 2, created: NOW }, keyOf('party:1'));
    const end = {
      proposal: proposal.digest,
      author: 'party:1',
      ending: 'refused',
      entries: 2,
      head: vec('h'),
    } as const;
    const close = signClose({ ...end, root: vec('r'), counter: 3, created: NOW }, keyOf('party:1'));
    for (const { envelope } of [heads, close, ROSTER.file.signatures[0] ?? heads]) {
      expect(codeOf(book().apply(envelope, NOW))).toBe('STATEMENT_UNEXPECTED');
    }
  });

  test('an inadmissible proposal is kept with its reason, so that it can be rejected in public', () => {
    const made = book();
    for (const [change, code] of [
      [{ roster: vec('other roster') }, 'WRONG_ROSTER'],
      [{ created: NOW - 100, expires: NOW }, 'PROPOSAL_EXPIRED'],
      [{ created: NOW + 61, expires: NOW + 100 }, 'PROPOSAL_NOT_YET_VALID'],
      [{ attempt: 2, previous: vec('never seen') }, 'ATTEMPT_UNKNOWN'],
    ] as const) {
      const odd = propose(signingBody(change));
      expect(codeOf(made.apply(odd.envelope, NOW))).toBe('ok');
      expect(made.get(odd.digest)?.inadmissible?.code).toBe(code);
    }
  });
});

describe('one nonce, two proposals', () => {
  const second = propose({ ...signingBody({ note: 'the other face' }), nonce: proposal.body.nonce });

  test('marks both, in either order', () => {
    for (const order of [
      [proposal, second],
      [second, proposal],
    ]) {
      const made = book(order);
      expect(toHex(made.get(proposal.digest)?.conflict?.digest ?? new Uint8Array())).toBe(toHex(second.digest));
      expect(toHex(made.get(second.digest)?.conflict?.digest ?? new Uint8Array())).toBe(toHex(proposal.digest));
    }
  });

  test('a third face is marked too', () => {
    const third = propose({ ...signingBody({ note: 'a third face' }), nonce: proposal.body.nonce });
    const made = book([proposal, second, third]);
    expect(made.entries().every((entry) => entry.conflict !== undefined)).toBe(true);
  });

  test('of two operators, or in two attempts, are no conflict', () => {
    const other = propose(signingBody({ initiator: 'eve', nonce: proposal.body.nonce }));
    const later = propose({ ...proposal.body, attempt: 2, previous: proposal.digest });
    expect(
      book([proposal, other, later])
        .entries()
        .some((entry) => entry.conflict !== undefined),
    ).toBe(false);
  });
});

/** What an entry says, without the order in which it was learnt. */
function picture(entries: readonly BookEntry[]): string {
  const digests = (statements: Iterable<Statement<unknown>>): string =>
    [...statements]
      .map((s) => toHex(s.digest))
      .sort()
      .join();
  return entries
    .map(({ ceremony, conflict, inadmissible, starts }) =>
      [
        toHex(ceremony.proposal.digest),
        inadmissible?.code ?? '-',
        conflict === undefined ? '-' : 'conflict',
        digests([...ceremony.verdicts.values(), ...ceremony.equivocations.values()]),
        [...ceremony.equivocations.keys()].sort((a, b) => a - b).join(),
        digests(ceremony.withdrawals.values()),
        digests(starts),
        digests(ceremony.outcomes.values()),
      ].join('|'),
    )
    .sort()
    .join('\n');
}

test('whoever hears the same statements holds the same book, whatever the order and however often', () => {
  const second = propose({ ...signingBody({ note: 'the other face' }), nonce: proposal.body.nonce });
  const twice = answer(proposal, 3, { nonce: vec('twice').slice(0, 16) });
  const other = propose();
  const statements: readonly Statement<unknown>[] = [
    proposal,
    ...consents,
    twice,
    start,
    startOf(proposal, consents.map(standingOf), { signers: [2, 3] }, 'party:3'),
    withdrawal,
    outcome,
    endOf(proposal, 2),
    second,
    answer(second, 1, { decision: 'reject' }),
    other,
    answer(other, 2),
    withdraw(other, 'operator:ops'),
  ];
  const expected = picture(book(statements).entries());
  const order = fc.shuffledSubarray([...statements, ...statements], { minLength: statements.length * 2 });
  fc.assert(
    fc.property(order, (shuffled) => {
      expect(picture(book(shuffled).entries())).toBe(expected);
    }),
    { numRuns: 25 },
  );
});

test('an outcome of a session that never was is no outcome, whatever start its author makes up', () => {
  const ids = (statements: readonly Statement<unknown>[]): readonly number[] =>
    book(statements)
      .entries()
      .flatMap((entry) => reportedOutcomes(entry, ROSTER).map(({ body }) => body.party));
  const forged = endOf(proposal, 3, { sessionId: vec('a session of its own') });
  const away = [1, 2].map((party) => ({ party, answer: 'unreachable' }) as const);
  const madeUp = startOf(
    proposal,
    [...away, ...consents.slice(2).map(standingOf)],
    { sessionId: vec('a session of its own'), signers: [1, 3] },
    'party:3',
  );
  expect(ids([proposal, forged])).toEqual([]);
  expect(ids([proposal, ...consents, madeUp, forged])).toEqual([]);
  const stranger = endOf(proposal, 3, { sessionId: start.body.sessionId });
  const signer = endOf(proposal, 1, { sessionId: start.body.sessionId });
  expect(start.body.signers).toEqual([1, 2]);
  expect(ids([proposal, ...consents, start, stranger, signer])).toEqual([1]);
});
