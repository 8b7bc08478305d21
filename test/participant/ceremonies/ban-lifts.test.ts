/** A ban ends by the word of both key holders of the pair, and by nobody else's. */
import { describe, expect, test } from 'vitest';
import { BanLifts } from '../../../participant/ceremonies/ban-lifts.ts';
import type { NodeContext } from '../../../participant/context.ts';
import type { BanLiftOrder, Pairs } from '../../../participant/pairs/pairs.ts';
import type { FrameMessage } from '../../../proto/codec.ts';
import { signBanLift } from '../../../protocol/ceremony/ban-lift.ts';
import { parseEnvelope } from '../../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../../protocol/ceremony/wallet.ts';
import { ok } from '../../../protocol/common/result.ts';
import { keyOf, NOW, ROSTER } from '../../ceremony/support/members.ts';
import { must } from '../../support/must.ts';
import { id, openJournal, thrownRefusal } from '../journal/samples.ts';

const EPOCH = id(5);
const WALLET = { name: 'treasury', walletId: id(4), epochId: EPOCH } as unknown as Wallet;

/** A party of the roster, with what it kept and what it sent. */
async function party(self: number, kept: readonly Uint8Array[] = []) {
  const { journal } = await openJournal();
  const log: Uint8Array[] = [...kept];
  const sent: { readonly to: string; readonly bytes: Uint8Array }[] = [];
  const members = {
    send: async (to: string, frame: FrameMessage) => {
      if (frame.kind === 'statement') sent.push({ to, bytes: frame.envelope });
    },
  };
  const node = {
    roster: ROSTER,
    self,
    signer: keyOf(`party:${self}`),
    clock: { now: () => NOW },
    journal,
    members: () => members,
    note: () => undefined,
    wallets: { list: () => [WALLET], byEpoch: () => WALLET },
    exchange: {
      keep: async (_: string, bytes: Uint8Array) => void log.push(bytes),
      exclusively: async (action: () => Promise<unknown>) => await action(),
    },
  } as unknown as NodeContext;
  const pairs = {
    liftBan: async ({ counter, epochId, peer, statements }: BanLiftOrder) =>
      await journal.update(() =>
        ok({ record: { type: 'ban-lifted', epochId, peer, counter, statements }, value: undefined }),
      ),
  } as unknown as Pairs;
  const open = (): BanLifts => new BanLifts(node, pairs, log);
  const ban = (peer: number, count = 1): Promise<void> =>
    journal.record({ type: 'ban', epochId: EPOCH, peer, check: 'C1', failure: 'LEAK', count, software: 'keymoot' });
  return { lifts: open(), open, journal, sent, log, ban };
}

type Someone = Awaited<ReturnType<typeof party>>;

async function deliver(from: number, { sent }: Someone, to: Someone): Promise<void> {
  for (const { bytes } of sent.splice(0)) await to.lifts.receive(must(parseEnvelope(bytes)), `party:${from}`);
}

const isBanned = ({ journal }: Someone, peer: number): boolean => journal.state.pairs.isBarred(EPOCH, peer);

describe('a ban', () => {
  test('stays until both have lifted it, then both count the lift', async () => {
    const [one, two] = [await party(1), await party(2)];
    await one.ban(2);
    expect(await one.lifts.lift(WALLET, 2)).toBe('waiting');
    expect(one.sent.map(({ to }) => to)).toEqual(['party:2']);
    await deliver(1, one, two);
    expect(isBanned(one, 2)).toBe(true);
    expect(two.lifts.list()).toMatchObject([{ peer: 1, banned: false, lift: 'peer' }]);
    expect(await two.lifts.lift(WALLET, 1)).toBe('lifted');
    await deliver(2, two, one);
    expect(isBanned(one, 2)).toBe(false);
    for (const [someone, peer] of [[one, 2] as const, [two, 1] as const]) {
      expect(someone.journal.state.pairs.liftedCount(EPOCH, peer)).toBe(1);
    }
    expect(one.lifts.list()).toEqual([]);
  });

  test('is lifted after a restart by what was kept, when the two connect again', async () => {
    const [one, two] = [await party(1), await party(2)];
    await one.ban(2);
    await one.lifts.lift(WALLET, 2);
    await deliver(1, one, two);
    await two.lifts.lift(WALLET, 1);
    two.sent.length = 0; // Lost on the way.
    const [oneAgain, twoAgain] = [one.open(), two.open()];
    await twoAgain.greet(1);
    for (const { bytes } of two.sent.splice(0)) await oneAgain.receive(must(parseEnvelope(bytes)), 'party:2');
    expect(isBanned(one, 2)).toBe(false);
  });

  test('is not lifted by one of them twice, by a third party, by somebody who passes it on, or by an operator', async () => {
    const [one, two] = [await party(1), await party(2)];
    await one.ban(2);
    await one.lifts.lift(WALLET, 2);
    await one.lifts.lift(WALLET, 2);
    const half = (author: number, pair: readonly [number, number], key: string) =>
      signBanLift({ roster: ROSTER.digest, epochId: EPOCH, pair, counter: 1, party: author, created: NOW }, keyOf(key));
    const genuine = half(2, [1, 2], 'party:2').envelope;
    await one.lifts.receive(genuine, 'party:3');
    await one.lifts.receive(half(2, [1, 2], 'operator:ops').envelope, 'party:2');
    await one.lifts.receive(half(3, [1, 3], 'party:3').envelope, 'party:3');
    await one.lifts.receive(half(2, [2, 3], 'party:2').envelope, 'party:2');
    expect(isBanned(one, 2)).toBe(true);
    expect(isBanned(two, 1)).toBe(false);
    await one.lifts.receive(genuine, 'party:2');
    expect(isBanned(one, 2)).toBe(false);
  });

  test('is lifted once an epoch; where there is none, there is nothing to lift', async () => {
    const [one, two] = [await party(1), await party(2)];
    expect(await thrownRefusal(one.lifts.lift(WALLET, 2))).toBe('NOT_BANNED');
    await one.ban(2);
    await one.lifts.lift(WALLET, 2);
    await deliver(1, one, two);
    await two.lifts.lift(WALLET, 1);
    await deliver(2, two, one);
    await one.ban(2, 2);
    expect(one.lifts.list()).toMatchObject([{ banned: true, permanent: true }]);
    expect(await thrownRefusal(one.lifts.lift(WALLET, 2))).toBe('BAN_PERMANENT');
    expect(isBanned(one, 2)).toBe(true);
  });
});
