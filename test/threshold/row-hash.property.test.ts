/** The row hash of the OT extension, four rows at a time, against its definition. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KAPPA, ROW_BYTES, wordsOf, writeWords } from '../../protocol/threshold/math/bits.ts';
import { hashRow, hashRows, rowHashKey } from '../../protocol/threshold/math/gf128.ts';

const POLYNOMIAL = (1n << 128n) | 0x87n;

/** Little-endian: bit i is the coefficient of x^i. */
function element(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function product(a: bigint, b: bigint): bigint {
  let result = 0n;
  for (let i = 127n; i >= 0n; i--) {
    result <<= 1n;
    if ((result >> 128n) & 1n) result ^= POLYNOMIAL;
    if ((b >> i) & 1n) result ^= a;
  }
  return result;
}

/** mask + sum of chi_m * block_m. */
function defined(chi: Uint8Array, row: Uint8Array): bigint {
  const part = (from: number, to: number): bigint => element(row.subarray(from, to));
  const blocks = [part(0, 16), part(16, 32), part(32, 48), part(48, 52)];
  return blocks.reduce(
    (sum, block, m) => sum ^ product(block, element(chi.subarray(16 * m, 16 * m + 16))),
    part(52, ROW_BYTES),
  );
}

function elementsOf(hashes: Int32Array): readonly bigint[] {
  const bytes = new Uint8Array(4 * hashes.length);
  writeWords(hashes, bytes, 0);
  return Array.from({ length: bytes.length / 16 }, (_, i) => element(bytes.subarray(16 * i, 16 * i + 16)));
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { arbitrary: fc.uint8Array({ minLength: length, maxLength: length }), weight: 8 },
    fc.constantFrom(new Uint8Array(length), new Uint8Array(length).fill(255)),
  );

describe('the row hash', () => {
  it('of one row is what its definition says', () => {
    fc.assert(
      fc.property(bytes(64), bytes(ROW_BYTES), (chi, row) => {
        expect(elementsOf(hashRow(rowHashKey(chi), wordsOf(row)))).toEqual([defined(chi, row)]);
      }),
      { numRuns: 100 },
    );
  });

  it('of all rows of a matrix is that of each', () => {
    fc.assert(
      fc.property(bytes(64), bytes(KAPPA * ROW_BYTES), (chi, matrix) => {
        const rows = Array.from({ length: KAPPA }, (_, r) => matrix.subarray(r * ROW_BYTES, (r + 1) * ROW_BYTES));
        expect(elementsOf(hashRows(rowHashKey(chi), wordsOf(matrix)))).toEqual(rows.map((row) => defined(chi, row)));
      }),
      { numRuns: 10 },
    );
  });
});
