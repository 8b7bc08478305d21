/** What a process keeps of sessions that are over: next to nothing, however many there were. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { dealKey } from '../threshold/support/dealer.ts';
import { makeHosts, SignNetwork } from '../threshold/support/sign-network.ts';

const WARMUP = 30;
const SIGNATURES = 100;
/** Of one session the messages alone are 100 KB. Compiled code and caches of the runtime may still grow a little. */
const MOST_BYTES_EACH = 10_000;

function heap(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

test('hundreds of signatures between the same processes leave no trace in their memory', () => {
  const key = dealKey(2, 3, 'memory');
  const hosts = makeHosts(key);
  const sign = (i: number): void => {
    const session = SignNetwork.of(key, hosts, [1, 3], undefined, { label: `memory/${i}` })
      .start()
      .run();
    expect(session.outputOf(3)).toBeDefined();
  };
  for (let i = 0; i < WARMUP; i++) sign(i);
  const before = heap();
  for (let i = 0; i < SIGNATURES; i++) sign(WARMUP + i);
  expect((heap() - before) / SIGNATURES).toBeLessThan(MOST_BYTES_EACH);
});
