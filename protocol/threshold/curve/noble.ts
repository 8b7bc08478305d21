/**
 * secp256k1 by @noble/curves: the reference that the tests compare `accelerated.ts` with. Nothing in the protocol
 * runs on it but RFC 9380 hashing.
 */
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { concat } from '../../common/bytes.ts';
import { BugError } from '../../common/errors.ts';
import { invertScalar, mod, scalarToBytes } from '../math/scalar.ts';
import type { Curve, Point } from './curve.ts';
import { tryAndIncrement } from './hash-to-point.ts';

type Raw = WeierstrassPoint<bigint>;

const RawPoint = secp256k1.Point;

/** The two casts below are the whole of the opaque type: a `Point` of this curve is a noble point. */
function open(point: Point): Raw {
  return point as unknown as Raw;
}

function seal(raw: Raw): Point {
  return raw as unknown as Point;
}

function decode(bytes: Uint8Array): Point | undefined {
  // Checked before noble sees them: its parser also takes 65-byte points.
  if (bytes.length !== 33 || (bytes[0] !== 2 && bytes[0] !== 3)) return undefined;
  try {
    return seal(RawPoint.fromBytes(bytes));
  } catch {
    return undefined;
  }
}

function liftX(x: Uint8Array, odd: boolean): Point | undefined {
  return x.length === 32 ? decode(concat(Uint8Array.of(odd ? 3 : 2), x)) : undefined;
}

export const referenceCurve: Curve = {
  identity: seal(RawPoint.ZERO),
  generator: seal(RawPoint.BASE),
  base(k: bigint): Point {
    const scalar = mod(k);
    return seal(scalar === 0n ? RawPoint.ZERO : RawPoint.BASE.multiply(scalar));
  },
  multiply(point: Point, k: bigint): Point {
    const raw = open(point);
    const scalar = mod(k);
    return seal(scalar === 0n || raw.is0() ? RawPoint.ZERO : raw.multiply(scalar));
  },
  multiplyOnce(point: Point, k: bigint): Point {
    return referenceCurve.multiply(point, k);
  },
  multiplyPublic(point: Point, k: bigint): Point {
    const raw = open(point);
    const scalar = mod(k);
    return seal(scalar === 0n || raw.is0() ? RawPoint.ZERO : raw.multiplyUnsafe(scalar));
  },
  add(a: Point, b: Point): Point {
    return seal(open(a).add(open(b)));
  },
  negate(point: Point): Point {
    return seal(open(point).negate());
  },
  equals(a: Point, b: Point): boolean {
    return open(a).equals(open(b));
  },
  isIdentity(point: Point): boolean {
    return open(point).is0();
  },
  encode(point: Point): Uint8Array {
    const raw = open(point);
    if (raw.is0())
      throw new BugError('BUG_ENCODE_IDENTITY', 'The identity point has no encoding; the caller checks first.');
    return raw.toBytes(true);
  },
  decode,
  liftX,
  hashToPoint(message: Uint8Array, dst: string): Point {
    return tryAndIncrement(referenceCurve, message, dst);
  },
  hashToCurve(message: Uint8Array, dst: string): Point {
    return seal(secp256k1_hasher.hashToCurve(message, { DST: dst }));
  },
  recover(m: bigint, r: bigint, s: bigint, odd: boolean): Point | undefined {
    const nonce = liftX(scalarToBytes(r), odd);
    if (nonce === undefined) return undefined;
    const inverse = invertScalar(r);
    const key = open(nonce)
      .multiplyUnsafe(mod(s * inverse))
      .add(RawPoint.BASE.multiplyUnsafe(mod(-m * inverse)));
    return key.is0() ? undefined : seal(key);
  },
};
