/**
 * The row hash of the OT extension over GF(2^128) = GF(2)[x] / (x^128 + x^7 + x^2 + x + 1), coefficient of x^i =
 * bit i (docs/protocol.md a.7, c.1 step 5; not the bit order of GHASH). The multipliers chi are public, the rows
 * secret: only public bits choose what is added, and no table is indexed by a secret.
 */
import { COLUMN_WORDS, KAPPA, ROW_WORDS, wordsOf } from './bits.ts';

/** Blocks of a row: three of 128 bits and one of 32. */
const BLOCKS = 4;

/**
 * The four multipliers, regrouped for Horner's rule: entry i tells which of the four blocks are added at the i-th
 * step, the highest coefficient first.
 */
export type RowHashKey = Uint8Array;

/** `chi`: four public elements of 16 bytes, one after the other. */
export function rowHashKey(chi: Uint8Array): RowHashKey {
  const words = wordsOf(chi);
  const key = new Uint8Array(128);
  for (let step = 0; step < 128; step++) {
    const bit = 127 - step;
    let choice = 0;
    for (let block = 0; block < BLOCKS; block++) {
      choice |= (((words[4 * block + (bit >>> 5)] ?? 0) >>> (bit & 31)) & 1) << block;
    }
    key[step] = choice;
  }
  return key;
}

/** Hashes of KAPPA rows of ROW_WORDS words: KAPPA elements of COLUMN_WORDS words. */
export function hashRows(key: RowHashKey, rows: Int32Array): Int32Array {
  const hashes = new Int32Array(KAPPA * COLUMN_WORDS);
  const sums = new Int32Array(16 * COLUMN_WORDS);
  for (let row = 0; row < KAPPA; row++) hashInto(key, rows, row * ROW_WORDS, hashes, row * COLUMN_WORDS, sums);
  sums.fill(0);
  return hashes;
}

/** Hash of one row of ROW_WORDS words. */
export function hashRow(key: RowHashKey, row: Int32Array): Int32Array {
  const hash = new Int32Array(COLUMN_WORDS);
  const sums = new Int32Array(16 * COLUMN_WORDS);
  hashInto(key, row, 0, hash, 0, sums);
  sums.fill(0);
  return hash;
}

/** mask + sum of chi_m * block_m, all four products in one pass. */
function hashInto(key: RowHashKey, rows: Int32Array, at: number, out: Int32Array, to: number, sums: Int32Array): void {
  fillSums(rows, at, sums);
  let r0 = 0;
  let r1 = 0;
  let r2 = 0;
  let r3 = 0;
  for (let step = 0; step < 128; step++) {
    const choice = (key[step] ?? 0) * COLUMN_WORDS;
    const carry = r3 >> 31;
    r3 = ((r3 << 1) | (r2 >>> 31)) ^ (sums[choice + 3] ?? 0);
    r2 = ((r2 << 1) | (r1 >>> 31)) ^ (sums[choice + 2] ?? 0);
    r1 = ((r1 << 1) | (r0 >>> 31)) ^ (sums[choice + 1] ?? 0);
    r0 = (r0 << 1) ^ (carry & 0x87) ^ (sums[choice] ?? 0);
  }
  out[to] = r0 ^ (rows[at + 13] ?? 0);
  out[to + 1] = r1 ^ (rows[at + 14] ?? 0);
  out[to + 2] = r2 ^ (rows[at + 15] ?? 0);
  out[to + 3] = r3 ^ (rows[at + 16] ?? 0);
}

/** All 16 sums of subsets of the row's blocks; entry 0 stays zero. */
function fillSums(rows: Int32Array, at: number, sums: Int32Array): void {
  for (let word = 0; word < COLUMN_WORDS; word++) {
    sums[4 + word] = rows[at + word] ?? 0;
    sums[8 + word] = rows[at + 4 + word] ?? 0;
    sums[16 + word] = rows[at + 8 + word] ?? 0;
    sums[32 + word] = word === 0 ? (rows[at + 12] ?? 0) : 0;
  }
  for (let subset = 3; subset < 16; subset++) {
    const rest = subset & (subset - 1);
    if (rest === 0) continue;
    const lowest = subset ^ rest;
    for (let word = 0; word < COLUMN_WORDS; word++) {
      sums[4 * subset + word] = (sums[4 * rest + word] ?? 0) ^ (sums[4 * lowest + word] ?? 0);
    }
  }
}
