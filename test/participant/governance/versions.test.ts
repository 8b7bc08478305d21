/** How a version takes effect at three nodes: at once or after its time, vetoed, forked, missed, on an old disk. */
import { describe, expect, test } from 'vitest';
import { announcementOf, signPolicyVeto } from '../../../protocol/ceremony/policy-version.ts';
import { canonicalBytes } from '../../../protocol/common/canonical-json.ts';
import { policyDigest } from '../../../protocol/policy/canonical.ts';
import { type Draft, drop, entryFile, policyFrom, put, rich } from '../../policy/support/versions.ts';
import { approverKey, DAY, keyOf, nextVersion, Town } from './town.ts';

const narrower = (draft: Draft): unknown => put(draft, 'rules.small.match.amount.max', '5');
const wider = (draft: Draft): unknown => drop(draft, 'rules.small.match.amount');
const second = (edit: (draft: Draft) => void, names?: readonly string[]): Draft => nextVersion(rich(), edit, names);

describe('a version that narrows', () => {
  test('given to one node is in force at all of them at once', async () => {
    const town = await Town.under();
    expect(await town.member(1).give(second(narrower))).toBe('ok');
    expect(town.versions).toEqual([2, 2, 2]);
    for (const member of town.members) expect(member.changes).toEqual(['policy', 'policy']);
  });

  test('needs the quorum all the same, and nothing changes without it', async () => {
    const town = await Town.under();
    expect(await town.member(1).give(second(narrower, ['ada']))).toBe('POLICY_UNSIGNED');
    expect(town.versions).toEqual([1, 1, 1]);
    expect(town.member(1).governance.lastRefusal()).toMatchObject({ code: 'POLICY_UNSIGNED', from: 'hand' });
    expect(town.member(1).governance.lastRefusal()?.message).toContain('2 persons of the group "board"');
  });

  test('cannot be vetoed, else whoever heard of it first could stop it elsewhere', async () => {
    const town = await Town.under();
    const file = second(narrower);
    const policy = policyDigest(policyFrom(file));
    const veto = signPolicyVeto({ policy, author: 'party:3', reason: 'no', created: town.time }, keyOf('party:3'));
    await town.member(2).receive(veto.envelope, 'party:3');
    await town.member(1).give(file);
    expect(town.versions).toEqual([2, 2, 2]);
  });
});

describe('a version that widens', () => {
  test('waits at every node by its own clock, also over a restart in the middle', async () => {
    const town = await Town.under();
    await town.member(1).give(second(wider));
    expect(town.versions).toEqual([1, 1, 1]);
    expect(town.member(3).governance.pending()).toMatchObject([{ waits: 3 * DAY, admitted: { direction: 'widens' } }]);
    await town.wait(2 * DAY);
    await town.member(2).restart();
    expect(town.member(2).governance.pending()).toMatchObject([{ waits: DAY }]);
    await town.wait(DAY - 1);
    expect(town.versions).toEqual([1, 1, 1]);
    await town.wait(1);
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test('waits for its own time if that is later', async () => {
    const town = await Town.under();
    await town.member(1).give(
      second((draft) => {
        wider(draft);
        put(draft, 'effectiveAt', town.time + 10 * DAY);
      }),
    );
    await town.wait(10 * DAY - 1);
    expect(town.versions).toEqual([1, 1, 1]);
    await town.wait(1);
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test('is counted from when a node first saw it, so one that was away waits longer', async () => {
    const town = await Town.under();
    town.away(3);
    await town.member(1).give(second(wider));
    await town.wait(2 * DAY);
    await town.back(3);
    await town.wait(DAY);
    expect(town.versions).toEqual([2, 2, 1]);
    await town.wait(2 * DAY);
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test.each(['party:2', 'approver:ada', 'approver:dan'])('is stopped for ever by %s', async (author) => {
    const town = await Town.under();
    const file = second(wider);
    await town.member(1).give(file);
    const key = author.startsWith('party') ? keyOf(author) : approverKey(author.slice('approver:'.length));
    const policy = policyDigest(policyFrom(file));
    const veto = signPolicyVeto({ policy, author, reason: 'not asked for', created: town.time }, key);
    await town.member(3).receive(veto.envelope, author);
    await town.wait(4 * DAY);
    expect(town.versions).toEqual([1, 1, 1]);
    expect(town.members.map((member) => member.governance.pending().length)).toEqual([0, 0, 0]);
    await town.member(1).restart();
    expect(await town.member(1).give(file)).toBe('POLICY_VETOED');
    // Another one may take its number.
    expect(await town.member(2).give(second(narrower))).toBe('ok');
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test.each(['operator:olivia', 'approver:ben', 'party:7'])('is not stopped by %s', async (author) => {
    const town = await Town.under();
    const file = second(wider);
    await town.member(1).give(file);
    const key = author.startsWith('operator') ? keyOf(author) : approverKey('ben');
    const veto = signPolicyVeto(
      { policy: policyDigest(policyFrom(file)), author, reason: '', created: town.time },
      key,
    );
    await town.member(1).receive(veto.envelope, author);
    await town.wait(3 * DAY);
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test('does not go on waiting while everything is frozen', async () => {
    const town = await Town.under();
    await town.member(1).give(second(wider));
    await town.wait(DAY);
    await town.member(2).governance.freeze(new Uint8Array(), 'something is wrong');
    await town.settle();
    await town.wait(5 * DAY);
    await town.member(1).restart();
    expect(town.versions).toEqual([1, 1, 1]);
    expect(town.members.map((member) => member.governance.pending()[0]?.waits)).toEqual([2 * DAY, 2 * DAY, 2 * DAY]);
  });
});

describe('a clock in doubt', () => {
  const doubt = { code: 'CLOCK_DIFFERS', detail: 'this clock is an hour ahead of its peers' };

  test('begins no wait and ends none; what narrows does not wait for it', async () => {
    const town = await Town.under();
    const [sure, unsure] = [town.member(2), town.member(3)];
    unsure.doubt = doubt;
    await town.member(1).give(second(wider));
    expect([sure.governance.pending().length, unsure.governance.pending().length]).toEqual([1, 0]);
    await town.wait(DAY);
    unsure.doubt = undefined;
    await town.wait(600);
    expect(unsure.governance.pending().length).toBe(1);
    sure.doubt = doubt;
    await town.wait(3 * DAY + 600);
    expect(town.versions).toEqual([2, 1, 2]);
    sure.doubt = undefined;
    await town.wait(600);
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test('takes at once what narrows, and says by hand why it takes nothing else', async () => {
    const town = await Town.under();
    for (const member of town.members) member.doubt = doubt;
    expect(await town.member(1).give(second(wider))).toBe('CLOCK_DIFFERS');
    expect(await town.member(1).give(second(narrower))).toBe('ok');
    expect(town.versions).toEqual([2, 2, 2]);
  });
});

describe('the address book', () => {
  test('grows by a smaller quorum after a shorter time', async () => {
    const file = rich();
    put(file, 'admin.book', { group: 'finance', quorum: 1, delaySec: 3600 });
    const town = await Town.under(file);
    const added = (draft: Draft): unknown =>
      put(draft, 'counterparties.new', entryFile('new', 1, [`0x${'ee'.repeat(20)}`]));
    expect(await town.member(1).give(nextVersion(file, added, ['ben']))).toBe('ok');
    await town.wait(3599);
    expect(town.versions).toEqual([1, 1, 1]);
    await town.wait(1);
    expect(town.versions).toEqual([2, 2, 2]);
  });
});

describe('a chain of versions', () => {
  test('may wait as a whole; a veto takes what was to follow along', async () => {
    const town = await Town.under();
    const two = second(wider);
    const three = nextVersion(two, (draft) => drop(draft, 'rules.never'));
    await town.member(1).give(two);
    await town.member(1).give(three);
    expect(town.members.map((member) => member.governance.pending().length)).toEqual([2, 2, 2]);
    await town.member(3).governance.vetoVersion(
      town
        .member(3)
        .notes.at(-1)
        ?.match(/[0-9a-f]{16}/)?.[0] ?? '',
      'no',
    );
    await town.settle();
    expect(town.members.map((member) => member.governance.pending().length)).toEqual([1, 1, 1]);
    await town.wait(3 * DAY);
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test('is fetched by whoever missed several, each with its signatures', async () => {
    const town = await Town.under();
    town.away(3);
    const files = [second(narrower)];
    for (let i = 0; i < 3; i++) {
      files.push(
        nextVersion(files.at(-1) ?? rich(), (draft) => put(draft, 'rules.small.match.amount.max', String(4 - i))),
      );
    }
    for (const file of files) await town.member(1).give(file);
    expect(town.versions).toEqual([5, 5, 1]);
    await town.back(3);
    expect(town.versions).toEqual([5, 5, 5]);
  });

  test('forks nowhere: of two versions with one number the first stays', async () => {
    const town = await Town.under();
    town.away(3);
    const [one, other] = [second(wider), second((draft) => drop(draft, 'rules.small.match.fee'))];
    await town.member(1).give(one);
    await town.member(3).give(other);
    await town.back(3);
    expect(town.member(1).codes).toContain('POLICY_FORK');
    expect(town.member(3).codes).toContain('POLICY_FORK');
    // People find out and veto one of them; then the other one is taken everywhere.
    await town
      .member(2)
      .governance.vetoVersion(Buffer.from(policyDigest(policyFrom(other))).toString('hex'), 'a fork')
      .catch(() => undefined);
    const policy = policyDigest(policyFrom(other));
    const veto = signPolicyVeto({ policy, author: 'party:2', reason: 'a fork', created: town.time }, keyOf('party:2'));
    await town.member(2).receive(veto.envelope, 'party:2');
    await town.wait(7 * DAY);
    expect(town.versions).toEqual([2, 2, 2]);
    const digests = town.members.map(
      (member) => member.common && Buffer.from(policyDigest(member.common)).toString('hex'),
    );
    expect(new Set(digests).size).toBe(1);
  });
});

describe('a version never goes back', () => {
  test('whatever a peer shows', async () => {
    const town = await Town.under();
    const two = second(narrower);
    await town.member(1).give(two);
    const shown = { kind: 'document', content: canonicalBytes(announcementOf(policyFrom(rich()))) } as const;
    await town.member(1).take('party:2', shown);
    await town.settle();
    expect(await town.member(1).give(rich())).toBe('POLICY_VERSION_OLD');
    expect(town.versions).toEqual([2, 2, 2]);
  });

  test('a node on an old disk hears of the newer version before it says anything', async () => {
    const town = await Town.under();
    const old = await town.snapshot(3);
    await town.member(1).give(second(narrower));
    expect(town.versions).toEqual([2, 2, 2]);
    await old();
    expect(town.versions).toEqual([2, 2, 1]);
    await town.meet(3);
    expect(town.versions).toEqual([2, 2, 2]);
  });
});

test('where no admins are named, nobody but the key holder adopts', async () => {
  const file = rich();
  drop(file, 'admin');
  const town = await Town.under(file);
  const next = { ...structuredClone(file), version: 2 };
  wider(next);
  expect(await town.member(1).give(next)).toBe('ok');
  expect(town.versions).toEqual([2, 1, 1]);
  await town.meet(2);
  expect(town.versions).toEqual([2, 1, 1]);
});

test('admins that are named for the first time decide from then on', async () => {
  const file = rich();
  const { admin } = file;
  drop(file, 'admin');
  const town = await Town.under(file);
  const next = nextVersion(file, (draft) => put(draft, 'admin', admin), []);
  drop(next, 'signatures');
  for (const member of town.members) expect(await member.give(next)).toBe('ok');
  expect(await town.member(1).give(nextVersion(next, narrower, []))).toBe('POLICY_UNSIGNED');
  expect(await town.member(1).give(nextVersion(next, narrower))).toBe('ok');
  expect(town.versions).toEqual([3, 3, 3]);
});
