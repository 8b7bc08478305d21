/**
 * The masked inputs of a multiplication (docs/protocol.md c.2 step 5), twelve at a time: (a - b + c) mod q for four rows
 * of three, where c is one of three scalars. 1248 of them for each peer of a signature. A straight run of 64-bit
 * instructions without a branch on a value, assembled when this file is loaded; the tests compare it with bigints.
 */
import {
  add64,
  assemble,
  type Code,
  carry64,
  constant,
  constant64,
  get,
  INTEGER,
  LONG,
  type Local,
  load32,
  loop,
  lowBits64,
  set,
  subtract64,
} from '../wasm.ts';
import { advance, type Spare, storeReduced } from './reduction.ts';
import { ORDER } from './scalar.ts';

/** Numbers of a row, and rows of a run. */
const WIDTH = 3;
const ROWS = 4;
const NUMBER = 32;
const ROW: number = NUMBER * WIDTH;

/** Where things are in memory, in bytes: a, b, the scalars c as c + 2q (8 words and what exceeds 2^256), the results. */
const MINUENDS = 0;
const SUBTRAHENDS: number = MINUENDS + ROW * ROWS;
const ADDENDS: number = SUBTRAHENDS + ROW * ROWS;
const ADDEND = 36;
const RESULTS: number = ADDENDS + 128;

/** Byte offset of the row; then 64-bit variables. */
const INDEX: Local = 0;
const CARRY: Local = 1;
const EXCESS: Local = 2;
const EIGHT: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];
const WORDS: readonly Local[] = EIGHT.map((i) => 3 + i);
const SPARE: Spare = { carry: CARRY, over: 11, reduced: EIGHT.map((i) => 12 + i) };

/** a + c - b of number m of the row: not negative, since c is lifted by 2q. */
function difference(m: number): Code {
  const terms = (i: number): Code => {
    const at = NUMBER * m + 4 * (7 - i);
    const added = load32(ADDENDS + ADDEND * m + 4 * (7 - i));
    const sum = add64(get(CARRY), load32(MINUENDS + at, get(INDEX)), added);
    return subtract64(sum, load32(SUBTRAHENDS + at, get(INDEX)));
  };
  return [
    ...set(CARRY, constant64(0)),
    ...EIGHT.flatMap((i) => [
      ...set(CARRY, terms(i)),
      ...set(WORDS[i] ?? 0, lowBits64(get(CARRY), 32)),
      ...set(CARRY, carry64(get(CARRY))),
    ]),
    ...set(EXCESS, add64(get(CARRY), load32(ADDENDS + ADDEND * m + 32))),
    ...storeReduced(WORDS, EXCESS, SPARE, RESULTS + NUMBER * m, get(INDEX)),
  ];
}

const { memory, run } = assemble(
  loop([0, 1, 2].flatMap(difference), INDEX, ROW * (ROWS - 1), advance(INDEX, constant(ROW))),
  [
    [1, INTEGER],
    [19, LONG],
  ],
);

/** a and b: twelve numbers below 2^256 each, of 8 words, the high one first. */
export const minuends: Int32Array = new Int32Array(memory, MINUENDS, (ROW * ROWS) / 4);
export const subtrahends: Int32Array = new Int32Array(memory, SUBTRAHENDS, (ROW * ROWS) / 4);
const addends = new Int32Array(memory, ADDENDS, (ADDEND * WIDTH) / 4);
/** The results of `subtract`: twelve times 32 bytes, big-endian. */
export const differences: Uint8Array = new Uint8Array(memory, RESULTS, ROW * ROWS);

/** The three scalars c. */
export function setAddends(scalars: readonly [bigint, bigint, bigint]): void {
  for (const [m, scalar] of scalars.entries()) {
    const lifted = scalar + 2n * ORDER;
    const at = (ADDEND / 4) * m;
    for (const i of EIGHT) addends[at + i] = Number(BigInt.asIntN(32, lifted >> BigInt(32 * (7 - i))));
    addends[at + 8] = Number(lifted >> 256n);
  }
}

export function subtract(): void {
  run();
}

/** Forgets the last numbers. */
export function wipeDifferences(): void {
  for (const secret of [minuends, subtrahends, addends]) secret.fill(0);
  differences.fill(0);
}
