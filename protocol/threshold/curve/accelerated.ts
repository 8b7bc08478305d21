/**
 * secp256k1 by libsecp256k1 compiled to WebAssembly (tiny-secp256k1): the curve that the protocol runs on.
 *
 * A point is its SEC 1 encoding, uncompressed (65 bytes 04 . x . y), O the one byte 00. Additions on this form need
 * no square root, and bytes can be compared.
 *
 * The library throws out of WebAssembly where it meets bytes that are no point, and every such throw leaks a piece of
 * its stack: after a few thousand it works never again. So no foreign bytes reach it but through `isPoint`, which
 * answers and does not throw; everything below otherwise handles points that this module made. There is no `catch`.
 *
 * Timing. `base` takes the same steps for every k (libsecp256k1's blinded multiplication of G). Multiplication of
 * another point is variable-time in the library. `multiply` therefore splits its secret in two scalars that are each
 * uniformly distributed and independent of it (one is a hash of k and P, so no generator is needed), and multiplies
 * twice: the time of either says nothing about k, only their combination does. Conversions through BigInt and the final addition are not constant-time anywhere
 * (docs/performance.md).
 */
import { secp256k1_hasher } from '@noble/curves/secp256k1.js';
import {
  isPointCompressed,
  isXOnlyPoint,
  pointAdd,
  pointCompress,
  pointFromScalar,
  pointMultiply,
  recover as recoverKey,
} from 'tiny-secp256k1';
import { concat, equalBytes, utf8 } from '../../common/bytes.ts';
import { BugError } from '../../common/errors.ts';
import { integerFromBytes, integerToBytes, mod, scalarFromHash, scalarToBytes } from '../math/scalar.ts';
import { sha256 } from '../sha256.ts';
import type { Curve, Point } from './curve.ts';
import { tryAndIncrement } from './hash-to-point.ts';

const FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;
/** Domain of the hash that splits secret scalars. */
const SPLIT: Uint8Array = utf8('keymoot/curve/split');

/** The two casts below are the whole of the opaque type: a `Point` of this curve is its bytes. */
function open(point: Point): Uint8Array {
  return point as unknown as Uint8Array;
}

function seal(bytes: Uint8Array): Point {
  return bytes as unknown as Point;
}

const identity: Point = seal(Uint8Array.of(0));

function isIdentity(point: Point): boolean {
  return open(point).length === 1;
}

/** The library's answer for O is null. */
function orIdentity(bytes: Uint8Array | null): Point {
  return bytes === null ? identity : seal(bytes);
}

function base(k: bigint): Point {
  const scalar = mod(k);
  return scalar === 0n ? identity : orIdentity(pointFromScalar(scalarToBytes(scalar), false));
}

function multiplyPublic(point: Point, k: bigint): Point {
  const scalar = mod(k);
  return scalar === 0n || isIdentity(point) ? identity : orIdentity(pointMultiply(open(point), scalarToBytes(scalar)));
}

function add(a: Point, b: Point): Point {
  if (isIdentity(a)) return b;
  if (isIdentity(b)) return a;
  return orIdentity(pointAdd(open(a), open(b)));
}

function negate(point: Point): Point {
  if (isIdentity(point)) return point;
  const negated = open(point).slice();
  // y is never 0: there is no point of order 2.
  negated.set(integerToBytes(FIELD - integerFromBytes(negated.subarray(33))), 33);
  return seal(negated);
}

function decode(bytes: Uint8Array): Point | undefined {
  // Checked before the library sees them: it also takes other forms.
  if (bytes.length !== 33 || (bytes[0] !== 2 && bytes[0] !== 3)) return undefined;
  return isPointCompressed(bytes) ? seal(pointCompress(bytes, false)) : undefined;
}

function liftX(x: Uint8Array, odd: boolean): Point | undefined {
  return x.length === 32 ? decode(concat(Uint8Array.of(odd ? 3 : 2), x)) : undefined;
}

export const curve: Curve = {
  identity,
  generator: base(1n),
  base,
  multiply(point: Point, k: bigint): Point {
    const scalar = mod(k);
    const part = scalarFromHash(sha256(SPLIT, scalarToBytes(scalar), open(point)));
    return add(multiplyPublic(point, part), multiplyPublic(point, scalar - part));
  },
  multiplyOnce: multiplyPublic,
  multiplyPublic,
  add,
  negate,
  equals(a: Point, b: Point): boolean {
    return equalBytes(open(a), open(b));
  },
  isIdentity,
  encode(point: Point): Uint8Array {
    if (isIdentity(point))
      throw new BugError('BUG_ENCODE_IDENTITY', 'The identity point has no encoding; the caller checks first.');
    const bytes = open(point);
    const encoded = bytes.slice(0, 33);
    encoded[0] = 2 | ((bytes[64] ?? 0) & 1);
    return encoded;
  },
  decode,
  liftX,
  hashToPoint(message: Uint8Array, dst: string): Point {
    return tryAndIncrement(curve, message, dst);
  },
  hashToCurve(message: Uint8Array, dst: string): Point {
    return seal(secp256k1_hasher.hashToCurve(message, { DST: dst }).toBytes(false));
  },
  recover(m: bigint, r: bigint, s: bigint, odd: boolean): Point | undefined {
    const signature = concat(scalarToBytes(r), scalarToBytes(s));
    // The library would throw, if outside WebAssembly.
    if (!isXOnlyPoint(signature.subarray(0, 32))) return undefined;
    const key = recoverKey(scalarToBytes(m), signature, odd ? 1 : 0, false);
    return key === null ? undefined : seal(key);
  },
};
