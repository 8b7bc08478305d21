/** Freezes and versions where they matter: real processes, real payments that wait, go through, or are taken back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toHex } from '../../../protocol/common/bytes.ts';
import { policyDigest } from '../../../protocol/policy/canonical.ts';
import { type Fields, Network } from '../../crash/support/network.ts';
import { payment } from '../../crash/support/payments.ts';
import { eventually } from '../../crash/support/processes.ts';
import { approverFile, type Draft, edited, policyFrom, put } from '../../policy/support/versions.ts';
import { ETHER, treasuryPolicy } from '../../support/treasury.ts';
import { nextVersion } from './town.ts';

const ALL = [1, 2, 3];
const FIRST = treasuryPolicy(1) as Draft;
/** With admins, adopted by hand at every node. */
const SECOND = edited(FIRST, (draft) => {
  draft['parentHash'] = `0x${toHex(policyDigest(policyFrom(FIRST)))}`;
  draft['approvers'] = { ada: approverFile('Ada', 1), dan: approverFile('Dan', 4) };
  draft['groups'] = { board: ['ada', 'dan'] };
  draft['admin'] = { group: 'board', quorum: 2, widenDelaySec: 3600 };
});
const THIRD = nextVersion(SECOND, (draft) => put(draft, 'rules.large.match.amount.max', String(9n * ETHER)));
const WIDER = nextVersion(THIRD, (draft) => put(draft, 'rules.large.match.amount.max', String(11n * ETHER)));

let network: Network;

beforeAll(async () => {
  network = await Network.start({ policy: FIRST });
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network?.stop();
});

/** What every node says of itself, once all say what is wanted. */
async function allSay(what: string, wanted: (status: Fields) => boolean): Promise<void> {
  await eventually(what, async () => {
    const states = await Promise.all(ALL.map((index) => network.ask(index, 'status')));
    return states.every(wanted) ? true : undefined;
  });
}

const policies = (status: Fields): Fields => status['policies'] as Fields;
const version = (status: Fields): unknown => (policies(status)['common'] as Fields | null)?.['version'];
const freezes = (status: Fields): readonly Fields[] => status['freezes'] as readonly Fields[];

test('while everything is frozen a payment waits, and goes through when two parties have let go', async () => {
  const { told } = await network.operate('freeze', { reason: 'a phone is gone' });
  expect((told as readonly string[]).length).toBeGreaterThan(0);
  await allSay('the freeze everywhere', (status) => freezes(status)[0]?.['author'] === 'operator:ops');
  const ceremony = await network.propose(payment({ nonce: network.nextNonce() }));
  await eventually('the payment held at all nodes', async () => {
    const inboxes = await Promise.all(ALL.map((index) => network.ask(index, 'inbox')));
    const held = (inboxes as unknown as readonly (readonly Fields[])[]).every((inbox) =>
      inbox.some((row) => row['ceremony'] === ceremony && String(row['hold']).includes('frozen')),
    );
    return held ? true : undefined;
  });
  expect((await network.operate('ceremony', { ceremony }))['ending']).toBeUndefined();
  await network.stopParty(2, 'SIGKILL');
  await network.startParty(2);
  await network.meshed();
  await network.ask(1, 'thaw');
  await allSay(
    'one thaw everywhere',
    (status) => (freezes(status)[0]?.['thawedBy'] as readonly string[])?.length === 1,
  );
  await network.ask(2, 'thaw');
  await allSay('the end of the freeze', (status) => freezes(status).length === 0);
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed' });
}, 300_000);

test('a version that narrows is in force at all nodes at once, and what was agreed to before is taken back', async () => {
  for (const index of ALL) await network.ask(index, 'policy-set', { scope: 'common', text: JSON.stringify(SECOND) });
  const ceremony = await network.propose(payment({ nonce: network.nextNonce(), value: 2n * ETHER }));
  for (const index of [1, 2]) await network.approve(index, ceremony);
  await network.ask(3, 'policy-set', { scope: 'common', text: JSON.stringify(THIRD) });
  await allSay('version 3', (status) => version(status) === 3);
  const result = await network.result(ceremony);
  expect(result['ending']).not.toBe('completed');
  expect(JSON.stringify(result)).toContain('POLICY_CHANGED');
  expect(await network.result(await network.propose(payment({ nonce: network.nextNonce() })))).toMatchObject({
    ending: 'completed',
  });
}, 300_000);

test('a version that widens waits where everybody sees it, until a party vetoes it', async () => {
  const answer = await network.ask(1, 'policy-set', { scope: 'common', text: JSON.stringify(WIDER) });
  expect(answer).toMatchObject({ inForce: false, waits: 3600 });
  const pending = (status: Fields): readonly Fields[] => policies(status)['pending'] as readonly Fields[];
  await allSay('the version that waits', (status) => pending(status)[0]?.['direction'] === 'widens');
  await network.ask(2, 'policy-veto', { digest: String(answer['digest']).slice(0, 16), reason: 'not asked for' });
  await allSay('that nothing waits', (status) => pending(status).length === 0 && version(status) === 3);
  const refused = await network.ask(3, 'policy-set', { scope: 'common', text: JSON.stringify(WIDER) }).catch(String);
  expect(String(refused)).toContain('vetoed');
  expect(policies(await network.ask(3, 'status'))['lastRefusal']).toMatchObject({ code: 'POLICY_VETOED' });
}, 120_000);
