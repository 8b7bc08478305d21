/** The arithmetic on words and in WebAssembly against bigints, on random values and on the edges of every carry. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMasked,
  G,
  multiplyRow,
  setOperand,
  startProducts,
  takeSums,
  wipeProducts,
  X0,
  X1,
  X2,
} from '../../protocol/threshold/math/products.ts';
import { integerFromBytes, integerToBytes, mod, ORDER } from '../../protocol/threshold/math/scalar.ts';
import { lift, viewOf, writeDifference } from '../../protocol/threshold/math/words.ts';

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

describe('numbers on words', () => {
  it('subtract modulo q', () => {
    const bytes = new Uint8Array(64);
    const difference = (a: bigint, b: bigint, c: bigint): bigint => {
      const words = new Int32Array(24);
      words.set(wordsOf(a), 3);
      words.set(wordsOf(b), 13);
      writeDifference(viewOf(bytes), 32, words, 3, words, 13, lift(c));
      return integerFromBytes(bytes.subarray(32));
    };
    for (const a of edges) {
      for (const b of edges) {
        for (const c of edges.map(mod)) expect(difference(a, b, c)).toBe(mod(a - b + c));
      }
    }
    fc.assert(
      fc.property(number, number, scalar, (a, b, c) => {
        expect(difference(a, b, c)).toBe(mod(a - b + c));
      }),
      {
        numRuns: 1000,
      },
    );
  });
});

describe('rows of products', () => {
  interface Row {
    readonly g: bigint;
    readonly x: readonly [bigint, bigint, bigint];
    /** Added to x_0 to x_2 if the bit is set, and a fourth to x_2 again. */
    readonly plus: readonly [bigint, bigint, bigint, bigint];
    readonly bit: boolean;
  }
  const row = fc.record({
    g: number,
    x: fc.tuple(number, number, number),
    plus: fc.tuple(scalar, scalar, scalar, scalar),
    bit: fc.boolean(),
  });

  function run(theta: readonly [bigint, bigint], rows: readonly Row[]): void {
    const checks = new Uint8Array(32 * rows.length);
    startProducts(theta);
    for (const [j, { g, x, plus, bit }] of rows.entries()) {
      setOperand(G, wordsOf(g), 0);
      for (const [m, operand] of [X0, X1, X2].entries()) setOperand(operand, wordsOf(x[m] ?? 0n), 0);
      for (const [m, operand] of [X0, X1, X2, X2].entries()) {
        addMasked(operand, viewOf(integerToBytes(plus[m] ?? 0n)), 0, bit ? -1 : 0);
      }
      multiplyRow(viewOf(checks), 32 * j);
    }
    const sums = takeSums();
    wipeProducts();
    const sum = (m: 0 | 1): bigint =>
      mod(rows.reduce((total, { g, x, plus, bit }) => total + g * (x[m] + (bit ? plus[m] : 0n)), 0n));
    expect(sums).toEqual([sum(0), sum(1)]);
    for (const [j, { x, plus, bit }] of rows.entries()) {
      const on = bit ? 1n : 0n;
      const [x0, x1, x2] = [x[0] + on * plus[0], x[1] + on * plus[1], x[2] + on * (plus[2] + plus[3])];
      expect(integerFromBytes(checks.subarray(32 * j, 32 * j + 32))).toBe(mod(x2 + theta[0] * x0 + theta[1] * x1));
    }
  }

  it('equal bigints', () => {
    fc.assert(fc.property(fc.tuple(number, number), fc.array(row, { minLength: 1, maxLength: 6 }), run), {
      numRuns: 300,
    });
  });

  it('have room for 416 of the largest', () => {
    const largest = TOP - 1n;
    const full: Row = {
      g: largest,
      x: [largest, largest, largest],
      plus: [ORDER - 1n, ORDER - 1n, ORDER - 1n, ORDER - 1n],
      bit: true,
    };
    run(
      [largest, largest],
      Array.from({ length: 416 }, () => full),
    );
  });
});
