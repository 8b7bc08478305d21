/**
 * From the shares of all signers to a verified signature (docs/protocol.md d.3 S7, d.4). Public values only: a
 * signer, a bystander and an auditor run the same code.
 */

import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { integerFromBytes, invertScalar, mod, ORDER, scalarToBytes } from '../math/scalar.ts';

/** An ECDSA signature with low s. */
export interface Signature {
  /** 32 bytes big-endian each. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  /** Parity of the y of the nonce point: enough to recover the public key, because R.x < q was checked. */
  readonly recid: 0 | 1;
}

/** R = sum of the R_i, checked by S7. */
export interface NoncePoint {
  readonly point: Point;
  /** x coordinate of R, in 1..q-1. */
  readonly r: bigint;
  readonly odd: boolean;
}

/** S7: R is not O and its x coordinate is in 1..q-1, else `undefined`: nobody's fault, a new attempt. */
export function combineNonce(points: readonly Point[]): NoncePoint | undefined {
  const point = points.reduce((total, one) => curve.add(total, one), curve.identity);
  if (curve.isIdentity(point)) return undefined;
  const encoded = curve.encode(point);
  const r = nonceCoordinate(encoded.subarray(1));
  return r === undefined ? undefined : { point, r, odd: encoded[0] === 3 };
}

/** The x coordinate of R as a scalar; `undefined` for 0 and from q on, which no Ethereum signature can express. */
export function nonceCoordinate(x: Uint8Array): bigint | undefined {
  const r = integerFromBytes(x);
  return r === 0n || r >= ORDER ? undefined : r;
}

/** Why there is no signature: all of them class GROUP. */
export type CombineFailure = 'sum of u is zero' | 's is zero' | 'the signature does not verify';

/** s = (sum of w) / (sum of u), made low, verified under Q' on m. */
export function combineShares(
  childKey: Point,
  m: bigint,
  nonce: NoncePoint,
  shares: readonly { readonly u: bigint; readonly w: bigint }[],
): { readonly ok: true; readonly signature: Signature } | { readonly ok: false; readonly failure: CombineFailure } {
  const u = mod(shares.reduce((total, share) => total + share.u, 0n));
  const w = mod(shares.reduce((total, share) => total + share.w, 0n));
  if (u === 0n) return { ok: false, failure: 'sum of u is zero' };
  const full = mod(w * invertScalar(u));
  if (full === 0n) return { ok: false, failure: 's is zero' };
  const negated = full > ORDER / 2n;
  const s = negated ? ORDER - full : full;
  const odd = nonce.odd !== negated;
  if (!verifies(childKey, m, nonce.r, s, odd)) return { ok: false, failure: 'the signature does not verify' };
  return { ok: true, signature: { r: scalarToBytes(nonce.r), s: scalarToBytes(s), recid: odd ? 1 : 0 } };
}

/**
 * Whether (r, s) with this parity is a signature of m by `key`, r and s in 1..q-1. Recovery gives the one key for which
 * the ECDSA equation holds, so this verifies, and shows in the same step that Ethereum will recover the same key.
 */
export function verifies(key: Point, m: bigint, r: bigint, s: bigint, odd: boolean): boolean {
  const recovered = curve.recover(m, r, s, odd);
  return recovered !== undefined && curve.equals(recovered, key);
}
