/**
 * kill -9 of a process after the durable steps of a hand-over: a party is replaced, added, removed, and whoever plays a
 * part in it dies. At every moment t usable shares of one epoch lie on the disks; afterwards the address signs, in the
 * next group or in the old one; nothing is signed twice, nobody is banned, and the old shares are gone. Here one kill for
 * each part; `KEYMOOT_CRASH=all` kills after every single step.
 */
import { appendFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Handover, Handovers, ROLES, type Role, type Shape } from './support/hand-over.ts';
import { bansOf, checkNothingTwice } from './support/invariants.ts';
import type { StepOrder } from './support/killing-disk.ts';
import { Network } from './support/network.ts';

/** Where each hand-over of a sweep leaves a line. */
const REPORT = process.env['KEYMOOT_CRASH_REPORT'];

let network: Network;
let handovers: Handovers;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
  handovers = new Handovers(network);
}, 240_000);

afterAll(async () => {
  await network.stop();
});

/** Kills after the first step, the second, and so on, until nobody gets as far as that. */
async function sweep(shape: Shape, roles: readonly Role[]): Promise<void> {
  const seen: Handover[] = [];
  for (let step = Number(process.env['KEYMOOT_CRASH_FROM'] ?? 1); ; step++) {
    const handover = await handovers.killedAt(shape, roles, { step });
    if (REPORT !== undefined) await appendFile(REPORT, `${JSON.stringify({ step, roles, ...handover })}\n`);
    if (handover.kills.length === 0) break;
    seen.push(handover);
  }
  expect(seen.some(({ moved }) => moved)).toBe(true);
}

const SHAPES = ['replace', 'add', 'remove'] as const;
const cases = SHAPES.flatMap((shape) => ROLES[shape].map((role) => [shape, role] as const));

if (process.env['KEYMOOT_CRASH'] === 'all') {
  test.each(cases)(
    '%s: killed after every durable step, the party that %s',
    { timeout: 7_200_000 },
    async (shape, role) => sweep(shape, [role]),
  );
} else if (process.env['KEYMOOT_CRASH'] === 'together') {
  test.each(SHAPES)(
    '%s: all are killed after every durable step, each after its own',
    { timeout: 7_200_000 },
    async (shape) => sweep(shape, ROLES[shape]),
  );
} else {
  test.each<readonly [Shape, Role, StepOrder]>([
    ['replace', 'stays and deals', { after: 'journal session-started' }],
    ['replace', 'leaves and deals', { after: 'log statement outcome' }],
    ['add', 'joins', { after: 'journal acked' }],
    ['remove', 'stays', { after: 'roster.json replaced' }],
  ])('%s: the party that %s, killed after %o', { timeout: 300_000 }, async (shape, role, order) => {
    const { kills } = await handovers.killedAt(shape, [role], order);
    expect(kills).toHaveLength(1);
  });
}

test('afterwards nothing was done twice, and nobody is banned', { timeout: 240_000 }, async () => {
  await checkNothingTwice(network);
  for (const { index } of network.holders) expect(await bansOf(network, index)).toBe(0);
});
