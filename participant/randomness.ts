/** Randomness of this process: the operating system's, and the hedged generator that every protocol run draws from. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hrtime } from 'node:process';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../protocol/common/bytes.ts';
import type { Random } from '../protocol/common/effects.ts';
import { hedgedRandom } from '../protocol/threshold/random.ts';
import type { Secret } from '../protocol/threshold/secret.ts';

export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };

/** One count for all runs of a thread; threads differ by `lane`. */
let draws = 0n;
const LANE_BITS = 48n;

/**
 * @param secret 32 bytes that no other party knows: the key share, or the hedge key made at init
 * @param sid the run's session id, or `ZERO_SID` before there is one
 * @param lane number of the thread, so that two threads never use one counter value
 */
export function runRandom(secret: Secret<Uint8Array>, sid: Uint8Array, lane = 0): Random {
  return hedgedRandom({
    operatingSystem: (length) => systemRandom.bytes(length),
    secret,
    sid,
    counter: () => {
      draws += 1n;
      return (BigInt(lane) << LANE_BITS) | draws;
    },
    time: () => hrtime.bigint(),
    bootId: bootId(),
    // libp2p does not hand out its Noise handshake hashes; the other inputs stand without them.
    handshakes: () => [],
  });
}

let knownBootId: Uint8Array | undefined;

/** 32 bytes that change when the machine restarts, where the system tells; zeros elsewhere. */
function bootId(): Uint8Array {
  if (knownBootId !== undefined) return knownBootId;
  try {
    knownBootId = sha256(utf8(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')));
  } catch {
    knownBootId = new Uint8Array(32);
  }
  return knownBootId;
}
