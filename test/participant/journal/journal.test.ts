import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claimSession, endSession, recordR2, recordR3 } from '../../../participant/journal/claim.ts';
import { Journal } from '../../../participant/journal/journal.ts';
import { MAX_PAIR_FAILS } from '../../../participant/journal/pair-book.ts';
import { writeFileAtomic } from '../../../proto/rest/atomic-file.ts';
import { FullDisk } from '../../proto/rest/fault-disk.ts';
import { codeOf, counterRandom, errorOf, temporaryHome } from '../../proto/rest/temporary.ts';
import { claimOf, consent, EPOCH, id, openJournal, reopenJournal, thrownRefusal, unwrap, WALLET } from './samples.ts';

test('a journal needs the home lock, before and after', async () => {
  const { journal, lock } = await openJournal();
  expect(await codeOf(Journal.open(lock, { random: counterRandom() }).then((second) => second.close()))).toBe(
    'HOME_CORRUPT',
  );
  await lock.release();
  expect(await codeOf(journal.nextCounter())).toBe('HOME_LOST');
  expect(await codeOf(Journal.open(lock, { random: counterRandom() }))).toBe('HOME_LOST');
});

test('everything recorded is there after a restart', async () => {
  const first = await openJournal();
  const { journal } = first;
  await journal.record({ type: 'ceremony-seen', proposal: id(1), attempt: 1, kind: 'sign' });
  await consent(journal, 1);
  await journal.record({ type: 'policy-set', scope: 'common', version: 3, digest: id(33) });
  await journal.record({ type: 'withdraw', proposal: id(2), attempt: 1, author: 'operator:alice' });
  await journal.record({ type: 'prepared', walletId: WALLET, epochId: EPOCH, gen: 4 });
  await journal.record({ type: 'acked', walletId: WALLET, epochId: EPOCH, gen: 4 });
  await journal.record({ type: 'freeze', walletId: WALLET, frozen: true, statement: id(9) });
  const peer = { party: 2, statementKey: id(70), counter: 12, statement: new Uint8Array([1, 2, 3]) };
  await journal.record({ type: 'peer-counter', ...peer });
  const { journal: later } = await reopenJournal(first);
  const { state } = later;
  expect(state.hasSeen(id(1), 1)).toBe(true);
  expect(state.hasSeen(id(1), 2)).toBe(false);
  expect(state.verdict(id(1), 1)?.body).toEqual(id(1001));
  expect(state.counter).toBe(1);
  expect(state.policies.get('common')?.version).toBe(3);
  expect(state.withdrawal(id(2), 1)?.author).toBe('operator:alice');
  expect(state.ackedGeneration(WALLET)).toBe(4);
  expect([state.isFrozen(WALLET), state.isFrozen(id(1))]).toEqual([true, false]);
  expect(state.peerCounter(id(70))).toEqual({ type: 'peer-counter', ...peer });
  expect(later.tornBytes).toBe(0);
});

test('counters only rise, each is reserved once, even by many at once', async () => {
  const first = await openJournal();
  const counters = await Promise.all(Array.from({ length: 20 }, () => first.journal.nextCounter()));
  expect(counters).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  const { journal } = await reopenJournal(first);
  expect(await journal.nextCounter()).toBe(21);
});

test('an attempt gets one verdict, with a counter that was reserved for it', async () => {
  const { journal } = await openJournal();
  const verdict = (proposal: number, counter: number) =>
    journal.record({
      type: 'verdict-given',
      proposal: id(proposal),
      attempt: 1,
      decision: 'reject',
      body: id(proposal + 50),
      counter,
    });
  expect(await thrownRefusal(verdict(1, 1))).toBe('COUNTER_NOT_RESERVED');
  const counter = await journal.nextCounter();
  await verdict(1, counter);
  expect(await thrownRefusal(verdict(2, counter))).toBe('COUNTER_NOT_RESERVED');
  expect(await thrownRefusal(verdict(1, await journal.nextCounter()))).toBe('VERDICT_ALREADY_GIVEN');
});

test('versions, generations and counters of peers never go back', async () => {
  const { journal } = await openJournal();
  const policy = (version: number) =>
    journal.record({ type: 'policy-set', scope: 'own', version, digest: id(version) });
  const ack = (gen: number) => journal.record({ type: 'acked', walletId: WALLET, epochId: id(gen), gen });
  const peer = (counter: number) =>
    journal.record({ type: 'peer-counter', party: 2, statementKey: id(7), counter, statement: new Uint8Array(0) });
  await policy(5);
  await ack(5);
  await peer(5);
  for (const value of [4, 5]) {
    expect(await thrownRefusal(policy(value))).toBe('POLICY_VERSION_NOT_ABOVE');
    expect(await thrownRefusal(ack(value))).toBe('GENERATION_NOT_ABOVE');
    expect(await thrownRefusal(peer(value))).toBe('COUNTER_NOT_ABOVE');
  }
});

test('bans hold over restarts, are lifted once, and the second stays', async () => {
  const first = await openJournal();
  const ban = (journal: Journal, count: number, peer = 3) =>
    journal.record({ type: 'ban', epochId: EPOCH, peer, check: 'C1', failure: 'LEAK', count, software: 'x/1' });
  const lift = (journal: Journal, counter: number, peer = 3) =>
    journal.record({ type: 'ban-lifted', epochId: EPOCH, peer, counter, statements: [id(1), id(2)] });
  expect(await thrownRefusal(ban(first.journal, 2))).toBe('BAN_COUNT_WRONG');
  await ban(first.journal, 1);
  const second = await reopenJournal(first);
  const { pairs } = second.journal.state;
  expect(pairs.ban(EPOCH, 3)?.check).toBe('C1');
  expect([pairs.isBarred(EPOCH, 3), pairs.isBarred(EPOCH, 2), pairs.isBarred(id(1), 3)]).toEqual([true, false, false]);
  for (const counter of [2, 3]) expect(await thrownRefusal(lift(second.journal, counter))).toBe('BAN_COUNT_WRONG');
  await lift(second.journal, 1);
  expect([pairs.ban(EPOCH, 3), pairs.liftedCount(EPOCH, 3), pairs.banCount(EPOCH, 3)]).toEqual([undefined, 1, 1]);
  for (const counter of [1, 2]) expect(await thrownRefusal(lift(second.journal, counter))).toBe('BAN_PERMANENT');
  await ban(second.journal, 2);
  expect(await thrownRefusal(lift(second.journal, 2))).toBe('BAN_PERMANENT');
  const third = await reopenJournal(second);
  expect(third.journal.state.pairs.isBarred(EPOCH, 3)).toBe(true);
  expect(third.journal.state.pairs.liftedCount(EPOCH, 3)).toBe(1);
});

test('the side of a pair that has banned nobody counts a lift too, and one lift does not undo two bans', async () => {
  const { journal } = await openJournal();
  const { pairs } = journal.state;
  const ban = (peer: number, count: number) =>
    journal.record({ type: 'ban', epochId: EPOCH, peer, check: 'S3', failure: 'CHEAT', count, software: '' });
  const lift = (peer: number) =>
    journal.record({ type: 'ban-lifted', epochId: EPOCH, peer, counter: 1, statements: [id(1), id(2)] });
  await lift(2);
  expect(pairs.liftedCount(EPOCH, 2)).toBe(1);
  await ban(2, 1);
  expect(pairs.isBarred(EPOCH, 2)).toBe(true);
  expect(await thrownRefusal(lift(2))).toBe('BAN_PERMANENT');
  await ban(3, 1);
  await ban(3, 2);
  expect(await thrownRefusal(lift(3))).toBe('BAN_PERMANENT');
});

test('sixteen failed setups bar a pair until its key holder resets the count', async () => {
  const first = await openJournal();
  for (let i = 0; i < MAX_PAIR_FAILS; i++) {
    expect(first.journal.state.pairs.isBarred(EPOCH, 2)).toBe(false);
    await first.journal.record({ type: 'pair-fail', epochId: EPOCH, peer: 2, check: 'P3' });
  }
  const { journal } = await reopenJournal(first);
  expect(journal.state.pairs.isBarred(EPOCH, 2)).toBe(true);
  await journal.record({ type: 'pair-fail-reset', epochId: EPOCH, peer: 2 });
  expect(journal.state.pairs.isBarred(EPOCH, 2)).toBe(false);
});

test('sessions that a restart finds open are aborted, and what they released stays released', async () => {
  const first = await openJournal();
  for (const proposal of [1, 2, 3]) await consent(first.journal, proposal);
  const started = unwrap(await claimSession(first.journal, claimOf(1, 1)));
  const released = unwrap(await claimSession(first.journal, claimOf(2, 2)));
  const ended = unwrap(await claimSession(first.journal, claimOf(3, 3)));
  unwrap(await recordR2(released, id(20), [{ party: 2, hash: id(21) }], 1));
  unwrap(await recordR3(released, 1));
  unwrap(await endSession(ended, 'aborted', 'TIMEOUT'));
  expect(started.session.sessionId).toEqual(id(1));
  const second = await reopenJournal(first);
  expect(second.journal.crashed.map((row) => row.started.sessionId)).toEqual([id(1), id(2)]);
  const rows = [1, 2, 3].map((session) => second.journal.state.session(id(session)));
  expect(rows.map((row) => [row?.phase, row?.reason, row?.released])).toEqual([
    ['aborted', 'CRASH', false],
    ['aborted', 'CRASH', true],
    ['aborted', 'TIMEOUT', false],
  ]);
  expect(second.journal.state.releasedSessions().map((row) => row.started.digest)).toEqual([id(5002)]);
  const third = await reopenJournal(second);
  expect(third.journal.crashed).toEqual([]);
});

test('any single byte of the journal that differs is refused, and the file stays as it is', async () => {
  const { home, journal, lock } = await openJournal();
  await consent(journal, 1);
  await journal.close();
  await lock.release();
  const path = join(home, 'journal');
  const good = new Uint8Array(await readFile(path));
  for (let i = 0; i < good.length; i += 3) {
    const bad = good.slice();
    bad[i] = (bad[i] ?? 0) ^ (1 << (i % 8));
    await writeFile(path, bad);
    const error = await errorOf(openJournal(home));
    expect(error.code).toBe('JOURNAL_CORRUPT');
    expect(error.message).toMatch(/at offset [0-9]+/);
    expect(new Uint8Array(await readFile(path))).toEqual(bad);
  }
});

test('a whole record that cannot be ours is refused like damage', async () => {
  const { AppendLog } = await import('../../../proto/rest/append-log.ts');
  const impossible = [
    '{"type":"nothing"}',
    '{"type":"r3-sent","released":""}',
    `{"sessionId":"${'00'.repeat(32)}","outcome":"aborted","reason":"X","type":"session-ended"}`,
    `{"outcome":"aborted","reason":"X","sessionId":"${'00'.repeat(32)}","type":"session-ended"}`,
  ];
  for (const text of impossible) {
    const home = await temporaryHome();
    const log = await AppendLog.open({ path: join(home, 'journal'), id: new Uint8Array(16), replay: () => undefined });
    await log.append(new TextEncoder().encode(text));
    await log.close();
    expect(await codeOf(openJournal(home))).toBe('JOURNAL_CORRUPT');
  }
});

test('a journal that is gone, or that of another home, is no fresh start', async () => {
  const first = await openJournal();
  const other = await openJournal(undefined, undefined, 9);
  for (const { journal, lock } of [first, other]) {
    await journal.close();
    await lock.release();
  }
  const path = join(first.home, 'journal');
  await copyFile(path, join(first.home, 'kept'));
  await rm(path);
  expect(await codeOf(openJournal(first.home))).toBe('HOME_CORRUPT');
  await copyFile(join(other.home, 'journal'), path);
  expect(await codeOf(openJournal(first.home))).toBe('HOME_CORRUPT');
  await copyFile(join(first.home, 'kept'), path);
  expect((await openJournal(first.home)).journal.state.fencing).toBe(4);
});

test('a journal that is younger than the fencing epoch of its home is refused', async () => {
  const first = await openJournal();
  await copyFile(join(first.home, 'fencing-epoch'), join(first.home, 'backup'));
  const second = await reopenJournal(first);
  await second.journal.close();
  await second.lock.release();
  await writeFileAtomic(join(first.home, 'fencing-epoch'), new Uint8Array(await readFile(join(first.home, 'backup'))));
  expect(await codeOf(openJournal(first.home))).toBe('HOME_CORRUPT');
});

test.each(['write', 'sync'] as const)('a full disk at %s refuses the step and everything after it', async (at) => {
  const home = await temporaryHome();
  const disk = new FullDisk();
  const opened = await openJournal(home, disk);
  const { journal } = opened;
  await consent(journal, 1);
  disk.failing = at;
  expect(await codeOf(claimSession(journal, claimOf(1, 1)))).toBe('WRITE_FAILED');
  expect(journal.state.session(id(1))).toBeUndefined();
  disk.failing = 'no';
  expect(await codeOf(claimSession(journal, claimOf(2, 1)))).toBe('JOURNAL_STOPPED');
  const { journal: later } = await reopenJournal(opened);
  // What a failed write left on disk is believed after a restart only if it is whole; either way nothing runs twice.
  expect(later.state.verdict(id(1), 1)?.decision).toBe('consent');
  expect(later.state.openSessions()).toEqual([]);
});
