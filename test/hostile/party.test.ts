/** A hostile party with its real keys: alone it gets nothing signed, and it stops nobody. */
import { cp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homeLayout as operatorLayout } from '../../coordinator/layout.ts';
import { systemRandom } from '../../participant/randomness.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import { signSessionId } from '../../protocol/ceremony/session-binding.ts';
import { type Standing, signStart } from '../../protocol/ceremony/start.ts';
import { signVerdict, type VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { PAIR } from '../../protocol/threshold/pair-setup/messages.ts';
import { encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { bansOf, checkNothingTwice } from '../crash/support/invariants.ts';
import { bookOf, logOf } from '../crash/support/memory.ts';
import { Network } from '../crash/support/network.ts';
import { payment } from '../crash/support/payments.ts';
import { eventually } from '../crash/support/processes.ts';
import { must } from '../support/must.ts';
import { ETHER } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { Impostor, now } from './support.ts';

const SIGN = 0x30;
const SIGN_PAIR = 0x31;

let network: Network;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network?.stop();
});

async function signs(): Promise<void> {
  const result = await network.result(await network.propose(payment({ nonce: network.nextNonce() })));
  expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed' });
}

test('a machine that was rolled back is held back by its own later statements', async () => {
  const { home } = network.holder(3);
  await network.stopParty(3);
  const backup = `${home}.older`;
  await cp(home, backup, { recursive: true });
  await network.startParty(3);
  await network.meshed();
  await signs(); // party 3 says something that its older self does not know
  await network.stopParty(3);
  const newer = `${home}.newer`;
  await cp(home, newer, { recursive: true });
  await rm(home, { recursive: true });
  await cp(backup, home, { recursive: true });

  await network.startParty(3);
  await eventually('the alarm', async () => {
    const held = String((await network.ask(3, 'status'))['heldBack']);
    return held.includes('rolled back') ? true : undefined;
  });
  expect(await network.logText(3)).toContain('ROLLBACK_SUSPECTED');
  const ceremony = await network.propose(payment({ nonce: network.nextNonce() }));
  const result = await network.result(ceremony);
  expect(result['ending']).toBe('completed'); // the other two are enough
  const book = bookOf(network.roster, await logOf(operatorLayout(network.operatorHome).log));
  const entry = book.entries().at(-1)?.ceremony;
  expect(new Set(entry?.verdicts.keys())).toEqual(new Set([1, 2]));
  await expect(network.ask(3, 'approve', { ceremony, digest: '' })).rejects.toThrow();

  await network.stopParty(3);
  await rm(home, { recursive: true });
  await cp(newer, home, { recursive: true });
  await network.startParty(3);
  await network.meshed();
  await signs();
});

test('one party alone cannot start: forged consents are not taken in, and its own is not enough', async () => {
  await network.stopParty(3);
  const hostile = await Impostor.play(network, 'party:3');
  try {
    const wallet = await hostile.wallet();
    // More than is allowed unattended: parties 1 and 2 wait for their key holders.
    const payload = payment({ nonce: network.nextNonce(), value: 3n * ETHER });
    const ceremony = await network.propose(payload);
    const proposal = await eventually('the proposal', (): Proposal | undefined => {
      const entries = hostile.book.entries();
      return entries.find(
        (entry) =>
          entry.ceremony.proposal.body.note === 'rent' &&
          Buffer.from(entry.ceremony.proposal.digest).toString('hex').startsWith(ceremony),
      )?.ceremony.proposal;
    });
    const { digest } = must(decode(payload));
    const key = network.holder(3).identity.statement;
    const consent = (party: number): VerdictBody => ({
      proposal: proposal.digest,
      attempt: 1,
      party,
      decision: 'consent',
      reading: { digest },
      judgement: 'require',
      byHand: true,
      consents: 2,
      rejections: 1,
      rules: [],
      reasons: [],
      risks: [],
      inputs: vec('inputs'),
      claimedSoftware: '',
      counter: 10_000 + party,
      nonce: systemRandom.bytes(16),
      created: now(),
      expires: now() + 600,
    });
    const verdicts = [1, 2, 3].map((party) => signVerdict(consent(party), key));
    const away = (party: number): Standing => ({ party, answer: 'unreachable' });
    const listed = (party: number): Standing => ({ party, answer: 'consent', verdict: verdicts[party - 1]?.digest });
    await hostile.say([1, 2], ...verdicts);
    for (const standings of [
      [listed(1), listed(2), listed(3)],
      [listed(1), away(2), listed(3)],
      [away(1), away(2), listed(3)],
    ]) {
      const consents = verdicts.filter((verdict) => standings[verdict.body.party - 1]?.answer === 'consent');
      const body = proposal.body as Extract<Proposal['body'], { ceremony: 'sign' }>;
      const signers = [1, 3];
      const start = {
        proposal: proposal.digest,
        attempt: 1,
        composer: 'party:3',
        created: now(),
        signers,
        standings,
        digest,
        sessionId: signSessionId(
          network.roster,
          { digest: proposal.digest, body },
          wallet.publicKey,
          signers,
          digest,
          consents,
        ),
      };
      await hostile.say([1, 2], signStart(start, key));
    }
    for (const index of [1, 2]) {
      await eventually('the refusals', async () => {
        const log = await network.logText(index);
        return log.includes('STATEMENT_SIGNATURE statement from party:3') &&
          log.includes('START_STANDINGS') &&
          log.includes('QUORUM_MISSING')
          ? true
          : undefined;
      });
    }
    // The type of a round message is its fourth byte: no signing has begun.
    expect(hostile.rounds.filter((bytes) => bytes[3] === SIGN || bytes[3] === SIGN_PAIR)).toEqual([]);
    await network.operate('cancel', { ceremony, reason: 'an attack' });
  } finally {
    await hostile.stop();
  }
});

test('rubbish in the rounds of others stops nothing and gets nobody banned', async () => {
  const hostile = await Impostor.play(network, 'party:3');
  const key = network.holder(3).identity.statement;
  let over = false;
  let sent = 0;
  const seed = Number(`0x${Buffer.from(systemRandom.bytes(4)).toString('hex')}`);
  process.stdout.write(`rubbish with seed ${seed}\n`);
  const flood = async (): Promise<void> => {
    for (let i = 0; !over && i < 2_000; i++) {
      const pick = (length: number, label: string): Uint8Array => vec(`${seed}/${label}/${i}`, length);
      const [a = 0, b = 0, c = 0] = pick(3, 'fields');
      const started = hostile.book.entries().flatMap((entry) => entry.starts);
      const sid = i % 2 === 0 ? (started.at(-1)?.body.sessionId ?? pick(32, 'sid')) : pick(32, 'sid');
      const fields = {
        type: [0x20, 0x21, 0x30, 0x10, PAIR, a][i % 6] ?? 0,
        round: b % 6,
        from: 1 + (c % 3),
        to: c % 4,
        sid,
      };
      const envelope = encodeEnvelope({ ...fields, body: pick(1 + 40 * a, 'body') }, key.sign);
      for (const party of [1, 2])
        await hostile.frame(party, { kind: 'round', envelope: i % 5 === 0 ? pick(500, 'raw') : envelope });
      sent += 1;
      // The link may take it all at once; the rest of this process must breathe.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  const flooding = flood();
  try {
    for (let i = 0; i < 3; i++) await signs();
  } finally {
    over = true;
    await flooding;
    await hostile.stop();
  }
  expect(sent).toBeGreaterThan(50);
  for (const index of [1, 2]) expect(await bansOf(network, index)).toBe(0);
  await checkNothingTwice(network);
  // Somebody spoke with its keys: the real machine learns of a counter that it never gave, and stays silent.
  await network.startParty(3);
  await eventually('the alarm', async () => {
    return String((await network.ask(3, 'status'))['heldBack']).includes('rolled back') ? true : undefined;
  });
  await signs();
});
