/**
 * kill -9 of a party at the writes of a key generation: afterwards there is either no key, or one that becomes active
 * at all three.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bansOf, checkNothingTwice } from './support/invariants.ts';
import type { KillOrder } from './support/killing-disk.ts';
import { type Fields, Network } from './support/network.ts';
import { payment } from './support/payments.ts';
import { eventually } from './support/processes.ts';

const VICTIM = 2;
const ALL = [1, 2, 3];

let network: Network;
let wallets = 0;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet('treasury');
}, 240_000);

afterAll(async () => {
  await network.stop();
});

async function walletsOf(index: number): Promise<readonly string[]> {
  const rows = (await network.ask(index, 'status'))['wallets'] as readonly Fields[];
  return rows.map((row) => `${String(row['name'])} ${String(row['epoch'])}`);
}

/** Kills the victim in a keygen and starts it again; whether it died, and how many then hold the new key. */
async function killedAt(
  order: KillOrder,
  atLeast: number,
): Promise<{ readonly killed: boolean; readonly holders: number }> {
  wallets += 1;
  const name = `wallet-${wallets}`;
  const victim = network.node(VICTIM);
  await victim.tell(order);
  const { ceremony } = await network.operate('keygen', { wallet: name, note: 'a new wallet', detach: true });
  // The victim may die while it answers.
  await Promise.allSettled(ALL.map((index) => network.approve(index, String(ceremony))));
  const ended = await eventually('a kill, or the end', async () => {
    if (!victim.isAlive) return 'killed' as const;
    const state = await network.operate('ceremony', { ceremony: String(ceremony) });
    return state['ending'] === undefined ? undefined : ('ended' as const);
  });
  const killed = ended === 'killed' || (await victim.ended(1_500));
  if (killed) await network.startParty(VICTIM);
  await network.meshed();
  await network.resultAfterKill(VICTIM, String(ceremony));
  // As soon as one holds the key, all will.
  return await eventually(`${name} everywhere or nowhere`, async () => {
    const rows = (await Promise.all(ALL.map(walletsOf))).flat().filter((row) => row.startsWith(`${name} `));
    if ((rows.length !== 0 && rows.length !== 3) || rows.length < atLeast) return undefined;
    expect(new Set(rows).size).toBeLessThanOrEqual(1);
    return { killed, holders: rows.length };
  });
}

if (process.env['KEYMOOT_CRASH'] === 'all') {
  test('killed in the middle of any write of a keygen, all hold the key or nobody does', {
    timeout: 900_000,
  }, async () => {
    const reached = new Set<number>();
    let write = 1;
    for (; ; write++) {
      const { holders, killed } = await killedAt({ write, phase: 'half' }, 0);
      if (!killed) break;
      reached.add(holders);
    }
    process.stderr.write(`keygen: ${write - 1} kills\n`);
    // The order that was not reached must not be reached later.
    await network.node(VICTIM).tell({ write: Number.MAX_SAFE_INTEGER, phase: 'half' });
    expect(reached).toEqual(new Set([0, 3]));
    await checkNothingTwice(network);
  });
} else {
  test.each<readonly [KillOrder, number]>([
    [{ record: '"type":"prepared"', phase: 'before' }, 0],
    [{ record: '"type":"acked"', phase: 'half' }, 3],
    [{ record: '"type":"active"', phase: 'half' }, 3],
  ])('killed at %o, at least %i parties hold the key in the end', async (order, expected) => {
    // Where nobody needs to hold it, it may still come to be held by all.
    expect((await killedAt(order, expected)).killed).toBe(true);
  });
}

test('afterwards a new key is made, and an older one still signs', { timeout: 300_000 }, async () => {
  await network.wallet('afterwards');
  await network.paired('treasury', 1, 2);
  const result = await network.result(await network.propose(payment({ nonce: network.nextNonce() })));
  expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed' });
  await checkNothingTwice(network);
  for (const index of ALL) expect(await bansOf(network, index)).toBe(0);
});
