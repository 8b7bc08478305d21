/**
 * The row hash of the OT extension over GF(2^128) = GF(2)[x] / (x^128 + x^7 + x^2 + x + 1), coefficient of x^i =
 * bit i (docs/protocol.md a.7, c.1 step 5; not the bit order of GHASH). The multipliers chi are public, the rows
 * secret: only public bits choose what is added, and no table is indexed by a secret.
 *
 * Four rows at once in the lanes of WebAssembly's vectors, by a program that is assembled when this file is loaded: word
 * i of lane l is at 4 i + l. The tests compare it with the definition, bit by bit.
 */
import {
  addInteger,
  and,
  assemble,
  type Code,
  constant,
  get,
  INTEGER,
  LANES,
  type Local,
  load,
  loadInteger,
  loop,
  or,
  set,
  shiftLeft,
  shiftRight,
  signMask,
  splat,
  store,
  VECTOR,
  xor,
} from '../wasm.ts';
import { COLUMN_WORDS, KAPPA, ROW_WORDS, wordsOf } from './bits.ts';

/** Blocks of a row: three of 128 bits and one of 32. */
const BLOCKS = 4;
/** The polynomial without x^128. */
const POLYNOMIAL = 0x87;

/** Where things are in memory, in bytes: the rows, the sums of each subset of their blocks, the key, the hashes. */
const ROWS = 0;
const SUMS: number = ROWS + 16 * ROW_WORDS;
const SUM = 16 * COLUMN_WORDS;
const KEY: number = SUMS + 2 ** BLOCKS * SUM;
const OUT: number = KEY + 4 * 128;

/** Byte offset of the step, that of the sum to be added at it, and the four words of the hash. */
const STEP: Local = 0;
const CHOICE: Local = 1;
const HASH: Local = 2;
const WORDS: readonly number[] = [0, 1, 2, 3];

/** The sum of the blocks in `subset`; that of none stays zero, and so do three words of the short block alone. */
function fillSum(subset: number): Code {
  const rest = subset & (subset - 1);
  const lowest = subset ^ rest;
  return WORDS.flatMap((word) => {
    const at = SUMS + SUM * subset + 16 * word;
    if (rest !== 0) return store(at, xor(load(SUMS + SUM * rest + 16 * word), load(SUMS + SUM * lowest + 16 * word)));
    const source = COLUMN_WORDS * Math.log2(subset) + word;
    return source > 12 ? [] : store(at, load(ROWS + 16 * source));
  });
}

/** One step of Horner's rule: the hash times x, and the sum that the key names. */
const step: Code = [
  ...set(CHOICE, loadInteger(KEY, get(STEP))),
  ...set(HASH + 4, and(signMask(get(HASH + 3)), splat(POLYNOMIAL))),
  ...[3, 2, 1].flatMap((word) => {
    const shifted = or(shiftLeft(get(HASH + word), 1), shiftRight(get(HASH + word - 1), 31));
    return set(HASH + word, xor(shifted, load(SUMS + 16 * word, get(CHOICE))));
  }),
  ...set(HASH, xor(shiftLeft(get(HASH), 1), get(HASH + 4), load(SUMS, get(CHOICE)))),
];

const { memory, run } = assemble(
  [
    ...Array.from({ length: 2 ** BLOCKS - 1 }, (_, i) => fillSum(i + 1)).flat(),
    ...loop([...step, ...set(STEP, addInteger(get(STEP), constant(4)))], STEP, 4 * 128, []),
    ...WORDS.flatMap((word) => store(OUT + 16 * word, xor(get(HASH + word), load(ROWS + 16 * (13 + word))))),
  ],
  [
    [2, INTEGER],
    [5, VECTOR],
  ],
);
const input = new Int32Array(memory, ROWS, LANES * ROW_WORDS);
const keyWords = new Int32Array(memory, KEY, 128);
const output = new Int32Array(memory, OUT, LANES * COLUMN_WORDS);
/** All that is secret. */
const secrets = [new Int32Array(memory, 0, KEY / 4), output];

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
  return hashAll(key, rows, KAPPA);
}

/** Hash of one row of ROW_WORDS words. */
export function hashRow(key: RowHashKey, row: Int32Array): Int32Array {
  return hashAll(key, row, 1);
}

/** mask + sum of chi_m * block_m, all four products in one pass. */
function hashAll(key: RowHashKey, rows: Int32Array, count: number): Int32Array {
  const hashes = new Int32Array(count * COLUMN_WORDS);
  for (let i = 0; i < 128; i++) keyWords[i] = SUM * (key[i] ?? 0);
  for (let row = 0; row < count; row += LANES) {
    fillRows(rows, row * ROW_WORDS);
    run();
    takeHashes(hashes, row * COLUMN_WORDS);
  }
  for (const secret of secrets) secret.fill(0);
  return hashes;
}

function fillRows(rows: Int32Array, at: number): void {
  for (let lane = 0; lane < LANES; lane++) {
    for (let i = 0; i < ROW_WORDS; i++) input[LANES * i + lane] = rows[at + ROW_WORDS * lane + i] ?? 0;
  }
}

/** What a lane without a row gives is beyond the end. */
function takeHashes(hashes: Int32Array, at: number): void {
  const lanes = Math.min(LANES, (hashes.length - at) / COLUMN_WORDS);
  for (let lane = 0; lane < lanes; lane++) {
    for (let i = 0; i < COLUMN_WORDS; i++) hashes[at + COLUMN_WORDS * lane + i] = output[LANES * i + lane] ?? 0;
  }
}
