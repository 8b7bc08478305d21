/** Reserved with the consent, kept by the journal, freed by proof alone. */
import { describe, expect, test } from 'vitest';
import { claimSession, recordR2, recordR3 } from '../../../participant/journal/claim.ts';
import type { Proposal } from '../../../protocol/ceremony/proposal.ts';
import { standings } from '../../../protocol/ceremony/quorum.ts';
import type { Statement } from '../../../protocol/ceremony/statement.ts';
import type { Assessment } from '../../../protocol/payload/risk/assess.ts';
import { answer, endOf, LIFE, NOW, ROSTER, startOf, withdraw } from '../../ceremony/support/members.ts';
import { limitsOf } from '../../policy/support/desk.ts';
import { ALICE, BOB } from '../../policy/support/payloads.ts';
import { must } from '../../support/must.ts';
import { vec } from '../../threshold/support/labels.ts';
import { claimOf, id, refusalOf } from '../journal/samples.ts';
import { accountOf, dayLimit, Party, payment, proposalOf, WALLET_ID } from './party.ts';

interface Consented {
  readonly party: Party;
  readonly payload: Assessment;
  readonly proposal: Proposal;
}

async function consented(value = 6n): Promise<Consented> {
  const party = await Party.open(dayLimit(10n));
  const payload = payment(value);
  const proposal = proposalOf(payload);
  expect(await party.answers(proposal, payload)).toBe('consent');
  return { party, payload, proposal };
}

/** Its session, up to the permit. */
async function claimed({ party, payload, proposal }: Consented) {
  const own = there(party.book.get(proposal.digest)?.ceremony.verdicts.get(1));
  return await claimSession(
    party.opened.journal,
    claimOf(1, 1, {
      proposal: proposal.digest,
      walletId: WALLET_ID,
      digest: payload.decoded.digest,
      consent: own.digest,
      needsPairs: false,
    }),
  );
}

/** A start by which the two others sign. */
function started(party: Party, proposal: Proposal, payload: Assessment): readonly Statement<unknown>[] {
  const { digest } = payload.decoded;
  const consents = [2, 3].map((index) => answer(proposal, index, { reading: { digest, tree: vec('members/tree') } }));
  party.hears(...consents);
  const { ceremony } = there(party.book.get(proposal.digest));
  return [startOf(proposal, standings(ceremony, ROSTER), { signers: [2, 3], digest })];
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing is there');
  return value;
}

describe('a consent', () => {
  test('reserves in its own record, and a restart keeps it', async () => {
    const { party } = await consented(6n);
    expect(party.used).toBe(6n);
    const later = await party.restarted();
    expect(later.used).toBe(6n);
    const more = payment(5n);
    expect(await later.answers(proposalOf(more), more)).toBe('reject');
    const fits = payment(4n);
    expect(await later.answers(proposalOf(fits), fits)).toBe('consent');
    expect(later.used).toBe(10n);
  });

  test('is not recorded if the room it was judged by is gone meanwhile', async () => {
    const party = await Party.open(dayLimit(10n));
    const [a, b] = [payment(6n), payment(6n)];
    const [first, second] = [proposalOf(a), proposalOf(b)];
    party.hears(first, second);
    const judged = [party.judge(first, a), party.judge(second, b)] as const;
    expect(await party.record(first, judged[0])).toBe('consent');
    expect(await party.record(second, judged[1])).toBe('LEDGER_MOVED');
    expect(party.used).toBe(6n);
    expect(await party.answers(second, b)).toBe('reject');
  });

  test('200 at once against one limit: exactly what fits is let through', async () => {
    const party = await Party.open(dayLimit(50n));
    const all = Array.from({ length: 200 }, () => {
      const payload = payment(1n);
      return { payload, proposal: proposalOf(payload) };
    });
    for (const { proposal } of all) party.hears(proposal);
    // Every one of them is judged before any is recorded: what was true for all is still true for one.
    const judged = all.map(({ payload, proposal }) => party.judge(proposal, payload));
    const stale = await Promise.all(all.map(({ proposal }, i) => party.record(proposal, there(judged[i]))));
    expect(stale.filter((answer) => answer === 'consent')).toHaveLength(1);
    expect(stale.filter((answer) => answer === 'LEDGER_MOVED')).toHaveLength(199);
    const left = all.filter((_, i) => stale[i] !== 'consent');
    const answers = await Promise.all(
      left.map(({ payload, proposal }) => party.exclusively(() => party.answers(proposal, payload))),
    );
    expect(answers.filter((answer) => answer === 'consent')).toHaveLength(49);
    expect(answers.filter((answer) => answer === 'reject')).toHaveLength(150);
    expect(party.used).toBe(50n);
    expect((await party.restarted()).used).toBe(50n);
  });

  test('to the same bytes for another account of the wallet is a charge of its own', async () => {
    const { party, payload, proposal } = await consented(6n);
    const child = { path: [1], address: accountOf(BOB), nonce: vec('limits/child').slice(0, 16) };
    const other = proposalOf(payload, child);
    expect(await party.answers(other, payload)).toBe('reject');
    const small = payment(4n);
    for (const [i, address] of [accountOf(BOB), accountOf(ALICE)].entries()) {
      const nonce = vec(`limits/small/${i}`).slice(0, 16);
      const answer = await party.answers(proposalOf(small, { path: [i + 1], address, nonce }), small);
      expect(answer).toBe(i === 0 ? 'consent' : 'reject');
    }
    expect(party.used).toBe(10n);
    // What is freed of one is not freed of the other.
    party.hears(withdraw(proposal, 'party:2'));
    await party.note(proposal);
    for (const index of [2, 3]) await party.settledBy(proposal, index);
    expect(party.used).toBe(4n);
    expect((await party.restarted()).used).toBe(4n);
  });

  test('is charged to the operator who asks, also where another had asked for the same bytes', async () => {
    const day = { measure: 'amount', asset: 'ETH', windowSec: 86_400, max: '10' };
    const party = await Party.open(limitsOf([{ id: 'day', ...day, per: ['wallet', 'initiator'] }]));
    const payload = payment(6n);
    expect(await party.answers(proposalOf(payload, { initiator: 'eve' }), payload)).toBe('consent');
    expect(await party.answers(proposalOf(payload), payload)).toBe('consent');
    const more = payment(5n);
    expect(await party.answers(proposalOf(more), more)).toBe('reject');
  });

  test('to a later attempt of the same payload is no second charge', async () => {
    const { party, payload, proposal } = await consented(6n);
    const { created, expires, nonce } = proposal.body;
    const next = { attempt: 2, previous: proposal.digest, nonce, created: created + 1, expires: expires + 1 };
    const again = proposalOf(payload, next);
    expect(await party.answers(again, payload)).toBe('consent');
    expect(party.used).toBe(6n);
    // The same bytes asked for anew are the same payload, too.
    expect(await party.answers(proposalOf(payload), payload)).toBe('consent');
    expect(party.used).toBe(6n);
  });
});

describe('a charge is freed', () => {
  test('when every party has rejected, settled, or signed that it released nothing', async () => {
    const { party, proposal } = await consented();
    party.hears(withdraw(proposal, 'party:2'));
    await party.note(proposal);
    expect(party.said).toBe(1);
    expect(party.used).toBe(6n);
    await party.settledBy(proposal, 2);
    expect(party.used).toBe(6n);
    await party.settledBy(proposal, 3);
    expect(party.used).toBe(0n);
    expect(party.notes).toEqual(['CHARGE_FREED']);
    // With or without the log, for good.
    expect((await party.restarted([])).used).toBe(0n);
  });

  test('not as long as one of them is silent, however long', async () => {
    const { party, proposal } = await consented();
    party.hears(withdraw(proposal, 'party:2'));
    await party.settledBy(proposal, 2);
    party.now = NOW + 30 * 86_400;
    await party.note(proposal);
    expect(party.used).toBe(6n);
  });

  test('when all signers of a failed session say so, and those who did not sign settle', async () => {
    const { party, payload, proposal } = await consented();
    party.hears(...started(party, proposal, payload), endOf(proposal, 2));
    await party.note(proposal);
    expect(party.said).toBe(0);
    party.hears(endOf(proposal, 3));
    await party.note(proposal);
    expect(party.said).toBe(1);
    expect(party.used).toBe(0n);
  });

  test('not if one of them released, whatever the others say', async () => {
    const { party, payload, proposal } = await consented();
    party.hears(...started(party, proposal, payload), endOf(proposal, 2), endOf(proposal, 3, { released: true }));
    await party.note(proposal);
    await party.settledBy(proposal, 2);
    await party.settledBy(proposal, 3);
    expect(party.used).toBe(6n);
    expect((await party.restarted([])).used).toBe(6n);
  });

  test('when the proposal has expired and nobody has said anything', async () => {
    const { party, proposal } = await consented();
    await party.note(proposal);
    expect(party.said).toBe(0);
    const timer = there(party.timers.at(-1));
    // Its own consent lapses first, and then too few are left who could still agree.
    party.now = NOW + LIFE + 1;
    timer.action();
    await party.exclusively(async () => undefined);
    expect(party.said).toBe(1);
    await party.settledBy(proposal, 2);
    await party.settledBy(proposal, 3);
    expect(party.used).toBe(0n);
  });

  test('not by settlements that others sign in its name, or that are of another attempt', async () => {
    const story = await consented();
    const { party, payload, proposal } = story;
    must(await claimed(story));
    party.hears(withdraw(proposal, 'party:2'));
    await party.settledBy(proposal, 1);
    await party.settledBy(proposal, 2);
    await party.settledBy(proposal, 3);
    expect(party.used).toBe(6n);
    const other = proposalOf(payload);
    expect(await party.answers(other, payload)).toBe('consent');
    party.hears(withdraw(other, 'party:2'));
    await party.note(other);
    expect(party.said).toBe(1);
    expect(party.used).toBe(6n);
  });
});

describe('a crash', () => {
  test('between the last message and the outcome leaves the charge, and nothing can be settled any more', async () => {
    const story = await consented();
    const { party, proposal } = story;
    const permit = must(await claimed(story));
    must(await recordR2(permit, id(7), [{ party: 2, hash: id(8) }], 1));
    must(await recordR3(permit, 1, NOW + 5));
    const later = await party.restarted([]);
    expect(later.used).toBe(6n);
    later.hears(withdraw(proposal, 'party:2'));
    await later.note(proposal);
    await later.settledBy(proposal, 2);
    await later.settledBy(proposal, 3);
    expect(later.said).toBe(0);
    expect(later.used).toBe(6n);
    const settled = await later.opened.journal.update(() => ({
      ok: true,
      value: { record: { type: 'settled', proposal: proposal.digest, attempt: 1 }, value: undefined },
    }));
    expect(refusalOf(settled)).toBe('DIGEST_RELEASED');
  });

  test('before anything was released leaves the charge until all have said so', async () => {
    const story = await consented();
    const { party, proposal } = story;
    must(await claimed(story));
    const later = await party.restarted();
    later.hears(withdraw(proposal, 'party:2'));
    await later.note(proposal);
    // It was in a session: it signs an outcome, and no settlement.
    expect(later.said).toBe(0);
    await later.settledBy(proposal, 2);
    await later.settledBy(proposal, 3);
    expect(later.used).toBe(6n);
    later.hears(endOf(proposal, 1, { abort: { failure: 'CRASH', check: 'restart', culprits: [] } }));
    await later.note(proposal);
    expect(later.used).toBe(0n);
  });

  test('between settling and saying so: it is said after the restart, and no session is claimed', async () => {
    const story = await consented();
    const { party, proposal } = story;
    party.hears(withdraw(proposal, 'party:2'));
    const written = await party.opened.journal.update(() => ({
      ok: true,
      value: { record: { type: 'settled', proposal: proposal.digest, attempt: 1 }, value: undefined },
    }));
    expect(refusalOf(written)).toBe('none');
    const later = await party.restarted([]);
    expect(refusalOf(await claimed({ ...story, party: later }))).not.toBe('none');
    await later.exclusively(() => later.limits.noteAll());
    expect(later.said).toBe(1);
  });

  test('of the log alone: a settlement that was lost is said again, those of others come again', async () => {
    const { party, proposal } = await consented();
    party.hears(withdraw(proposal, 'party:2'));
    await party.note(proposal);
    await party.settledBy(proposal, 2);
    const later = await party.restarted([]);
    await later.exclusively(() => later.limits.noteAll());
    expect(later.said).toBe(1);
    await later.settledBy(proposal, 3);
    expect(later.used).toBe(6n);
    await later.settledBy(proposal, 2);
    expect(later.used).toBe(0n);
  });
});

test('who has settled claims no session and releases nothing', async () => {
  const story = await consented();
  const { party, proposal } = story;
  const permit = must(await claimed(story));
  must(await recordR2(permit, id(7), [{ party: 2, hash: id(8) }], 1));
  const done = await party.opened.journal.update(() => ({
    ok: true,
    value: { record: { type: 'settled', proposal: proposal.digest, attempt: 1 }, value: undefined },
  }));
  expect(refusalOf(done)).toBe('none');
  expect(refusalOf(await recordR3(permit, 1, NOW))).toBe('CEREMONY_SETTLED');
  const other = await consented();
  other.party.hears(withdraw(other.proposal, 'party:3'));
  await other.party.note(other.proposal);
  expect(refusalOf(await claimed(other))).toBe('CEREMONY_SETTLED');
});
