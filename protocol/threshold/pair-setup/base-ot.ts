/**
 * Endemic oblivious transfer (Masny-Rindal 2019/706; docs/protocol.md p.3), 128 at once. A chooses with bit
 * c_r = 1 - Delta_r and gets one key of each pair, B gets both. Full group operations only. Choice bits select bytes
 * by masks; they decide no branch and no memory address. The random oracle into the group takes longer for some
 * messages than for others: each side evaluates it at the same two public ones, so its time says nothing about the
 * choice. The scalars are used for one OT and never again; what the time of their multiplications tells is about them.
 */
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { u8, u32 } from '../encoding.ts';
import { H } from '../hash.ts';
import { KAPPA } from '../math/bits.ts';
import { integerFromBytes, mod } from '../math/scalar.ts';
import { SEED_BYTES } from '../multiply/extension.ts';
import { randomScalar } from '../random.ts';
import { BASE_OT_DST } from '../tags.ts';
import { POINT_PAIRS_BYTES } from './messages.ts';

const POINT_BYTES = 33;
const SCALAR_DRAW_BYTES = 48;

/** A random oracle into the group, for public messages. */
export type PointHash = (message: Uint8Array) => Point;

/** The one in use. The tests put the hash of RFC 9380 in its place, for which there are known answers. */
export const hashToPoint: PointHash = (message) => curve.hashToPoint(message, BASE_OT_DST);

/** A's secrets: 16 bytes of Delta, a scalar u != 0 and a random point for each OT. */
export interface ChooserValues {
  readonly delta: Uint8Array;
  readonly u: readonly bigint[];
  /** R_{1-c}: nobody knows its logarithm. */
  readonly unchosen: readonly Point[];
}

/** B's secrets: v_0 and v_1, not 0, for each OT. */
export interface TransferValues {
  readonly v: readonly (readonly [bigint, bigint])[];
}

export function drawChooser(random: Random): ChooserValues {
  return { delta: random.bytes(KAPPA / 8), u: drawScalars(random, KAPPA), unchosen: drawPoints(random, KAPPA) };
}

export function drawTransfer(random: Random): TransferValues {
  const scalars = drawScalars(random, 2 * KAPPA);
  return { v: Array.from({ length: KAPPA }, (_, r) => [at(scalars, 2 * r), at(scalars, 2 * r + 1)] as const) };
}

/** Scalars in 1..q-1, all from one draw of the generator. */
function drawScalars(random: Random, count: number): readonly bigint[] {
  const bytes = random.bytes(SCALAR_DRAW_BYTES * count);
  const scalars = Array.from({ length: count }, (_, i) => {
    const scalar = mod(integerFromBytes(bytes.subarray(SCALAR_DRAW_BYTES * i, SCALAR_DRAW_BYTES * (i + 1))));
    return scalar === 0n ? randomScalar(random) : scalar;
  });
  bytes.fill(0);
  return scalars;
}

/** Uniformly random points: a random x until it is on the curve, with a random sign. */
function drawPoints(random: Random, count: number): readonly Point[] {
  const points: Point[] = [];
  while (points.length < count) {
    const bytes = random.bytes(POINT_BYTES * 2 * (count - points.length));
    for (let from = 0; from < bytes.length && points.length < count; from += POINT_BYTES) {
      const odd = ((bytes[from + 32] ?? 0) & 1) === 1;
      const point = curve.liftX(bytes.subarray(from, from + 32), odd);
      if (point !== undefined) points.push(point);
    }
  }
  return points;
}

/** A, first step: R_0, R_1 of every OT. `undefined` if an own point is O: a new attempt. */
export function choose(bsid: Uint8Array, values: ChooserValues, hash: PointHash): Uint8Array | undefined {
  const message = new Uint8Array(POINT_PAIRS_BYTES);
  for (let r = 0; r < KAPPA; r++) {
    const other = curve.encode(at(values.unchosen, r));
    const choice = choiceMask(values.delta, r);
    const own = curve.add(curve.base(at(values.u, r)), curve.negate(hashOther(hash, bsid, r, choice & 1, other)));
    if (curve.isIdentity(own)) return undefined;
    const encoded = curve.encode(own);
    // The number of tries of a hash depends on what is hashed. With this one, which nobody needs here, the two hashes
    // are those of R_1 and R_0 that B evaluates, whatever the choice is.
    hashOther(hash, bsid, r, ~choice & 1, encoded);
    const target = message.subarray(2 * POINT_BYTES * r, 2 * POINT_BYTES * (r + 1));
    select(choice, other, encoded, target.subarray(0, POINT_BYTES));
    select(choice, encoded, other, target.subarray(POINT_BYTES));
  }
  return message;
}

/** B: V_0, V_1 and both keys of every OT. `undefined` if the message holds an invalid point or gives M = O (P1). */
export function transfer(
  bsid: Uint8Array,
  message: Uint8Array,
  values: TransferValues,
  hash: PointHash,
): { readonly reply: Uint8Array; readonly keys: Uint8Array } | undefined {
  const reply = new Uint8Array(POINT_PAIRS_BYTES);
  const keys = new Uint8Array(2 * SEED_BYTES * KAPPA);
  for (let r = 0; r < KAPPA; r++) {
    const encoded = pointPair(message, r);
    const masked = unmask(hash, bsid, r, encoded);
    if (masked === undefined) {
      keys.fill(0);
      return undefined;
    }
    const secrets = at(values.v, r);
    for (const bit of [0, 1] as const) {
      const v = secrets[bit];
      const encodedV = curve.encode(curve.base(v));
      const shared = curve.encode(curve.multiplyOnce(masked[bit], v));
      reply.set(encodedV, POINT_BYTES * (2 * r + bit));
      keys.set(otKey(bsid, r, bit, encoded, encodedV, shared), SEED_BYTES * (2 * r + bit));
    }
  }
  return { reply, keys };
}

/** M_0 = R_0 + H(R_1), M_1 = R_1 + H(R_0). */
function unmask(
  hash: PointHash,
  bsid: Uint8Array,
  index: number,
  encoded: readonly [Uint8Array, Uint8Array],
): readonly [Point, Point] | undefined {
  const r0 = curve.decode(encoded[0]);
  const r1 = curve.decode(encoded[1]);
  if (r0 === undefined || r1 === undefined) return undefined;
  const m0 = curve.add(r0, hashOther(hash, bsid, index, 0, encoded[1]));
  const m1 = curve.add(r1, hashOther(hash, bsid, index, 1, encoded[0]));
  return curve.isIdentity(m0) || curve.isIdentity(m1) ? undefined : [m0, m1];
}

/**
 * A, second step: the chosen key of every OT. `message` is what `choose` gave. `undefined` if any point of the reply
 * is invalid (P1): both of every pair are decoded before one is used, else the failure would tell the choice.
 */
export function receive(
  bsid: Uint8Array,
  values: ChooserValues,
  message: Uint8Array,
  reply: Uint8Array,
): Uint8Array | undefined {
  for (let r = 0; r < KAPPA; r++) {
    if (pointPair(reply, r).some((encoded) => curve.decode(encoded) === undefined)) return undefined;
  }
  const keys = new Uint8Array(SEED_BYTES * KAPPA);
  const encodedV = new Uint8Array(POINT_BYTES);
  for (let r = 0; r < KAPPA; r++) {
    const mask = choiceMask(values.delta, r);
    const [v0, v1] = pointPair(reply, r);
    select(mask, v1, v0, encodedV);
    const chosen = curve.decode(encodedV);
    if (chosen === undefined) return undefined;
    const shared = curve.encode(curve.multiplyOnce(chosen, at(values.u, r)));
    keys.set(otKey(bsid, r, mask & 1, pointPair(message, r), encodedV, shared), SEED_BYTES * r);
  }
  encodedV.fill(0);
  return keys;
}

function hashOther(hash: PointHash, bsid: Uint8Array, index: number, bit: number, other: Uint8Array): Point {
  const message = new Uint8Array(32 + 4 + 1 + POINT_BYTES);
  message.set(bsid);
  message.set(u32(index), 32);
  message[36] = bit;
  message.set(other, 37);
  return hash(message);
}

function otKey(
  bsid: Uint8Array,
  index: number,
  bit: number,
  r: readonly [Uint8Array, Uint8Array],
  v: Uint8Array,
  shared: Uint8Array,
): Uint8Array {
  return H('bot/key', bsid, u32(index), u8(bit), r[0], r[1], v, shared);
}

/** All ones (of 8 bits) if c_r = 1, else 0; c_r = 1 - Delta_r. */
function choiceMask(delta: Uint8Array, r: number): number {
  return ((((delta[r >> 3] ?? 0) >> (r & 7)) & 1) - 1) & 0xff;
}

/** `ifOnes` where the mask is ones, else `ifZero`. */
function select(mask: number, ifOnes: Uint8Array, ifZero: Uint8Array, target: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] = ((ifOnes[i] ?? 0) & mask) | ((ifZero[i] ?? 0) & ~mask);
}

function pointPair(points: Uint8Array, r: number): readonly [Uint8Array, Uint8Array] {
  const from = 2 * POINT_BYTES * r;
  return [points.subarray(from, from + POINT_BYTES), points.subarray(from + POINT_BYTES, from + 2 * POINT_BYTES)];
}

function at<T>(values: readonly T[], r: number): T {
  const value = values[r];
  if (value === undefined) throw new BugError('BUG_BASE_OT', 'A base OT needs 128 values.');
  return value;
}
