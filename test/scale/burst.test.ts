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
  await Promise.all([
    network.paired('treasury', 1, 2),
    network.paired('treasury', 1, 3),
    network.paired('treasury', 2, 3),
  ]);
}, 400_000);

afterAll(async () => {
  await network.stop();
});

test('all are signed, in turn, and nobody takes anybody for gone', async () => {
  const logs = async (): Promise<readonly string[]> => Promise.all([1, 2, 3].map((index) => network.logText(index)));
  const before = await logs();
  const proposed: string[] = [];
  for (let i = 0; i < CEREMONIES; i++) proposed.push(await network.propose(payment({ nonce: network.nextNonce() })));
  const ends: string[] = [];
  await eventually(
    `${CEREMONIES} signatures`,
    async () => {
      const { ceremonies } = await network.operate('status');
      for (const { ceremony, kind, phase } of ceremonies as readonly Fields[]) {
        const isNew = kind === 'sign' && phase === 'completed' && !ends.includes(String(ceremony));
        if (isNew) ends.push(String(ceremony));
      }
      return ends.length === CEREMONIES ? true : undefined;
    },
    DEADLINE,
  );
  // Whoever was ready first begins first: nobody is overtaken by more than ran beside it, and answers may cross. A
  // machine that is slow enough may make a session late, and its further attempt is a ceremony of its own.
  const atOnce = ends.filter((ceremony) => proposed.includes(ceremony));
  const late = atOnce.map((ceremony, place) => place - proposed.indexOf(ceremony));
  expect(Math.max(...late)).toBeLessThanOrEqual(3 * MAX_RUNNING);
  for (const [i, log] of (await logs()).entries()) {
    expect(log.slice(before[i]?.length)).not.toMatch(/PEER_DOWN|PEER_SILENT|QUEUE_FULL/);
  }
}, 450_000);

test('and they can sign afterwards', async () => {
  const ceremony = await network.propose(payment({ nonce: network.nextNonce() }));
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed' });
});
