/** A hundred signings at once between the same three nodes: real processes, real libp2p, every record on disk. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_RUNNING } from '../../coordinator/admission.ts';
import { type Fields, Network } from '../crash/support/network.ts';
import { payment } from '../crash/support/payments.ts';
import { eventually } from '../crash/support/processes.ts';

const CEREMONIES = 100;
/** Bounds a hang. */
const DEADLINE = 400_000;

let network: Network;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network.stop();
});

test('all are signed at the first attempt, in turn, and nobody takes anybody for gone', async () => {
  const proposed: string[] = [];
  for (let i = 0; i < CEREMONIES; i++) proposed.push(await network.propose(payment({ nonce: network.nextNonce() })));
  const ends: string[] = [];
  await eventually(
    `${CEREMONIES} signatures`,
    async () => {
      const { ceremonies } = await network.operate('status');
      const rows = (ceremonies as readonly Fields[]).filter((row) => row['kind'] === 'sign');
      expect(rows.filter((row) => row['attempt'] !== 1)).toEqual([]);
      for (const { ceremony, phase } of rows) {
        if (phase === 'completed' && !ends.includes(String(ceremony))) ends.push(String(ceremony));
      }
      return ends.length === CEREMONIES ? true : undefined;
    },
    DEADLINE,
  );
  expect([...ends].sort()).toEqual([...proposed].sort());
  // Whoever was ready first begins first: nobody is overtaken by more than ran beside it, and answers may cross.
  const late = ends.map((ceremony, place) => place - proposed.indexOf(ceremony));
  expect(Math.max(...late)).toBeLessThanOrEqual(3 * MAX_RUNNING);
  for (const index of [1, 2, 3]) expect(await network.logText(index)).not.toMatch(/PEER_DOWN|PEER_SILENT|QUEUE_FULL/);
}, 450_000);

test('and they can sign afterwards', async () => {
  const ceremony = await network.propose(payment({ nonce: network.nextNonce() }));
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed', attempt: 1 });
});
