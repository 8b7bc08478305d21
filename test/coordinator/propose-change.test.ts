/** What the operator's wishes for a key become: who deals, which generation, how long the proposal lives. */
import { describe, expect, test } from 'vitest';
import type { Proposer, Wish } from '../../coordinator/propose.ts';
import {
  nextGeneration,
  proposeExport,
  proposeReshare,
  type ReshareSetting,
  type ReshareWish,
} from '../../coordinator/propose-change.ts';
import { CeremonyBook } from '../../protocol/ceremony/book.ts';
import { MAX_PROPOSAL_LIFE, type ReshareProposal } from '../../protocol/ceremony/proposal.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { resharePlan } from '../../protocol/ceremony/run-plan.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { Moot } from '../support/moot.ts';
import { must } from '../support/must.ts';
import { treasuryMoot, treasuryPolicy } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';

const HOUR = 3600;
const LABEL = 'propose-change';
const moot = treasuryMoot(LABEL);
const made = moot.keygen('treasury').wallet;
if (made === undefined) throw new Error('the keygen gave no key');
const wallet: Wallet = made.wallet;

const proposer: Proposer = {
  rosterDigest: moot.roster.digest,
  operator: 'olivia',
  signer: moot.keyOf('operator:olivia'),
  clock: { now: () => moot.time, monotonic: () => 0, after: () => () => undefined },
  random: { bytes: (length) => vec('nonce', length) },
};

/** The roster after this one: who stays, by index, then newcomers by name. */
function successor(stay: readonly number[], join: readonly string[]): Roster {
  const keys = [...stay.map(String), ...join];
  return new Moot({ label: LABEL, common: treasuryPolicy(), keys, after: moot }).roster;
}

function reshare(
  setting: Partial<ReshareSetting> = {},
  asked: Partial<ReshareWish> = {},
  wish: Partial<Wish> = {},
): ReshareProposal {
  const proposal = proposeReshare(
    proposer,
    wallet,
    { roster: moot.roster, next: undefined, connected: new Set([1, 2, 3]), gen: 2, ...setting },
    { refresh: setting.next === undefined, restored: [], ...asked },
    { note: '', life: HOUR, isDefault: true, ...wish },
  );
  if (proposal.body.ceremony !== 'reshare') throw new Error('another kind');
  return proposal.body;
}

describe('who deals', () => {
  test.each([
    ['a refresh', successorOf(undefined), [1, 2, 3], [1, 2]],
    ['a refresh, the first away: it must come anyway, but others are here', successorOf(undefined), [2, 3], [2, 3]],
    ['party 1 leaves', successorOf([2, 3], 'new'), [1, 2, 3], [2, 3]],
    ['only party 3 stays: a leaving one that is here deals too', successorOf([3], 'a', 'b'), [2, 3], [2, 3]],
  ] as const)('%s', (_, next, connected, expected) => {
    const body = reshare({ next: next(), connected: new Set(connected) });
    expect(body.dealers).toEqual(expected);
    expect(resharePlan(moot.roster, wallet.epoch, body).ok).toBe(true);
  });

  test('two of three lost: one share is brought back by who joins', () => {
    const next = successor([1], ['heir', 'other']);
    const setting = { next, connected: new Set([1]) };
    expect(() => reshare(setting)).toThrow(expect.objectContaining({ code: 'NO_DEALERS' }));
    const body = reshare(setting, { restored: [{ oldIndex: 3, joining: 2 }] });
    expect(body.dealers).toEqual([1, 3]);
    expect(resharePlan(moot.roster, wallet.epoch, body).ok).toBe(true);
  });

  test('whoever the operator names', () => {
    expect(reshare({}, { dealers: [1, 3] }).dealers).toEqual([1, 3]);
  });
});

test('a reshare needs an adopted successor, an export a key that may be exported', () => {
  expect(() => reshare({}, { refresh: false })).toThrow(expect.objectContaining({ code: 'NO_SUCCESSOR' }));
  const wish = { note: '', life: HOUR };
  expect(() => proposeExport(proposer, moot.roster, wallet, vec('recipient'), wish)).toThrow(
    expect.objectContaining({ code: 'NOT_EXPORTABLE' }),
  );
});

test('a generation is used once, whether anything came of it or not', () => {
  const id = wallet.walletId;
  expect(nextGeneration([wallet], [], id)).toBe(2);
  const proposal = proposeReshare(
    proposer,
    wallet,
    { roster: moot.roster, next: undefined, connected: new Set(), gen: 7 },
    { refresh: true, restored: [] },
    { note: '', life: HOUR },
  );
  const book = new CeremonyBook(moot.roster);
  must(book.apply(proposal.envelope, moot.time));
  expect(nextGeneration([wallet], book.entries(), id)).toBe(8);
  expect(nextGeneration([wallet], book.entries(), vec('another wallet'))).toBe(1);
});

describe('how long it lives', () => {
  const announcing = { roster: { ...moot.roster, announcement: 72 * HOUR } };

  test('a day beyond its announcement, unless said otherwise', () => {
    const { created, expires } = reshare(announcing);
    expect(expires - created).toBe(96 * HOUR);
    const slow = reshare({ roster: { ...moot.roster, announcement: 160 * HOUR } });
    expect(slow.expires - slow.created).toBe(MAX_PROPOSAL_LIFE);
  });

  test('never shorter than its announcement', () => {
    expect(() => reshare(announcing, {}, { life: HOUR, isDefault: false })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

function successorOf(stay: readonly number[] | undefined, ...join: readonly string[]): () => Roster | undefined {
  return () => (stay === undefined ? undefined : successor(stay, join));
}
