/**
 * kill -9 of a party at the writes of a reshare: at every instant t shares of one epoch lie on the disks, whoever holds
 * the highest certified epoch is joined by all its holders, and the wallet signs again. Here one kill for each kind of
 * write; `KEYMOOT_CRASH=all` kills at every single one.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bansOf, checkNothingTwice } from './support/invariants.ts';
import type { KillOrder } from './support/killing-disk.ts';
import { type Fields, Network } from './support/network.ts';
import { eventually } from './support/processes.ts';
import { highest, recordsOf, widest } from './support/shares.ts';
import { adopt, changedOver, compose, propose, signs } from './support/succession.ts';

const THRESHOLD = 2;
const ALL = [1, 2, 3];

let network: Network;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network.stop();
});

/**
 * Looks at all disks: a quorum of shares is there, and nobody who should hold the highest epoch lacks it. One look takes
 * a while: an epoch that was active somewhere in the first must be held by all in the second, unless a later one is.
 */
async function quorumOnDisk(): Promise<void> {
  const before = await recordsOf(network);
  const records = await recordsOf(network);
  const shown = JSON.stringify(records.map(({ holder, record }) => [holder, record.gen, record.state]));
  expect(widest(records), shown).toBeGreaterThanOrEqual(THRESHOLD);
  const { epoch, holders } = highest(records);
  if (epoch === highest(before).epoch) expect(holders, shown).toEqual(ALL);
}

/** All nodes are in one epoch of the wallet; the older shares are gone. */
async function oneEpoch(): Promise<string> {
  return await eventually('one epoch at all parties', async () => {
    const states = await Promise.all(ALL.map((id) => network.ask(id, 'status').catch(() => undefined)));
    const rows = states.flatMap((state) => (state?.['wallets'] ?? []) as readonly Fields[]);
    const epochs = new Set(rows.map((row) => String(row['epoch'])));
    const [epoch] = epochs;
    const { epoch: onDisk, holders } = highest(await recordsOf(network));
    const isOne = rows.length === ALL.length && epochs.size === 1 && onDisk === epoch && holders.length === ALL.length;
    return isOne ? epoch : undefined;
  });
}

async function signsAgain(): Promise<void> {
  const result = await signs(network, ALL);
  expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed' });
}

/** Kills the victim in a refresh and starts it again; whether it died, and whether the wallet moved. */
async function killedAt(
  victim: number,
  order: KillOrder,
): Promise<{ readonly killed: boolean; readonly moved: boolean }> {
  const before = await oneEpoch();
  const node = network.node(victim);
  await node.tell(order);
  const { ceremony } = await network.operate('reshare', {
    wallet: 'treasury',
    refresh: true,
    note: 'new',
    detach: true,
  });
  // The victim may die while it answers.
  await Promise.allSettled(ALL.map((id) => network.approve(id, String(ceremony))));
  const seen = await eventually('a kill, or the end', async () => {
    if (!node.isAlive) return 'killed' as const;
    const state = await network.operate('ceremony', { ceremony: String(ceremony) });
    return state['ending'] === undefined ? undefined : ('ended' as const);
  });
  const killed = seen === 'killed' || (await node.ended(1_500));
  await quorumOnDisk();
  if (killed) await network.startParty(victim);
  await network.meshed();
  await quorumOnDisk();
  await network.resultAfterKill(victim, String(ceremony));
  const after = await oneEpoch();
  await quorumOnDisk();
  return { killed, moved: after !== before };
}

if (process.env['KEYMOOT_CRASH'] === 'all') {
  test('killed in the middle of any write of a refresh, dealer or not, all end in one epoch and sign', {
    timeout: 3_600_000,
  }, async () => {
    for (const victim of [2, 3]) {
      const reached = new Set<boolean>();
      for (let write = 1; ; write++) {
        const { killed, moved } = await killedAt(victim, { write, phase: 'half' });
        if (!killed) break;
        reached.add(moved);
        // Pair setups of a new epoch take their time.
        if (write % 6 === 0) await signsAgain();
      }
      expect(reached).toEqual(new Set([false, true]));
      // The order that was not reached must not be reached later.
      await network.node(victim).tell({ write: Number.MAX_SAFE_INTEGER, phase: 'half' });
    }
  });
} else {
  test.each<readonly [number, KillOrder, boolean | undefined]>([
    [2, { record: '"type":"session-started"', phase: 'after' }, false],
    [3, { file: 'key-record', write: 1, phase: 'half' }, false],
    [2, { record: '"type":"prepared"', phase: 'half' }, undefined],
    [3, { record: '"type":"acked"', phase: 'after' }, true],
    [2, { record: '"type":"active"', phase: 'half' }, true],
  ])(
    'party %i killed at %o: a quorum of shares at every instant, and one epoch in the end',
    {
      timeout: 240_000,
    },
    async (victim, order, moves) => {
      const { killed, moved } = await killedAt(victim, order);
      expect(killed).toBe(true);
      if (moves !== undefined) expect(moved).toBe(moves);
    },
  );
}

test('killed while it changes over to the next roster, a party arrives there', { timeout: 300_000 }, async () => {
  const next = compose(network, [3, 1, 2]);
  await adopt(network, next, ALL);
  const victim = network.node(1);
  await victim.tell({ file: 'roster.json', write: 1, phase: 'half' });
  await propose(network, ALL, { dealers: [2, 3] });
  expect(await victim.ended()).toBe(true);
  await quorumOnDisk();
  await network.startParty(1);
  await changedOver(network, next, ALL);
  await quorumOnDisk();
});

test('afterwards the wallet signs, nothing was done twice, nobody is banned', { timeout: 240_000 }, async () => {
  await oneEpoch();
  await signsAgain();
  await checkNothingTwice(network);
  for (const index of ALL) expect(await bansOf(network, index)).toBe(0);
});
