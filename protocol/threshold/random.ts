/**
 * The hedged generator (docs/protocol.md a.9): every draw mixes fresh OS randomness with a long-term secret, a
 * counter that never repeats, time, boot and channel context, so that one failing source alone repeats no nonce.
 * One honest signing nonce used twice gives the key away if all other signers are corrupt.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from '../common/bytes.ts';
import type { Random } from '../common/effects.ts';
import { u32, u64 } from './encoding.ts';
import { H } from './hash.ts';
import { integerFromBytes, mod } from './math/scalar.ts';
import type { Secret } from './secret.ts';

const INFO: Uint8Array = utf8('dkls-ts/v2/rng');
/** HKDF-SHA256 gives at most 255 blocks; longer draws are several draws. */
const DRAW_MAX = 255 * 32;

export interface HedgeContext {
  /** Fresh bytes of the operating system's generator. */
  readonly operatingSystem: (length: number) => Uint8Array;
  /** 32 bytes: x_i, or the hedge key made at install before a share exists. */
  readonly secret: Secret<Uint8Array>;
  /** sessionId or pairSid of the run; epochId in PAIRSETUP before pairSid; `ZERO_SID` before any id exists. */
  readonly sid: Uint8Array;
  /** A new value at each call; never the same twice in a process, whatever the context. */
  readonly counter: () => bigint;
  /** High-resolution time in nanoseconds. */
  readonly time: () => bigint;
  readonly bootId: Uint8Array;
  /** Handshake hashes of the live channels. */
  readonly handshakes: () => readonly Uint8Array[];
}

/** Randomness for every secret of one run. */
export function hedgedRandom(context: HedgeContext): Random {
  const draw = (length: number): Uint8Array => {
    const hedge = context.secret.use((secret) => H('rng/hedge', context.sid, secret, u64(context.counter())));
    const parts = [
      context.operatingSystem(64),
      hedge,
      u64(BigInt.asUintN(64, context.time())),
      context.bootId,
      ...context.handshakes(),
    ];
    const material = concat(...parts.flatMap((part) => [u32(part.length), part]));
    const out = hkdf(sha256, material, new Uint8Array(0), INFO, length);
    material.fill(0);
    return out;
  };
  return {
    bytes(length: number): Uint8Array {
      const out = new Uint8Array(length);
      for (let offset = 0; offset < length; offset += DRAW_MAX) {
        out.set(draw(Math.min(DRAW_MAX, length - offset)), offset);
      }
      return out;
    },
  };
}

/** A uniform scalar in 1..q-1: 48 bytes reduced mod q, drawn again if zero. */
export function randomScalar(random: Random): bigint {
  for (;;) {
    const bytes = random.bytes(48);
    const scalar = mod(integerFromBytes(bytes));
    bytes.fill(0);
    if (scalar !== 0n) return scalar;
  }
}
