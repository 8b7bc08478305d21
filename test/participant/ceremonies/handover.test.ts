/** Who has left a key believes those who dealt and stayed, all of them, and nobody else. */
import { describe, expect, test } from 'vitest';
import { decodeFarewell, encodeFarewell, farewellOf } from '../../../participant/ceremonies/farewell.ts';
import {
  completed,
  dealtRoster,
  isHandedOver,
  isSaidByAll,
  nextRosters,
} from '../../../participant/ceremonies/handover.ts';
import type { NodeContext } from '../../../participant/context.ts';
import type { Held } from '../../../participant/wallets.ts';
import { CeremonyBook } from '../../../protocol/ceremony/book.ts';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import { type Envelope, parseEnvelope } from '../../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../../protocol/ceremony/wallet.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { type Ended, reshare } from '../../support/key-changes.ts';
import type { Moot } from '../../support/moot.ts';
import { must } from '../../support/must.ts';
import { treasuryMoot } from '../../support/treasury.ts';

const moot = treasuryMoot('handover');
const { wallet: made } = moot.keygen('treasury');
if (made === undefined) throw new Error('the keygen gave no key');
const from = made;

function successor(keys: readonly string[]): Moot {
  return treasuryMoot('handover', 1, { keys, after: moot });
}

const next = successor(['2', 'new', '1']);
const handed = reshare(moot, from, { next, dealers: [1, 2] });

function walletOf({ wallet }: Ended): Wallet {
  if (wallet === undefined) throw new Error('the reshare gave no key');
  return wallet.wallet;
}

function envelopesOf({ story }: Ended): readonly Envelope[] {
  const start = story.start === undefined ? [] : [story.start];
  return [story.proposal, ...story.verdicts, ...start, ...story.outcomes].map((statement) => statement.envelope);
}

/** Party 3, which the hand-over leaves behind, after it has heard these statements. */
function node(envelopes: readonly Envelope[], changes: object = {}): NodeContext {
  const book = new CeremonyBook(moot.roster);
  for (const envelope of envelopes) book.apply(envelope, moot.time);
  return {
    book,
    roster: moot.roster,
    rosters: { current: moot.roster, successor: undefined },
    self: 3,
    wallets: { all: () => [], seen: () => [] },
    ...changes,
  } as unknown as NodeContext;
}

describe('a key that went on without this party', () => {
  test('is known to be in other hands by the outcomes of those who dealt and stayed', () => {
    const heard = node(envelopesOf(handed));
    expect(isHandedOver(heard, walletOf(handed))).toBe(true);
    expect(isSaidByAll(heard, walletOf(handed))).toBe(true);
    expect(nextRosters(heard).map(({ digest }) => toHex(digest))).toEqual([toHex(next.roster.digest)]);
  });

  test('is not, without any one of these statements', () => {
    const all = envelopesOf(handed);
    for (const missing of all) {
      const isOutcome = missing.type === 'keymoot.outcome.v1';
      const heard = node(all.filter((envelope) => envelope !== missing));
      const believed = isHandedOver(heard, walletOf(handed));
      // One that said nothing in the start is not missed: the one who leaves and does not deal.
      if (isOutcome || missing.type !== 'keymoot.verdict.v1') expect(believed).toBe(false);
    }
  });

  test('is not by a certificate of strangers, nor by outcomes that name another epoch', () => {
    const elsewhere = reshare(moot, from, { next: successor(['1', 'heir', 'other']), dealers: [1, 2] });
    expect(isHandedOver(node(envelopesOf(handed)), walletOf(elsewhere))).toBe(false);
    const lying = reshare(moot, from, {
      next,
      dealers: [1, 2],
      outcome: (body) => ({ ...body, key: body.key && { ...body.key, epochId: from.wallet.epochId } }),
    });
    expect(isHandedOver(node(envelopesOf(lying)), walletOf(lying))).toBe(false);
  });
});

test('one of three who died on the way and said so keeps nobody from believing the other two', () => {
  const dealt = reshare(moot, from, { next: successor(['2', 'new', '1']), dealers: [2, 3] });
  const outcomes = envelopesOf(dealt).filter(({ type }) => type === 'keymoot.outcome.v1');
  expect(outcomes).toHaveLength(3);
  const without = (missing: readonly Envelope[]): NodeContext =>
    node(envelopesOf(dealt).filter((envelope) => !missing.includes(envelope)));
  for (const outcome of outcomes) {
    expect(isHandedOver(without([outcome]), walletOf(dealt))).toBe(true);
    expect(isSaidByAll(without([outcome]), walletOf(dealt))).toBe(false);
    const others = outcomes.filter((other) => other !== outcome);
    expect(isHandedOver(without(others), walletOf(dealt))).toBe(false);
  }
});

test('an attempt that came to nothing before it does not hide the one that led there', () => {
  const isOutcome = ({ type }: Envelope): boolean => type === 'keymoot.outcome.v1';
  const cut = reshare(moot, from, { next, dealers: [1, 2] });
  const failed = envelopesOf(cut).filter((envelope) => !isOutcome(envelope));
  expect(toHex(walletOf(cut).epoch.cfgHash)).toBe(toHex(walletOf(handed).epoch.cfgHash));
  expect(toHex(walletOf(cut).epochId)).not.toBe(toHex(walletOf(handed).epochId));
  for (const told of [
    [...failed, ...envelopesOf(handed)],
    [...envelopesOf(handed), ...failed],
  ]) {
    expect(isHandedOver(node(told), walletOf(handed))).toBe(true);
    expect(isHandedOver(node(told), walletOf(cut))).toBe(false);
  }
});

describe('who deals for a roster that leaves it out', () => {
  const dealt = reshare(moot, from, { next: successor(['2', 'new', '1']), dealers: [2, 3] });
  const [proposal, ...said] = envelopesOf(dealt);
  if (proposal === undefined) throw new Error('the story has no proposal');
  const outcomes = said.filter(({ type }) => type === 'keymoot.outcome.v1');
  const heard = (envelopes: readonly Envelope[], self = 3): NodeContext =>
    node([proposal, ...envelopes], { self, clock: { now: () => moot.time } });

  test('knows it from its own consent to the end, and nobody else does', () => {
    const consents = said.filter(({ type }) => type === 'keymoot.verdict.v1');
    const body = dealt.story.proposal.body;
    if (body.ceremony !== 'reshare' || body.next === undefined) throw new Error('no hand-over');
    expect(dealtRoster(heard([]))).toBeUndefined();
    expect(toHex(dealtRoster(heard(consents))?.digest ?? new Uint8Array())).toBe(toHex(body.next.digest));
    expect(dealtRoster(heard([...consents, ...outcomes]))).toBeUndefined();
    for (const self of [0, 1, 2]) expect(dealtRoster(heard(consents, self))).toBeUndefined();
  });
});

test('fewer than t of the old group prove nothing: one and some strangers could have made it all up', () => {
  const heir = successor(['1', 'heir', 'other']);
  const honest = reshare(moot, from, { next: heir, dealers: [1, 2] });
  const heard = node(envelopesOf(honest));
  expect(isHandedOver(heard, walletOf(honest))).toBe(true);
  const demanding = { ...heard, roster: { ...moot.roster, threshold: 3 } };
  expect(isHandedOver(demanding, walletOf(honest))).toBe(false);
});

describe('a group has gone over', () => {
  const held = (wallet: Wallet, roster: Roster): Held => ({ wallet, roster });
  const before = held(from.wallet, moot.roster);
  const after = held(walletOf(handed), next.roster);
  const under = (all: readonly Held[], seen: readonly Held[] = [], self = 1): NodeContext =>
    node(envelopesOf(handed), {
      self,
      rosters: { current: moot.roster, successor: next.roster },
      wallets: { all: () => all, seen: () => seen },
    });

  test('when every wallet has, and a guest has its share of each that it saw', () => {
    expect(completed(under([before]))).toBeUndefined();
    expect(completed(under([before, after]))).toBeUndefined();
    expect(toHex(completed(under([after]))?.last?.ceremony.proposal.digest ?? new Uint8Array())).toBe(
      toHex(handed.story.proposal.digest),
    );
    expect(completed(under([], [], 0))).toBeUndefined();
    expect(completed(under([], [before], 0))).toBeUndefined();
    expect(completed(under([after], [before], 0))).toBeDefined();
  });

  test('to the same parties only by a reshare that names their next roster', () => {
    const same = successor(['1', '2', '3']);
    const refreshed = reshare(moot, from);
    const toSame = reshare(moot, from, { next: same });
    const under2 = (ended: Ended): NodeContext =>
      node(envelopesOf(ended), {
        self: 1,
        rosters: { current: moot.roster, successor: same.roster },
        wallets: { all: () => [held(walletOf(ended), moot.roster)], seen: () => [] },
      });
    expect(completed(under2(refreshed))).toBeUndefined();
    expect(completed(under2(toSame))).toBeDefined();
  });

  test('and what it tells those who were away reads back as it was put aside', () => {
    const farewell = farewellOf(under([after]), [new Uint8Array([1, 2]), new Uint8Array([3])]);
    if (farewell === undefined) throw new Error('somebody leaves');
    const bytes = encodeFarewell(farewell);
    expect(decodeFarewell(bytes)).toEqual(farewell);
    expect(decodeFarewell(bytes.slice(0, -1))).toBeUndefined();
    const told = farewell.statements.map((statement) => must(parseEnvelope(statement)));
    expect(isHandedOver(node(told), walletOf(handed))).toBe(true);
  });
});
