/** secp256k1 by @noble/curves: the reference implementation of `Curve`. */
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { BugError } from '../../common/errors.ts';
import { mod } from '../math/scalar.ts';
import type { Curve, Point } from './curve.ts';
import { multiplyOnce } from './one-time-multiply.ts';

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

export const curve: Curve = {
  identity: seal(RawPoint.ZERO),
  generator: seal(RawPoint.BASE),
  base(k: bigint): Point {
    const scalar = mod(k);
    return seal(scalar === 0n ? RawPoint.ZERO : RawPoint.BASE.multiply(scalar));
  },
  multiply(point: Point, k: bigint): Point {
    const raw = open(point);
    const scalar = mod(k);
    return seal(scalar === 0n || raw.is0() ? RawPoint.ZERO : multiplyOnce(RawPoint, raw, scalar));
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
  liftX(x: Uint8Array, odd: boolean): Point | undefined {
    if (x.length !== 32) return undefined;
    const bytes = new Uint8Array(33);
    bytes[0] = odd ? 3 : 2;
    bytes.set(x, 1);
    return decode(bytes);
  },
  hashToCurve(message: Uint8Array, dst: string): Point {
    return seal(secp256k1_hasher.hashToCurve(message, { DST: dst }));
  },
};
