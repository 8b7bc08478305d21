/** The curve that runs against the reference, on random values and on every edge. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import type { Curve, Point } from '../../protocol/threshold/curve/curve.ts';
import { referenceCurve } from '../../protocol/threshold/curve/noble.ts';
import { integerToBytes, ORDER } from '../../protocol/threshold/math/scalar.ts';

const FIELD = 2n ** 256n - 2n ** 32n - 977n;
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;
const BOTH: readonly Curve[] = [curve, referenceCurve];

const edges = [0n, 1n, 2n, 3n, 255n, ORDER - 1n, ORDER, ORDER + 1n, -1n, ORDER / 2n, LAMBDA, 1n << 128n, 1n << 255n];
const scalar = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: -ORDER, max: 2n * ORDER }));

/** A point of both curves by its logarithm: small ones too, so that P + P and P + (-P) come up. */
const logarithm = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, ORDER - 1n, ORDER - 2n),
  fc.bigInt({ min: 0n, max: ORDER - 1n }),
);

function shown(on: Curve, point: Point | undefined): string {
  if (point === undefined) return 'none';
  return on.isIdentity(point) ? 'O' : toHex(on.encode(point));
}

/** What both curves answer, which must be the same. */
function answer(ask: (on: Curve) => Point | undefined): string {
  const [own, reference] = BOTH.map((on) => shown(on, ask(on)));
  expect(own).toBe(reference);
  return own ?? '';
}

describe('the accelerated curve agrees with the reference', () => {
  it('in multiples of G and of other points', () => {
    expect(answer((on) => on.generator)).toBe(answer((on) => on.base(1n)));
    fc.assert(
      fc.property(logarithm, scalar, (p, k) => {
        answer((on) => on.base(k));
        const product = answer((on) => on.multiply(on.base(p), k));
        expect(answer((on) => on.multiplyPublic(on.base(p), k))).toBe(product);
        expect(answer((on) => on.multiplyOnce(on.base(p), k))).toBe(product);
        expect(answer((on) => on.base(p * k))).toBe(product);
      }),
      { numRuns: 60, examples: edges.map((edge) => [1n, edge] as [bigint, bigint]) },
    );
  });

  it('in sums, negation and equality', () => {
    fc.assert(
      fc.property(logarithm, logarithm, (a, b) => {
        const sum = answer((on) => on.add(on.base(a), on.base(b)));
        expect(sum).toBe(answer((on) => on.base(a + b)));
        answer((on) => on.negate(on.base(a)));
        for (const on of BOTH) {
          expect(on.equals(on.base(a), on.base(b))).toBe(a === b);
          expect(on.isIdentity(on.add(on.base(a), on.negate(on.base(a))))).toBe(true);
          expect(on.equals(on.add(on.base(a), on.identity), on.base(a))).toBe(true);
          expect(on.equals(on.identity, on.base(a))).toBe(a === 0n);
        }
      }),
      {
        numRuns: 100,
        examples: [
          [5n, 5n],
          [5n, ORDER - 5n],
          [0n, 0n],
          [0n, 5n],
        ],
      },
    );
  });

  it('about which bytes are points', () => {
    const x = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom(0n, 1n, 5n, FIELD - 1n, FIELD, FIELD + 1n, 2n ** 256n - 1n).map(integerToBytes),
    );
    let refused = 0;
    fc.assert(
      fc.property(x, fc.boolean(), fc.constantFrom(2, 3, 0, 1, 4, 5, 6, 7), (bytes, odd, prefix) => {
        const lifted = answer((on) => on.liftX(bytes, odd));
        if (lifted === 'none') refused += 1;
        const encoded = Uint8Array.of(prefix, ...bytes);
        const decoded = answer((on) => on.decode(encoded));
        if (prefix !== 2 && prefix !== 3) expect(decoded).toBe('none');
        if (decoded !== 'none') expect(decoded).toBe(toHex(encoded));
        expect(answer((on) => on.decode(bytes))).toBe('none');
        expect(answer((on) => on.liftX(encoded, odd))).toBe('none');
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it('in recovery, for valid and invalid signatures', () => {
    const positive = fc.bigInt({ min: 1n, max: ORDER - 1n });
    fc.assert(
      fc.property(scalar, fc.oneof(positive, fc.constantFrom(1n, 2n, 5n)), positive, fc.boolean(), (m, r, s, odd) => {
        answer((on) => on.recover(m, r, s, odd));
      }),
      { numRuns: 60 },
    );
    // R = kG and m = s k give (sR - mG) / r = O.
    const k = 7n;
    const encoded = curve.encode(curve.base(k));
    const r = BigInt(`0x${toHex(encoded.subarray(1))}`);
    expect(answer((on) => on.recover(3n * k, r, 3n, encoded[0] === 3))).toBe('none');
    expect(answer((on) => on.recover(3n * k + 1n, r, 3n, encoded[0] === 3))).not.toBe('none');
  });

  it('in hashing to points', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('a', 'keymoot/test'), (message, dst) => {
        answer((on) => on.hashToPoint(message, dst));
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
        answer((on) => on.hashToCurve(message, 'keymoot/test'));
      }),
      { numRuns: 10 },
    );
  });
});
