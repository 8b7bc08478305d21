/**
 * kill -9 of a signer at the writes of a signing. Here one kill for each kind of record; `KEYMOOT_CRASH=all` kills at
 * every single write of journal and log, in the middle of it (`npm run test:crash`).
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homeLayout } from '../../participant/keystore/settings.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { bansOf, checkNothingTwice } from './support/invariants.ts';
import type { KillOrder } from './support/killing-disk.ts';
import { bookOf, journalOf, logOf } from './support/memory.ts';
import { Network } from './support/network.ts';
import { payment } from './support/payments.ts';
import { eventually } from './support/processes.ts';

const VICTIM = 1;
/** The other signer: the coordinator prefers low indices. */
const OTHER = 2;

let network: Network;
const ceremonies: string[] = [];

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
  await signs();
  // Two are enough from here on, and only one pair setup has to be made after each restart.
  await network.stopParty(3);
}, 240_000);

afterAll(async () => {
  await network.stop();
});

/** A new ceremony completes. */
async function signs(): Promise<void> {
  const ceremony = await network.propose(payment({ nonce: network.nextNonce() }));
  const result = await network.result(ceremony);
  expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed', ok: true });
}

/** Kills the victim in a signing, starts it again, and signs something else. Whether it was killed at all. */
async function killedAt(order: KillOrder): Promise<boolean> {
  const victim = network.node(VICTIM);
  await victim.tell(order);
  const nonce = network.nextNonce();
  const ceremony = await network.propose(payment({ nonce }));
  ceremonies.push(ceremony);
  const died = await eventually(`a kill at ${JSON.stringify(order)}, or the end`, async () => {
    if (!victim.isAlive) return 'killed' as const;
    // The last writes of a ceremony come after its result: the close of the transcript.
    const state = await network.operate('ceremony', { ceremony });
    return state['ending'] === undefined ? undefined : ('ended' as const);
  });
  if (died === 'ended' && !(await victim.ended(1_500))) return false;
  expect(victim.signal).toBe('SIGKILL');
  await network.startParty(VICTIM);
  await network.meshed();
  await signs();
  return true;
}

/**
 * Every session that the victim began has an outcome of the victim; so have its peers that took part. Besides the
 * crash and the wait for it, a session may begin in the moment in which its pair setup is made anew: both notice.
 */
async function settled(): Promise<void> {
  await eventually('the outcome of every session', async () => {
    for (const index of [VICTIM, OTHER]) {
      const { home } = network.holder(index);
      const book = bookOf(network.roster, await logOf(homeLayout(home).log));
      for (const record of await journalOf(home)) {
        if (record.type !== 'session-started') continue;
        if (book.get(record.proposal)?.ceremony.outcomes.has(index) !== true) return undefined;
      }
    }
    return true;
  });
  const { home } = network.holder(VICTIM);
  const aborts = bookOf(network.roster, await logOf(homeLayout(home).log))
    .entries()
    .flatMap(({ ceremony }) => [...ceremony.outcomes.values()])
    .flatMap(({ body }) => (body.abort === undefined ? [] : [`${body.abort.failure} ${body.abort.check}`]));
  for (const abort of aborts) expect(abort).toMatch(/^(CRASH restart|BENIGN .*|INCONSISTENT pairEpoch)$/);
}

if (process.env['KEYMOOT_CRASH'] === 'all') {
  test('killed in the middle of any write of a signing, a party signs again after a restart', {
    timeout: 900_000,
  }, async () => {
    let write = 1;
    while (await killedAt({ write, phase: 'half' })) write += 1;
    expect(write).toBeGreaterThan(12);
    await settled();
    await checkNothingTwice(network);
    for (const index of [1, 2, 3]) expect(await bansOf(network, index)).toBe(0);
  });
} else {
  test.each<KillOrder>([
    { record: '"type":"verdict-given"', phase: 'half' },
    { record: '"type":"session-started"', phase: 'after' },
    { record: '"type":"r2-sent"', phase: 'half' },
    { record: '"type":"r3-sent"', phase: 'before' },
    { record: '"type":"r3-sent"', phase: 'after' },
    { record: '"type":"session-ended"', phase: 'half' },
  ])('killed at $record ($phase), a party signs again after a restart', async (order) => {
    expect(await killedAt(order)).toBe(true);
  });

  test('every session has its outcome, nothing was done twice, nobody is banned', async () => {
    await settled();
    await checkNothingTwice(network);
    for (const index of [1, 2, 3]) expect(await bansOf(network, index)).toBe(0);
  });
}

test('a restarted party says nothing of what was cut off before it has compared its counters', {
  timeout: 240_000,
}, async () => {
  await network.paired('treasury', VICTIM, OTHER);
  await network.node(VICTIM).tell({ record: '"type":"session-started"', phase: 'after' });
  const ceremony = await network.propose(payment({ nonce: network.nextNonce() }));
  ceremonies.push(ceremony);
  expect(await network.node(VICTIM).ended()).toBe(true);
  await network.stopParty(OTHER);
  await network.startParty(VICTIM);
  const { home } = network.holder(VICTIM);
  const said = async (): Promise<number> => {
    const entries = bookOf(network.roster, await logOf(homeLayout(home).log)).entries();
    const cut = entries.find(({ ceremony: { proposal } }) => shortName(proposal.digest) === ceremony);
    return cut?.ceremony.outcomes.has(VICTIM) === true ? 1 : 0;
  };
  // The operator is there, and nobody who could show it a higher counter.
  await eventually('the operator', async () => {
    const connected = (await network.ask(VICTIM, 'status'))['connected'] as readonly string[];
    return connected.length > 0 ? true : undefined;
  });
  expect(await said()).toBe(0);
  await network.startParty(OTHER);
  await eventually('the outcome', async () => ((await said()) === 1 ? true : undefined));
});

test('what was released before a kill stays released: its nonce is not given to another payload', async () => {
  const victim = network.node(VICTIM);
  await victim.tell({ record: '"type":"r3-sent"', phase: 'after' });
  const nonce = network.nextNonce();
  await network.propose(payment({ nonce, value: 1n }));
  expect(await victim.ended()).toBe(true);
  await network.startParty(VICTIM);
  await network.meshed();
  const other = await network.propose(payment({ nonce, value: 2n }));
  const result = await network.result(other);
  expect(result['ending']).not.toBe('completed');
  const started = (await journalOf(network.holder(VICTIM).home)).filter(
    (record) => record.type === 'session-started' && toHex(record.proposal) === result['proposal'],
  );
  expect(started).toEqual([]);
});
