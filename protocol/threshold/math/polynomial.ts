/** Shamir polynomials over the scalars, Feldman commitments, Lagrange interpolation. Coefficients: constant first. */
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { invertScalar, mod } from './scalar.ts';

/** f(x) by Horner. */
export function evaluate(coefficients: readonly bigint[], x: number): bigint {
  return coefficients.reduceRight((sum, coefficient) => mod(sum * BigInt(x) + coefficient), 0n);
}

/** f(x)G from the commitments A_k = a_k G; public values only. May be O. */
export function evaluateCommitment(commitments: readonly Point[], x: number): Point {
  return commitments.reduceRight(
    (sum, commitment) => curve.add(curve.multiplyPublic(sum, BigInt(x)), commitment),
    curve.identity,
  );
}

/** lambda_i^S = prod_{j in S, j != i} j / (j - i); S are distinct indices 1..255 with i among them. */
export function lagrange(i: number, indices: readonly number[]): bigint {
  if (!indices.includes(i) || new Set(indices).size !== indices.length || indices.some((j) => j < 1 || j > 255)) {
    throw new BugError('BUG_LAGRANGE', 'Lagrange needs distinct indices 1..255 with the own one among them.');
  }
  let numerator = 1n;
  let denominator = 1n;
  for (const j of indices) {
    if (j === i) continue;
    numerator = mod(numerator * BigInt(j));
    denominator = mod(denominator * BigInt(j - i));
  }
  return mod(numerator * invertScalar(denominator));
}

/** sum_i lambda_i P_i: the commitment to f(0) from t public shares. */
export function interpolateCommitment(shares: ReadonlyMap<number, Point>): Point {
  const indices = [...shares.keys()];
  let sum = curve.identity;
  for (const [i, share] of shares) sum = curve.add(sum, curve.multiplyPublic(share, lagrange(i, indices)));
  return sum;
}
