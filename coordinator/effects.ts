import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../protocol/common/effects.ts';

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  monotonic: () => performance.now(),
  after(milliseconds, action) {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** The operating system's generator: nonces and keys of an operator, which holds no share. */
export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
