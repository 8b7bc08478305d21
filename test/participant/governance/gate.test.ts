/** What a freeze, a change of policy and an old disk do to proposals: held, taken back, let through. */
import { expect, test } from 'vitest';
import type { BookEntry } from '../../../protocol/ceremony/book.ts';
import type { Judgement } from '../../../protocol/ceremony/judgement.ts';
import { policyDigest } from '../../../protocol/policy/canonical.ts';
import { put, rich } from '../../policy/support/versions.ts';
import { type Member, nextVersion, Town } from './town.ts';

const WALLET = new Uint8Array(32).fill(9);
const NONE = {} as Judgement;

/** As much of a ceremony as the gate looks at. */
function entryOf(ceremony: string, own?: { readonly digest: Uint8Array; readonly version: number }): BookEntry {
  const body = { ceremony, ...(ceremony === 'keygen' ? {} : { walletId: WALLET }) };
  const verdict = { body: { decision: 'consent', commonPolicy: own } };
  const verdicts = new Map(own === undefined ? [] : [[1, verdict]]);
  return { ceremony: { proposal: { body }, verdicts } } as unknown as BookEntry;
}

const holds = (member: Member, entry: BookEntry): string | undefined => member.governance.hold(entry, NONE, 0)?.code;

test('a freeze holds signings and exports, and nothing else', async () => {
  const town = await Town.under();
  const member = town.member(1);
  expect(holds(member, entryOf('sign'))).toBeUndefined();
  await member.governance.freeze(WALLET, 'stop');
  expect(['sign', 'export', 'reshare', 'keygen', 'import'].map((kind) => holds(member, entryOf(kind)))).toEqual([
    ...['WALLET_FROZEN', 'WALLET_FROZEN', undefined, undefined, undefined],
  ]);
  expect(member.governance.mayContinue(entryOf('sign'), 0)).toMatchObject({ reason: 'the wallet is frozen' });
  expect(member.governance.mayContinue(entryOf('reshare'), 0)).toBe(true);
  // Held, never vetoed: a rejection would end it for good.
  expect(member.governance.veto(entryOf('sign'), NONE, 0)).toBeUndefined();
});

test('a consent under another version is taken back, one under this version stands', async () => {
  const town = await Town.under();
  const member = town.member(1);
  const { common } = member;
  if (common === undefined) throw new Error('no policy');
  const consent = entryOf('sign', { digest: policyDigest(common), version: 1 });
  expect(member.governance.veto(consent, NONE, 0)).toBeUndefined();
  await member.give(nextVersion(rich(), (draft) => put(draft, 'rules.small.match.amount.max', '5')));
  expect(member.governance.veto(consent, NONE, 0)?.code).toBe('POLICY_CHANGED');
  expect(member.governance.veto(entryOf('reshare'), NONE, 0)).toBeUndefined();
});

test('who has answered by a later version than it knows answers nothing until it knows that', async () => {
  const town = await Town.under();
  const old = await town.snapshot(1);
  const next = nextVersion(rich(), (draft) => put(draft, 'rules.small.match.amount.max', '5'));
  await town.member(2).give(next);
  await old();
  const member = town.member(1);
  member.entries = [entryOf('sign', { digest: new Uint8Array(32), version: 2 })];
  expect([member.version, holds(member, entryOf('sign'))]).toEqual([1, 'POLICY_ROLLED_BACK']);
  await town.meet(1);
  expect([member.version, holds(member, entryOf('sign'))]).toEqual([2, undefined]);
});
