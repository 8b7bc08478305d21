import { expect, test } from 'vitest';
import {
  type ClaimRequest,
  claimSession,
  endSession,
  type Permit,
  recordR2,
  recordR3,
} from '../../../participant/journal/claim.ts';
import type { Journal } from '../../../participant/journal/journal.ts';
import { BugError } from '../../../protocol/common/errors.ts';
import { claimOf, consent, EPOCH, id, openJournal, refusalOf, reopenJournal, unwrap, WALLET } from './samples.ts';

const SLOT = { chainId: 1n, nonce: 7n };

async function claim(journal: Journal, request: ClaimRequest): Promise<string> {
  return refusalOf(await claimSession(journal, request));
}

async function release(permit: Permit): Promise<void> {
  unwrap(await recordR2(permit, id(99), [], 1));
  unwrap(await recordR3(permit, 1));
}

test('of many concurrent claims of one session exactly one wins', async () => {
  const { journal } = await openJournal();
  await consent(journal, 1);
  const results = await Promise.all(Array.from({ length: 50 }, () => claimSession(journal, claimOf(1, 1))));
  expect(results.filter((result) => result.ok)).toHaveLength(1);
  expect(new Set(results.slice(1).map(refusalOf))).toEqual(new Set(['SESSION_USED']));
});

test('of many concurrent sessions for one consent exactly one wins', async () => {
  const { journal } = await openJournal();
  await consent(journal, 1);
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => claimSession(journal, claimOf(i, 1))));
  expect(results.map(refusalOf).sort()).toEqual([...Array.from({ length: 19 }, () => 'CONSENT_SPENT'), 'none']);
});

test('a session id never comes back: after the end, an abort, a crash', async () => {
  const first = await openJournal();
  for (const proposal of [1, 2, 3, 4]) await consent(first.journal, proposal);
  const one = unwrap(await claimSession(first.journal, claimOf(1, 1)));
  await release(one);
  unwrap(await endSession(one, 'completed', 'DONE'));
  unwrap(await endSession(unwrap(await claimSession(first.journal, claimOf(2, 2))), 'aborted', 'TIMEOUT'));
  unwrap(await claimSession(first.journal, claimOf(3, 3)));
  const { journal } = await reopenJournal(first);
  for (const session of [1, 2, 3]) expect(await claim(journal, claimOf(session, 4))).toBe('SESSION_USED');
  expect(await claim(journal, claimOf(4, 4))).toBe('none');
});

test('a session rests on the recorded own consent to this attempt', async () => {
  const { journal } = await openJournal();
  expect(await claim(journal, claimOf(1, 1))).toBe('CONSENT_MISSING');
  await consent(journal, 1);
  expect(await claim(journal, claimOf(1, 1, { attempt: 2 }))).toBe('CONSENT_MISSING');
  expect(await claim(journal, claimOf(1, 1, { consent: id(1) }))).toBe('CONSENT_MISSING');
  const counter = await journal.nextCounter();
  const body = id(1002);
  await journal.record({ type: 'verdict-given', proposal: id(2), attempt: 1, decision: 'reject', body, counter });
  expect(await claim(journal, claimOf(1, 2))).toBe('CONSENT_MISSING');
  expect(await claim(journal, claimOf(1, 1))).toBe('none');
});

test('a second digest for a released account, chain and nonce is refused, also after a restart', async () => {
  const first = await openJournal();
  for (const proposal of [1, 2, 3, 4, 5, 6, 7]) await consent(first.journal, proposal);
  const permit = unwrap(await claimSession(first.journal, claimOf(1, 1, { slot: SLOT })));
  await release(permit);
  unwrap(await endSession(permit, 'aborted', 'TIMEOUT'));
  const { journal } = await reopenJournal(first);
  expect(await claim(journal, claimOf(2, 2, { slot: SLOT }))).toBe('NONCE_ALREADY_RELEASED');
  // The same digest again, another nonce, chain or account, or a rule that allows replacement.
  const same = { slot: SLOT, digest: permit.session.digest };
  expect(await claim(journal, claimOf(2, 2, same))).toBe('none');
  expect(await claim(journal, claimOf(3, 3, { slot: { ...SLOT, nonce: 8n } }))).toBe('none');
  expect(await claim(journal, claimOf(4, 4, { slot: { ...SLOT, chainId: 2n } }))).toBe('none');
  expect(await claim(journal, claimOf(5, 5, { slot: SLOT, path: [0] }))).toBe('none');
  expect(await claim(journal, claimOf(6, 6, { slot: SLOT, walletId: id(3) }))).toBe('none');
  expect(await claim(journal, claimOf(7, 7, { slot: SLOT, replaces: true }))).toBe('none');
});

test('two digests for one nonce are not even signed side by side', async () => {
  const { journal } = await openJournal();
  for (const proposal of [1, 2]) await consent(journal, proposal);
  const permit = unwrap(await claimSession(journal, claimOf(1, 1, { slot: SLOT })));
  expect(await claim(journal, claimOf(2, 2, { slot: SLOT }))).toBe('NONCE_CLAIMED');
  unwrap(await endSession(permit, 'aborted', 'TIMEOUT'));
  expect(await claim(journal, claimOf(2, 2, { slot: SLOT }))).toBe('none');
});

test('the slot is checked again before R3', async () => {
  const { journal } = await openJournal();
  for (const proposal of [1, 2]) await consent(journal, proposal);
  const plain = unwrap(await claimSession(journal, claimOf(1, 1, { slot: SLOT })));
  unwrap(await recordR2(plain, id(99), [], 1));
  const replacing = unwrap(await claimSession(journal, claimOf(2, 2, { slot: SLOT, replaces: true })));
  await release(replacing);
  expect(refusalOf(await recordR3(plain, 1))).toBe('NONCE_ALREADY_RELEASED');
  expect(journal.state.session(id(1))?.released).toBe(false);
});

test('rounds are recorded once and in order', async () => {
  const { journal } = await openJournal();
  await consent(journal, 1);
  const permit = unwrap(await claimSession(journal, claimOf(1, 1)));
  expect(refusalOf(await recordR3(permit, 1))).toBe('SESSION_OUT_OF_ORDER');
  const results = await Promise.all([1, 2, 3].map(() => recordR2(permit, id(99), [], 1)));
  expect(results.map(refusalOf)).toEqual(['none', 'SESSION_OUT_OF_ORDER', 'SESSION_OUT_OF_ORDER']);
  unwrap(await recordR3(permit, 1));
  expect(refusalOf(await recordR3(permit, 1))).toBe('SESSION_OUT_OF_ORDER');
  unwrap(await endSession(permit, 'completed', 'DONE'));
  expect(refusalOf(await endSession(permit, 'aborted', 'TIMEOUT'))).toBe('SESSION_NOT_OPEN');
  expect(refusalOf(await recordR3(permit, 1))).toBe('SESSION_OUT_OF_ORDER');
});

test('a ban, a freeze or a withdrawal stops a session at every step', async () => {
  const { journal } = await openJournal();
  for (const proposal of [1, 2, 3, 4, 5]) await consent(journal, proposal);
  const atR2 = unwrap(await claimSession(journal, claimOf(1, 1)));
  const atR3 = unwrap(await claimSession(journal, claimOf(2, 2)));
  unwrap(await recordR2(atR3, id(99), [], 1));
  const ban = { type: 'ban', epochId: EPOCH, peer: 2, check: 'S3', failure: 'CHEAT', count: 1, software: '' } as const;
  await journal.record(ban);
  expect(refusalOf(await recordR2(atR2, id(99), [], 1))).toBe('PEER_BANNED');
  expect(refusalOf(await recordR3(atR3, 1))).toBe('PEER_BANNED');
  expect(await claim(journal, claimOf(3, 3))).toBe('PEER_BANNED');
  expect(await claim(journal, claimOf(3, 3, { signers: [1, 3] }))).toBe('none');
  await journal.record({ type: 'ban-lifted', epochId: EPOCH, peer: 2, counter: 1, statements: [id(1), id(2)] });
  await journal.record({ type: 'freeze', walletId: new Uint8Array(0), frozen: true, statement: id(1) });
  expect(refusalOf(await recordR2(atR2, id(99), [], 1))).toBe('WALLET_FROZEN');
  expect(await claim(journal, claimOf(4, 4))).toBe('WALLET_FROZEN');
  expect(await claim(journal, claimOf(4, 4, { evenFrozen: true, needsPairs: false }))).toBe('none');
  await journal.record({ type: 'freeze', walletId: new Uint8Array(0), frozen: false, statement: id(1) });
  await journal.record({ type: 'withdraw', proposal: id(1), attempt: 1, author: 'party:2' });
  await journal.record({ type: 'withdraw', proposal: id(5), attempt: 1, author: 'party:2' });
  expect(refusalOf(await recordR2(atR2, id(99), [], 1))).toBe('PROPOSAL_WITHDRAWN');
  expect(await claim(journal, claimOf(5, 5))).toBe('PROPOSAL_WITHDRAWN');
  expect(refusalOf(await recordR3(atR3, 1))).toBe('none');
});

test('a permit cannot be made by hand, and changing its copy changes nothing', async () => {
  const { journal } = await openJournal();
  await consent(journal, 1);
  const permit = unwrap(await claimSession(journal, claimOf(1, 1)));
  const forged = { ...permit } as Permit;
  await expect(recordR2(forged, id(99), [], 1)).rejects.toThrow(BugError);
  permit.session.digest.fill(0xff);
  permit.session.sessionId.fill(0xff);
  await release(permit);
  expect(journal.state.releasedSessions().map((row) => row.started.digest)).toEqual([id(5001)]);
});

test('a request that changes while it is checked is checked as it was', async () => {
  const { journal } = await openJournal();
  await consent(journal, 1);
  const request = claimOf(1, 1, { digest: id(42) });
  const claimed = claimSession(journal, request);
  request.digest.fill(0xee);
  request.sessionId.fill(0xee);
  unwrap(await claimed);
  expect(journal.state.session(id(1))?.started.digest).toEqual(id(42));
});

test('a malformed claim is our bug and writes nothing', async () => {
  const opened = await openJournal();
  await consent(opened.journal, 1);
  for (const changes of [
    { sessionId: new Uint8Array(31) },
    { signers: [] },
    { signers: [0] },
    { path: [2 ** 31] },
    { epochId: new Uint8Array(5) },
    { slot: { chainId: -1n, nonce: 0n } },
  ]) {
    await expect(claimSession(opened.journal, claimOf(1, 1, changes))).rejects.toThrow(BugError);
  }
  const { journal } = await reopenJournal(opened);
  expect(journal.state.session(id(1))).toBeUndefined();
  expect(await claim(journal, claimOf(1, 1, { walletId: WALLET }))).toBe('none');
});

test('the account itself is what uses up a nonce: two names of one address are one account', async () => {
  const first = await openJournal();
  for (const proposal of [1, 2, 3, 4, 5]) await consent(first.journal, proposal);
  const account = new Uint8Array(20).fill(7);
  const slot = { ...SLOT, account };
  const permit = unwrap(await claimSession(first.journal, claimOf(1, 1, { slot, path: [0, 5] })));
  await release(permit);
  unwrap(await endSession(permit, 'completed', 'SIGNED'));
  const { journal } = await reopenJournal(first);
  expect(await claim(journal, claimOf(2, 2, { slot, path: [0, 5] }))).toBe('NONCE_ALREADY_RELEASED');
  // The same key imported again, as the root key of another wallet.
  expect(await claim(journal, claimOf(2, 2, { slot, walletId: id(3) }))).toBe('NONCE_ALREADY_RELEASED');
  // A record of before addresses were kept still holds its path.
  expect(await claim(journal, claimOf(2, 2, { slot: SLOT, path: [0, 5] }))).toBe('NONCE_ALREADY_RELEASED');
  // Another derived key, and the root key.
  const other = { ...SLOT, account: new Uint8Array(20).fill(8) };
  expect(await claim(journal, claimOf(2, 2, { slot: other, path: [0, 6] }))).toBe('none');
  expect(await claim(journal, claimOf(3, 3, { slot: { ...SLOT, account: new Uint8Array(20).fill(9) } }))).toBe('none');
});
