/** The arithmetic in WebAssembly against bigints, on random values and on the edges of every carry. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { XI } from '../../protocol/threshold/math/bits.ts';
import {
  differences,
  minuends,
  setAddends,
  subtract,
  subtrahends,
  wipeDifferences,
} from '../../protocol/threshold/math/differences.ts';
import {
  added,
  checks,
  gadgets,
  masks,
  multiplyRows,
  values,
  wipeProducts,
} from '../../protocol/threshold/math/products.ts';
import { integerFromBytes, mod, ORDER } from '../../protocol/threshold/math/scalar.ts';

const TOP = 2n ** 256n;
const edges = [
  0n,
  1n,
  2n ** 26n - 1n,
  2n ** 32n,
  TOP - ORDER,
  ORDER - 1n,
  ORDER,
  ORDER + 1n,
  TOP >> 1n,
  TOP - 2n,
  TOP - 1n,
];
/** Any number of 256 bits, reduced or not; often with long runs of ones or zeros. */
const number = fc.oneof(
  fc.constantFrom(...edges),
  fc.bigInt({ min: 0n, max: TOP - 1n }),
  fc
    .tuple(fc.nat(255), fc.nat(255))
    .map(([a, b]) => (2n ** BigInt(Math.max(a, b) + 1) - 2n ** BigInt(Math.min(a, b))) % TOP),
);
const scalar = number.map(mod);

function wordsOf(value: bigint): Int32Array {
  return Int32Array.from({ length: 8 }, (_, i) => Number(BigInt.asIntN(32, value >> BigInt(32 * (7 - i)))));
}

const twelve = Array.from({ length: 12 }, (_, i) => i);

describe('differences', () => {
  type Three = readonly [bigint, bigint, bigint];

  function run(a: readonly bigint[], b: readonly bigint[], c: Three): void {
    for (const i of twelve) {
      minuends.set(wordsOf(a[i] ?? 0n), 8 * i);
      subtrahends.set(wordsOf(b[i] ?? 0n), 8 * i);
    }
    setAddends(c);
    subtract();
    const got = twelve.map((i) => integerFromBytes(differences.subarray(32 * i, 32 * i + 32)));
    expect(got).toEqual(twelve.map((i) => mod((a[i] ?? 0n) - (b[i] ?? 0n) + (c[i % 3] ?? 0n))));
  }

  it('equal bigints', () => {
    for (const a of edges) {
      for (const c of edges.map(mod)) {
        run(
          twelve.map(() => a),
          twelve.map((i) => edges[i % edges.length] ?? 0n),
          [c, mod(c + 1n), mod(-c)],
        );
      }
    }
    const numbers = fc.array(number, { minLength: 12, maxLength: 12 });
    fc.assert(fc.property(numbers, numbers, fc.tuple(scalar, scalar, scalar), run), { numRuns: 300 });
  });

  it('are forgotten', () => {
    run(
      twelve.map(() => TOP - 1n),
      twelve.map(() => 7n),
      [1n, 2n, 3n],
    );
    wipeDifferences();
    expect([...minuends, ...subtrahends, ...differences].every((value) => value === 0)).toBe(true);
    subtract();
    // 0 - 0 + the addends, which are gone as well.
    expect(differences.every((value) => value === 0)).toBe(true);
  });
});

describe('rows of products', () => {
  interface Row {
    readonly g: bigint;
    readonly x: readonly [bigint, bigint, bigint];
    /** Added to x_0 to x_2 if the bit is set. */
    readonly plus: readonly [bigint, bigint, bigint];
    readonly bit: boolean;
  }
  const row = fc.record({
    g: number,
    x: fc.tuple(number, number, number),
    plus: fc.tuple(number, number, number),
    bit: fc.boolean(),
  });

  function run(theta: readonly [bigint, bigint], besides: bigint, rows: readonly Row[]): void {
    wipeProducts();
    for (const [j, { g, x, plus, bit }] of rows.entries()) {
      gadgets.set(wordsOf(g), 8 * j);
      for (const [m, value] of x.entries()) values.set(wordsOf(value), 8 * (3 * j + m));
      for (const [m, value] of plus.entries()) added.set(wordsOf(value), 8 * (3 * j + m));
      masks[j] = bit ? -1 : 0;
    }
    const sums = multiplyRows(theta, besides);
    const sum = (m: 0 | 1): bigint =>
      mod(rows.reduce((total, { g, x, plus, bit }) => total + g * (x[m] + (bit ? plus[m] : 0n)), 0n));
    expect(sums).toEqual([sum(0), sum(1)]);
    for (const [j, { x, plus, bit }] of rows.entries()) {
      const on = bit ? 1n : 0n;
      const [x0, x1, x2] = [x[0] + on * plus[0], x[1] + on * plus[1], x[2] + on * (plus[2] + besides)];
      expect(integerFromBytes(checks.subarray(32 * j, 32 * j + 32))).toBe(mod(x2 + theta[0] * x0 + theta[1] * x1));
    }
  }

  it('equal bigints', () => {
    const rows = fc.array(row, { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(fc.tuple(number, number), number, rows, run), { numRuns: 300 });
  });

  it('have room for 416 of the largest', () => {
    const largest = TOP - 1n;
    const full: Row = {
      g: largest,
      x: [largest, largest, largest],
      plus: [largest, largest, largest],
      bit: true,
    };
    run(
      [largest, largest],
      largest,
      Array.from({ length: XI }, () => full),
    );
  });

  it('are forgotten', () => {
    run([3n, 5n], 7n, [{ g: TOP - 1n, x: [1n, 2n, 3n], plus: [4n, 5n, 6n], bit: true }]);
    wipeProducts();
    expect([gadgets, values, added, masks, checks].every((array) => array.every((word) => word === 0))).toBe(true);
  });
});
