/**
 * An ideal dealer for tests of signing: keys and pair setups without KEYGEN and without base OT. Never in production:
 * here one place knows every secret.
 */

import { type Signer, signerFromSeed } from '../../../protocol/ceremony/ed25519.ts';
import { concat } from '../../../protocol/common/bytes.ts';
import { curve } from '../../../protocol/threshold/curve/accelerated.ts';
import { u8, u32 } from '../../../protocol/threshold/encoding.ts';
import { H } from '../../../protocol/threshold/hash.ts';
import { bitMask, wordsOf } from '../../../protocol/threshold/math/bits.ts';
import { evaluate } from '../../../protocol/threshold/math/polynomial.ts';
import { PairSetup } from '../../../protocol/threshold/pair-setup/setup.ts';
import { vec, vscalar } from './labels.ts';

export interface DealtKey {
  readonly threshold: number;
  readonly indices: readonly number[];
  readonly shares: ReadonlyMap<number, bigint>;
  readonly secret: bigint;
  /** Q, 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly epochId: Uint8Array;
  readonly identities: ReadonlyMap<number, Signer>;
}

export function dealKey(threshold: number, parties: number, label: string): DealtKey {
  const coefficients = Array.from({ length: threshold }, (_, k) => vscalar(`${label}/a${k}`));
  const indices = Array.from({ length: parties }, (_, i) => i + 1);
  return {
    threshold,
    indices,
    shares: new Map(indices.map((index) => [index, evaluate(coefficients, index)])),
    secret: coefficients[0] ?? 0n,
    publicKey: curve.encode(curve.base(coefficients[0] ?? 0n)),
    epochId: vec(`${label}/epoch`),
    identities: new Map(indices.map((index) => [index, signerFromSeed(vec(`${label}/identity/${index}`))])),
  };
}

/** The setups of a pair as the vectors fix them: all values below `<label>/pair/<i>-<j>/`. */
export function dealPair(
  epochId: Uint8Array,
  i: number,
  j: number,
  label: string,
): ReadonlyMap<number, { readonly setup: PairSetup; readonly sides: DealtSides }> {
  const [low, high] = i < j ? [i, j] : [j, i];
  const at = `${label}pair/${low}-${high}/`;
  const nonces = [vec(`${at}nonce/${low}`), vec(`${at}nonce/${high}`)];
  const pairSid = H('pair/sid', epochId, u8(low), u8(high), u32(0), ...nonces);
  const zs = H('zs/seed', pairSid, u8(low), u8(high), vec(`${at}z/${low}`), vec(`${at}z/${high}`));
  const pairEpoch = H('pair/epoch', pairSid, vec(`${at}conf`));
  const make = (self: number, peer: number): { readonly setup: PairSetup; readonly sides: DealtSides } => {
    const sides = {
      asReceiver: dealDirection(`${at}B${self}A${peer}/`),
      asSender: dealDirection(`${at}B${peer}A${self}/`),
    };
    const { delta, chosen } = sides.asSender;
    const setup = PairSetup.of({
      self,
      peer,
      epochId,
      pairSid,
      pairEpoch,
      zeroSeed: zs,
      sender: { delta, seeds: chosen },
      receiverSeeds: sides.asReceiver.both,
    });
    return { setup, sides };
  };
  return new Map([
    [low, make(low, high)],
    [high, make(high, low)],
  ]);
}

export interface DealtSides {
  readonly asReceiver: Direction;
  readonly asSender: Direction;
}

export interface Direction {
  readonly delta: Uint8Array;
  /** K_0, K_1 of every OT. */
  readonly both: Uint8Array;
  /** K_{1 - Delta_r} of every OT. */
  readonly chosen: Uint8Array;
}

const dealt = new Map<string, Direction>();

/** One direction of base OT below `label`. Shared between calls: setups copy it. */
export function dealDirection(label: string): Direction {
  const known = dealt.get(label) ?? makeDirection(label);
  dealt.set(label, known);
  return known;
}

function makeDirection(label: string): Direction {
  const delta = vec(`${label}Delta`, 16);
  const bits = wordsOf(delta);
  const pairs = Array.from({ length: 128 }, (_, r) => [vec(`${label}K0/${r}`), vec(`${label}K1/${r}`)] as const);
  return {
    delta,
    both: concat(...pairs.flat()),
    chosen: concat(...pairs.map(([k0, k1], r) => (bitMask(bits, r) === 0 ? k1 : k0))),
  };
}
