import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LAMBDA, multiplyOnce, splitScalar } from '../../protocol/threshold/curve/one-time-multiply.ts';
import { mod, ORDER } from '../../protocol/threshold/math/scalar.ts';

const { Point } = secp256k1;
const edges = [
  1n,
  2n,
  3n,
  15n,
  16n,
  ORDER - 1n,
  ORDER - 2n,
  ORDER / 2n,
  LAMBDA,
  LAMBDA + 1n,
  mod(-LAMBDA),
  1n << 128n,
  (1n << 255n) + 1n,
];
const scalar = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 1n, max: ORDER - 1n }));

it('the halves are short and add up', () => {
  fc.assert(
    fc.property(scalar, (k) => {
      const [k1, k2] = splitScalar(k);
      expect(mod(k1 + k2 * LAMBDA)).toBe(k);
      for (const half of [k1, k2]) expect((half < 0n ? -half : half) < 1n << 129n).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it('equals the general multiplication', () => {
  for (const k of edges) expect(multiplyOnce(Point, Point.BASE, k).equals(Point.BASE.multiplyUnsafe(k))).toBe(true);
  fc.assert(
    fc.property(scalar, scalar, (p, k) => {
      const point = Point.BASE.multiplyUnsafe(p);
      const projective = point.add(Point.BASE).subtract(Point.BASE);
      const expected = point.multiplyUnsafe(k);
      expect(multiplyOnce(Point, point, k).equals(expected)).toBe(true);
      expect(multiplyOnce(Point, projective, k).equals(expected)).toBe(true);
    }),
    { numRuns: 60 },
  );
});
