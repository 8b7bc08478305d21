/** One key stops, a quorum lets go: at three nodes, whoever says it, in whatever order it is heard. */
import { describe, expect, test } from 'vitest';
import { type Freeze, signFreeze, signThaw, type Thaw } from '../../../protocol/ceremony/freeze.ts';
import { compareBytes } from '../../../protocol/common/bytes.ts';
import { drop, put, rich } from '../../policy/support/versions.ts';
import { approverKey, keyOf, nextVersion, roster, Town } from './town.ts';

const WALLET = new Uint8Array(32).fill(9);
const OTHER = new Uint8Array(32).fill(8);
const ALL = new Uint8Array();

function signer(author: string) {
  return author.startsWith('approver:') ? approverKey(author.slice('approver:'.length)) : keyOf(author);
}

let nonces = 0;
function nonce(): Uint8Array {
  nonces += 1;
  return new Uint8Array(16).fill(nonces);
}

function freezeBy(author: string, walletId = ALL, change: object = {}): Freeze {
  const body = { roster: roster.digest, walletId, author, reason: 'stop', nonce: nonce(), created: 1_795_000_000 };
  return signFreeze({ ...body, ...change }, signer(author));
}

function thawBy(author: string, ...freezes: readonly Freeze[]): Thaw {
  const digests = freezes.map(({ digest }) => digest).sort(compareBytes);
  return signThaw({ freezes: digests, author, nonce: nonce(), created: 1_795_000_000 }, signer(author));
}

const frozen = (town: Town, walletId = WALLET): readonly boolean[] =>
  town.members.map((member) => member.journal.state.isFrozen(walletId));

const STOPPED = [true, true, true];
const FREE = [false, false, false];

describe('one key stops', () => {
  test.each(['party:3', 'operator:olivia', 'approver:ada'])('%s', async (author) => {
    const town = await Town.under();
    await town.member(1).receive(freezeBy(author).envelope, author);
    expect(frozen(town)).toEqual(STOPPED);
    for (const member of town.members) await member.restart();
    expect(frozen(town)).toEqual(STOPPED);
    expect(town.member(2).governance.freezes()).toMatchObject([
      { author, reason: 'stop', thaw: { have: [], need: 2 } },
    ]);
  });

  test('one wallet and no other', async () => {
    const town = await Town.under();
    await town.member(1).receive(freezeBy('party:2', WALLET).envelope);
    expect([frozen(town), frozen(town, OTHER)]).toEqual([STOPPED, FREE]);
  });

  test('a node that was away hears of it from any other', async () => {
    const town = await Town.under();
    town.away(3);
    await town.member(1).receive(freezeBy('party:2').envelope);
    expect(frozen(town)).toEqual([true, true, false]);
    await town.back(3);
    expect(frozen(town)).toEqual(STOPPED);
  });

  test.each<[string, () => Freeze]>([
    ['somebody outside of the freeze group', () => freezeBy('approver:ben')],
    [
      'a party that is not there',
      () => ({
        ...freezeBy('party:2'),
        ...signFreeze({ ...freezeBy('party:2').body, author: 'party:9' }, keyOf('party:2')),
      }),
    ],
    ['a name with another key', () => signFreeze({ ...freezeBy('party:2').body, author: 'party:1' }, keyOf('party:2'))],
    ['words for another roster', () => freezeBy('party:2', ALL, { roster: new Uint8Array(32) })],
  ])('not %s', async (_, make) => {
    const town = await Town.under();
    await town.member(1).receive(make().envelope);
    expect(frozen(town)).toEqual(FREE);
  });

  test('who says the same again and again fills no disk', async () => {
    const town = await Town.under();
    for (let i = 0; i < 20; i++) await town.member(1).receive(freezeBy('operator:olivia').envelope);
    expect(town.member(1).governance.freezes().length).toBe(4);
    expect(town.member(2).kept.length).toBe(4);
  });

  test('nor who names wallets that nobody has', async () => {
    const town = await Town.under();
    for (let i = 0; i < 70; i++) {
      await town.member(1).receive(freezeBy('party:2', new Uint8Array(32).fill(i + 100)).envelope);
    }
    expect(town.member(2).kept.length).toBe(64);
    await town.member(1).receive(freezeBy('party:2').envelope);
    expect(frozen(town)).toEqual(STOPPED);
  });
});

describe('a quorum lets go', () => {
  test('two admins, each for itself, in any order, also before the freeze is heard of', async () => {
    const town = await Town.under();
    const freeze = freezeBy('party:1');
    town.away(3);
    await town.member(1).receive(freeze.envelope);
    await town.member(1).receive(thawBy('approver:ada', freeze).envelope);
    expect(frozen(town)).toEqual([true, true, false]);
    expect(town.member(2).governance.freezes()).toMatchObject([{ thaw: { have: ['ada'], need: 2 } }]);
    await town.member(2).restart();
    await town.member(2).receive(thawBy('approver:dan', freeze).envelope);
    expect(frozen(town)).toEqual(FREE);
    await town.back(3);
    expect(frozen(town)).toEqual(FREE);
    // Shown again, by somebody who had kept it, it does nothing.
    for (const member of town.members) await member.receive(freeze.envelope, 'party:2');
    expect(frozen(town)).toEqual(FREE);
    await town.member(3).restart();
    await town.member(3).receive(freeze.envelope, 'party:2');
    expect(frozen(town)).toEqual(FREE);
  });

  test('saying so again, or of freezes that have ended or never were, fills no disk', async () => {
    const town = await Town.under();
    const freeze = freezeBy('party:1');
    await town.member(1).receive(freeze.envelope);
    for (let i = 0; i < 5; i++) await town.member(1).receive(thawBy('approver:ada', freeze).envelope);
    expect(town.member(2).kept.length).toBe(2);
    for (let i = 0; i < 34; i++) {
      const none = { ...freeze, digest: new Uint8Array(32).fill(i + 1) };
      await town.member(1).receive(thawBy('approver:dan', none).envelope);
    }
    expect(town.member(2).kept.length).toBe(34);
    await town.member(1).receive(thawBy('approver:dan', freeze).envelope);
    expect(frozen(town)).toEqual(FREE);
    await town.member(1).receive(thawBy('party:2', freeze).envelope);
    expect(town.member(2).kept.length).toBe(35);
  });

  test('a second freeze stays until it is named, too', async () => {
    const town = await Town.under();
    const [one, two] = [freezeBy('party:1'), freezeBy('party:2')];
    for (const freeze of [one, two]) await town.member(1).receive(freeze.envelope);
    for (const name of ['approver:ada', 'approver:dan']) await town.member(1).receive(thawBy(name, one).envelope);
    expect(frozen(town)).toEqual(STOPPED);
    await town.member(1).receive(thawBy('approver:ada', one, two).envelope);
    await town.member(1).receive(thawBy('approver:dan', two).envelope);
    expect(frozen(town)).toEqual(FREE);
  });

  test.each([
    ['one admin twice', ['approver:ada', 'approver:ada']],
    ['one admin and somebody of another group', ['approver:ada', 'approver:ben']],
    ['parties, where the policy names admins', ['party:1', 'party:2', 'party:3']],
    ['operators', ['operator:olivia', 'approver:ada']],
  ])('not %s', async (_, authors) => {
    const town = await Town.under();
    const freeze = freezeBy('party:1');
    await town.member(1).receive(freeze.envelope);
    for (const author of authors) await town.member(1).receive(thawBy(author, freeze).envelope);
    expect(frozen(town)).toEqual(STOPPED);
    await expect(town.member(1).governance.thaw(undefined)).rejects.toMatchObject({ code: 'THAW_NOT_YOURS' });
  });

  test('where no policy names admins, as many parties as must sign', async () => {
    const file = rich();
    drop(file, 'admin');
    const town = await Town.under(file);
    await town.member(2).governance.freeze(ALL, 'my phone is gone');
    await town.settle();
    await town.member(1).governance.thaw(undefined);
    await town.settle();
    expect(frozen(town)).toEqual(STOPPED);
    await town.member(3).governance.thaw(undefined);
    await town.settle();
    expect(frozen(town)).toEqual(FREE);
    await expect(town.member(1).governance.thaw(undefined)).rejects.toMatchObject({ code: 'NOT_FROZEN' });
  });

  test('who is an admin no longer counts no longer', async () => {
    const file = rich();
    put(file, 'admin.quorum', 1);
    put(file, 'admin.widenDelaySec', 0);
    put(file, 'groups.board', ['ada', 'dan']);
    const town = await Town.under(file);
    const next = nextVersion(file, (draft) => {
      put(draft, 'admin.quorum', 2);
      put(draft, 'groups.board', ['ben', 'cem', 'dan']);
    });
    const freeze = freezeBy('party:1');
    // Ada's thaw is heard before the freeze, and before Ada is gone.
    await town.member(1).receive(thawBy('approver:ada', { ...freeze, digest: new Uint8Array(32) }).envelope);
    expect(await town.member(1).give(next)).toBe('ok');
    expect(town.versions).toEqual([2, 2, 2]);
    await town.member(1).receive(freeze.envelope);
    await town.member(1).receive(thawBy('approver:ada', freeze).envelope);
    await town.member(1).receive(thawBy('approver:dan', freeze).envelope);
    expect(frozen(town)).toEqual(STOPPED);
    await town.member(1).receive(thawBy('approver:cem', freeze).envelope);
    expect(frozen(town)).toEqual(FREE);
  });
});
