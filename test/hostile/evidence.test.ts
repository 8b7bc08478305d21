/** A party that breaks a keygen in a way that anybody can see: it is named, with evidence, to everybody who looks. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemRandom } from '../../participant/randomness.ts';
import type { Ceremony } from '../../protocol/ceremony/lifecycle.ts';
import { signOutcome } from '../../protocol/ceremony/outcome.ts';
import { keygenPlanOf } from '../../protocol/ceremony/run-plan.ts';
import { signVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { Desk, run } from '../auditor/support.ts';
import { type Fields, Network } from '../crash/support/network.ts';
import { eventually } from '../crash/support/processes.ts';
import { Impostor, now } from './support.ts';

const DKG_BROADCAST = 0x10;
let network: Network;
let hostile: Impostor;
const desk = new Desk();

beforeAll(async () => {
  network = await Network.start({ absent: [3] });
  hostile = await Impostor.play(network, 'party:3');
}, 240_000);

afterAll(async () => {
  await hostile?.stop();
  await network?.stop();
  desk.clear();
});

async function ceremonyOf(name: string, ready: (ceremony: Ceremony) => boolean): Promise<Ceremony> {
  return await eventually(`the ceremony ${name}`, () => {
    const entry = hostile.book.entries().find(({ ceremony }) => toHex(ceremony.proposal.digest).startsWith(name));
    return entry !== undefined && ready(entry.ceremony) ? entry.ceremony : undefined;
  });
}

test('a malformed first message: both others name it, show the evidence, and the audit proves it', async () => {
  const key = network.holder(3).identity.statement;
  const asked = await network.operate('keygen', { wallet: 'treasury', note: 'first', detach: true });
  const name = String(asked['ceremony']);
  await network.approve(1, name);
  await network.approve(2, name);
  const { proposal, verdicts } = await ceremonyOf(name, ({ verdicts: given }) => given.has(1) && given.has(2));
  const example = verdicts.get(1)?.body;
  if (example === undefined) throw new Error('no verdict');
  // Its own consent, in which nothing is wrong.
  const consent = { ...example, party: 3, counter: 500, nonce: systemRandom.bytes(16), created: now() };
  await hostile.say([1, 2], signVerdict(consent, key));

  const entry = await eventually('the start', () => hostile.book.get(proposal.digest)?.starts[0]);
  const { sessionId } = entry.body;
  const { members } = keygenPlanOf(network.roster, proposal.digest, false);
  const from = members.find((member) => member.party === 3)?.pid ?? 0;
  const fields = { type: DKG_BROADCAST, round: 1, from, to: 0, sid: sessionId, body: new Uint8Array(63) };
  const message = encodeEnvelope(fields, key.sign);
  for (const party of [1, 2]) await hostile.frame(party, { kind: 'round', envelope: message });
  const abort = { failure: 'BENIGN', check: 'deadline', culprits: [1, 2] };
  const said = { proposal: proposal.digest, attempt: 1, party: 3, sessionId, abort, released: false, unicasts: [] };
  await hostile.say([1, 2], signOutcome({ ...said, counter: 501, created: now() }, key));

  const result = await network.result(name);
  expect(result).toMatchObject({ ending: 'aborted', code: 'BLAME' });
  expect(String(result['message'])).toBe(
    'party 3: K1, a member sent a message of the wrong length, or committed to a dealing it has no part in',
  );
  const aborts = result['aborts'] as unknown as readonly Fields[];
  for (const party of [1, 2]) {
    expect(aborts.find((row) => row['party'] === party)).toMatchObject({ check: 'K1', culprits: [3] });
    expect(aborts.find((row) => row['party'] === party)?.['next']).toContain('look at the machine');
    const status = await network.ask(party, 'status');
    const evidence = status['evidence'] as unknown as readonly Fields[];
    expect(evidence).toMatchObject([{ accused: 'party:3', check: 'K1', forMembersOnly: false }]);
    const file = await readFile(String(evidence[0]?.['path']));
    const judged = await run('evidence', desk.write('e.json', file), '--roster', desk.roster(network.roster.file));
    expect(judged.out).toContain('GUILTY party:3 of K1');
    expect(JSON.stringify(status['failures'])).toContain('look at the machine');
  }

  const closed = await eventually('the transcript', async () => {
    const state = await network.operate('ceremony', { ceremony: name });
    return typeof state['transcript'] === 'string' ? state : undefined;
  });
  expect(closed['proven']).toMatchObject([{ member: 'party:3', check: 'K1' }]);
  const transcript = new Uint8Array(await readFile(String(closed['transcript'])));
  const report = verifyTranscript(transcript, { roster: network.roster });
  expect(report.failure).toBeUndefined();
  expect(report.accusations).toMatchObject([{ verdict: 'guilty', member: 'party:3', check: 'K1', shownBy: [1, 2] }]);
}, 120_000);

test('two verdicts on one attempt are kept as evidence although nothing was started', async () => {
  const key = network.holder(3).identity.statement;
  const asked = await network.operate('keygen', { wallet: 'spare', note: 'second', detach: true });
  const name = String(asked['ceremony']);
  await network.approve(1, name);
  const { verdicts } = await ceremonyOf(name, ({ verdicts: given }) => given.has(1));
  const example = verdicts.get(1)?.body;
  if (example === undefined) throw new Error('no verdict');
  const one = signVerdict({ ...example, party: 3, counter: 600, nonce: systemRandom.bytes(16) }, key);
  const two = signVerdict({ ...example, party: 3, counter: 601, nonce: systemRandom.bytes(16) }, key);
  await hostile.say([1], one);
  await hostile.say([2], two);
  for (const party of [1, 2]) {
    await eventually(`the evidence of party ${party}`, async () => {
      const evidence = (await network.ask(party, 'status'))['evidence'] as unknown as readonly Fields[];
      return evidence.some((item) => item['check'] === 'two-verdicts' && item['accused'] === 'party:3')
        ? true
        : undefined;
    });
  }
  await network.operate('cancel', { ceremony: name, reason: 'seen enough' });
}, 120_000);
