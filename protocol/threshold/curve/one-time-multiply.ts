/**
 * kP for a secret scalar that is used once or twice and then thrown away, as all secret scalars are that meet a
 * foreign point here (base OT, chi). The sequence of group operations does not depend on the scalar, and tables are
 * read in full. Two and a half times as fast as the general multiplication of @noble/curves, which also blinds the
 * scalar against averaging over many uses: base-point multiplications of long-lived shares stay there.
 *
 * Method: k = k1 + k2 lambda with |k1|, |k2| < 2^129 (Gallant-Lambert-Vanstone; lambda (x, y) = (beta x, y)), both
 * halves written in odd signed digits of 4 bits (Joye-Tunstall 2009), so that no digit is zero.
 */
import type { WeierstrassPoint, WeierstrassPointCons } from '@noble/curves/abstract/weierstrass.js';
import { ORDER } from '../math/scalar.ts';

type Raw = WeierstrassPoint<bigint>;

/** Cube root of 1 modulo the field prime, and the multiplier that it stands for. */
const BETA = 0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501een;
export const LAMBDA: bigint = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;

/** A short basis of the lattice {(a, b): a + b lambda = 0 mod q}. */
const A1 = 0x3086d221a7d46bcde86c90e49284eb15n;
const B1 = -0xe4437ed6010e88286f547fa90abfe4c3n;
const A2 = 0x114ca50f7a8e2f3f657c1108d9d44cfd8n;
const B2 = A1;

const WINDOW = 4;
/** 4-bit digits of a number below 2^130. */
const DIGITS = 33;

/** k1 and k2, of either sign, with k1 + k2 lambda = k mod q. */
export function splitScalar(k: bigint): readonly [bigint, bigint] {
  const c1 = (B2 * k + ORDER / 2n) / ORDER;
  const c2 = (-B1 * k + ORDER / 2n) / ORDER;
  return [k - c1 * A1 - c2 * A2, -c1 * B1 - c2 * B2];
}

/** kP. `k` in 1..q-1, `point` not O; the addition formulas of `Point` must be complete. */
export function multiplyOnce(Point: WeierstrassPointCons<bigint>, point: Raw, k: bigint): Raw {
  const [k1, k2] = splitScalar(k);
  const first = half(k1, point, Point);
  const second = half(k2, new Point(Point.Fp.mul(point.X, BETA), point.Y, point.Z), Point);
  let sum = first.term(DIGITS - 1).add(second.term(DIGITS - 1));
  for (let i = DIGITS - 2; i >= 0; i--) {
    for (let j = 0; j < WINDOW; j++) sum = sum.double();
    sum = sum.add(first.term(i)).add(second.term(i));
  }
  return sum.add(first.correction).add(second.correction);
}

interface Half {
  /** The multiple of the point that the i-th digit stands for. */
  term(i: number): Raw;
  /** O for an odd scalar, minus the point for an even one, whose digits are those of the next odd one. */
  readonly correction: Raw;
}

function half(scalar: bigint, point: Raw, Point: WeierstrassPointCons<bigint>): Half {
  const negative = scalar < 0n;
  const size = negative ? -scalar : scalar;
  const own = pick(negative ? 1 : 0, [point, point.negate()]);
  const digits = oddDigits(size | 1n);
  const table = oddMultiples(own);
  return {
    term: (i) => {
      const digit = digits[i] ?? 1;
      const multiple = pick((Math.abs(digit) - 1) >> 1, table);
      return pick(digit < 0 ? 1 : 0, [multiple, multiple.negate()]);
    },
    correction: pick(Number(size & 1n), [own.negate(), Point.ZERO]),
  };
}

/** P, 3P, … 15P. */
function oddMultiples(point: Raw): readonly [Raw, ...Raw[]] {
  const twice = point.double();
  const table: [Raw, ...Raw[]] = [point];
  let last = point;
  for (let i = 1; i < 2 ** (WINDOW - 1); i++) {
    last = last.add(twice);
    table.push(last);
  }
  return table;
}

/** Signed odd digits of an odd number, the lowest first: number = sum of digit_i 16^i. */
function oddDigits(odd: bigint): readonly number[] {
  const digits: number[] = [];
  let rest = odd;
  for (let i = 0; i < DIGITS - 1; i++) {
    const digit = Number(rest & 31n) - 16;
    digits.push(digit);
    rest = (rest - BigInt(digit)) >> 4n;
  }
  digits.push(Number(rest));
  return digits;
}

/** The entry at `index`; every entry is looked at. */
function pick(index: number, table: readonly [Raw, ...Raw[]]): Raw {
  let chosen = table[0];
  for (const [i, entry] of table.entries()) chosen = i === index ? entry : chosen;
  return chosen;
}
