/**
 * The arithmetic of a multiplication (docs/protocol.md c.2, c.3), all 416 rows of a role in one run: from g and x_0, x_1,
 * x_2 the sums of g x_0 and g x_1 over all rows, and for each row x_2 + theta_0 x_0 + theta_1 x_1 mod q. With bigints this
 * was half the time of a multiplication and nearly all of its garbage; here it is a straight run of 64-bit instructions
 * without a branch on a value, assembled when this file is loaded. The tests compare it with bigints.
 *
 * Numbers are taken apart into ten limbs of 26 bits. A column of a product is then below 9 * 2^52, and so much below
 * 2^64 that 416 of them add up: 9 * 2^52 * 416 < 2^64.
 */
import {
  add64,
  and64,
  assemble,
  type Code,
  constant,
  constant64,
  get,
  INTEGER,
  LONG,
  type Local,
  load32Signed,
  load64,
  load64HighFirst,
  loop,
  lowBits64,
  multiply64,
  or64,
  set,
  shiftLeft64,
  shiftRight64,
  store64,
} from '../wasm.ts';
import { XI } from './bits.ts';
import { advance, type Spare, storeReduced } from './reduction.ts';
import { mod, ORDER } from './scalar.ts';

const BITS = 26;
const LIMBS = 10;
const COLUMNS = 2 * LIMBS - 1;
/** Numbers of a row, and bytes of a number. */
const WIDTH = 3;
const NUMBER = 32;

/** Where things are in memory, in bytes: of each row g, x, what is added to x, whether it is, the result. */
const GADGET = 0;
const VALUES: number = GADGET + NUMBER * XI;
const ADDED: number = VALUES + NUMBER * WIDTH * XI;
const MASKS: number = ADDED + NUMBER * WIDTH * XI;
const CHECKS: number = MASKS + 4 * XI;
/** For all rows, in limbs of 64 bits: theta_0, theta_1, what is added to x_2 besides, and the columns of the two sums. */
const THETA0: number = CHECKS + NUMBER * XI;
const THETA1: number = THETA0 + 8 * LIMBS;
const BESIDES: number = THETA1 + 8 * LIMBS;
const SUM0: number = BESIDES + 8 * LIMBS;
const SUM1: number = SUM0 + 8 * COLUMNS;
const END: number = SUM1 + 8 * COLUMNS;

/** Byte offsets of the row in arrays of one number, of three numbers, of one word. */
const ONE: Local = 0;
const THREE: Local = 1;
const WORD: Local = 2;
const MASK: Local = 3;
const EXCESS: Local = 4;
const FIRST: Local = 5;

type Limbs = readonly Local[];

/** 64-bit variables: five operands, then two sets of columns for the reduction to go back and forth. */
const [G, X0, X1, T0, T1] = [operand(0), operand(1), operand(2), operand(3), operand(4)];
const FRONT: Limbs = range(2 * LIMBS + 1).map((i) => FIRST + 5 * LIMBS + i);
const BACK: Limbs = range(2 * LIMBS + 1).map((i) => FIRST + 7 * LIMBS + 1 + i);
/** The reduction's result comes from BACK and may use FRONT up. */
const WORDS: Limbs = FRONT.slice(0, 8);
const SPARE: Spare = { carry: FRONT[8] ?? 0, over: FRONT[9] ?? 0, reduced: FRONT.slice(10, 18) };

function operand(group: number): Limbs {
  return range(LIMBS).map((i) => FIRST + group * LIMBS + i);
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function at(limbs: Limbs, i: number): Code {
  return get(limbs[i] ?? 0);
}

/** Limb i of a number of 8 words, the high one first, out of the two words in which it lies. */
function loadLimb(offset: number, index: Local, i: number): Code {
  const low = Math.min(6, (BITS * i) >> 5);
  return lowBits64(shiftRight64(load64HighFirst(offset + 4 * (6 - low), get(index)), BITS * i - 32 * low), BITS);
}

/** Limb i of x_m with what is added to it: not carried yet. */
function loadSum(m: number, i: number): Code {
  const [value, added] = [VALUES, ADDED].map((array) => loadLimb(array + NUMBER * m, THREE, i)) as [Code, Code];
  return add64(value, and64(added, get(MASK)));
}

/** The terms of column k of a product. */
function column(a: Limbs, b: Limbs, k: number): readonly Code[] {
  return range(LIMBS)
    .filter((i) => k - i >= 0 && k - i < LIMBS)
    .map((i) => multiply64(at(a, i), at(b, k - i)));
}

function total(terms: readonly Code[]): Code {
  const [first = constant64(0), ...more] = terms;
  return add64(first, ...more);
}

/** Brings `count` columns down to 26 bits each; what is carried out of the last goes to the next. */
function carry(columns: Limbs, count: number): Code {
  return range(count).flatMap((i) => [
    ...set(columns[i + 1] ?? 0, add64(at(columns, i + 1), shiftRight64(at(columns, i), BITS))),
    ...set(columns[i] ?? 0, lowBits64(at(columns, i), BITS)),
  ]);
}

/** 2^260 mod q, six limbs. */
const FOLD: readonly number[] = range(6).map((i) =>
  Number(BigInt.asUintN(BITS, (2n ** 260n % ORDER) >> BigInt(BITS * i))),
);

/** Replaces everything from 2^260 on, limbs 10 to count - 1, by its remainder; columns, not carried yet. */
function fold(from: Limbs, count: number, to: Limbs): Code {
  const high = range(count - LIMBS);
  return to.flatMap((target, k) => {
    const low = k < LIMBS ? [at(from, k)] : [];
    const terms = high
      .filter((i) => k - i >= 0 && k - i < FOLD.length)
      .map((i) => multiply64(at(from, LIMBS + i), constant64(FOLD[k - i] ?? 0)));
    return set(target, total([...low, ...terms]));
  });
}

/** Word k from the limbs: bits 32 k to 32 k + 31. */
function resultWord(limbs: Limbs, k: number): Code {
  const first = Math.floor((32 * k) / BITS);
  const shift = 32 * k - BITS * first;
  const parts = [shiftRight64(at(limbs, first), shift), shiftLeft64(at(limbs, first + 1), BITS - shift)];
  if (first + 2 < LIMBS) parts.push(shiftLeft64(at(limbs, first + 2), 2 * BITS - shift));
  const [low = constant64(0), ...more] = parts;
  return lowBits64(or64(low, ...more), 32);
}

/** One row: adds to the sums, and stores its check. */
function row(): Code {
  const sum = (offset: number, x: Limbs): Code =>
    range(COLUMNS).flatMap((k) => store64(offset + 8 * k, total([load64(offset + 8 * k), ...column(G, x, k)])));
  const check = FRONT.flatMap((target, k) => {
    const own = k < LIMBS ? [loadSum(2, k), and64(load64(BESIDES + 8 * k), get(MASK))] : [];
    return set(target, total([...own, ...column(T0, X0, k), ...column(T1, X1, k)]));
  });
  return [
    ...set(MASK, load32Signed(MASKS, get(WORD))),
    ...G.flatMap((local, i) => set(local, loadLimb(GADGET, ONE, i))),
    ...[X0, X1].flatMap((x, m) => [...x.flatMap((local, i) => set(local, loadSum(m, i))), ...carry(x, LIMBS - 1)]),
    ...sum(SUM0, X0),
    ...sum(SUM1, X1),
    ...check,
    // 516 bits and a carry: 20 limbs. Then 393 bits: 16 limbs. Then 267: 11. Then the last limb may keep a carry.
    ...carry(FRONT, COLUMNS),
    ...fold(FRONT, 20, BACK),
    ...carry(BACK, 15),
    ...fold(BACK, 16, FRONT),
    ...carry(FRONT, 11),
    ...fold(FRONT, 12, BACK),
    ...carry(BACK, LIMBS - 1),
    ...WORDS.flatMap((word, k) => set(word, resultWord(BACK, k))),
    ...set(EXCESS, shiftRight64(at(BACK, LIMBS - 1), 256 - BITS * (LIMBS - 1))),
    ...storeReduced(WORDS, EXCESS, SPARE, CHECKS, get(ONE)),
  ];
}

const { memory, run } = assemble(
  [
    ...T0.flatMap((local, i) => set(local, load64(THETA0 + 8 * i))),
    ...T1.flatMap((local, i) => set(local, load64(THETA1 + 8 * i))),
    ...loop(row(), ONE, NUMBER * (XI - 1), [
      ...advance(ONE, constant(NUMBER)),
      ...advance(THREE, constant(NUMBER * WIDTH)),
      ...advance(WORD, constant(4)),
    ]),
  ],
  [
    [3, INTEGER],
    [2 + 9 * LIMBS + 2, LONG],
  ],
  2,
);

/** Of each row g: 8 words, the high one first, as everywhere here. Public. */
export const gadgets: Int32Array = new Int32Array(memory, GADGET, 8 * XI);
/** Of each row x_0, x_1, x_2. */
export const values: Int32Array = new Int32Array(memory, VALUES, 8 * WIDTH * XI);
/** Of each row what is added to x_0, x_1, x_2 if its mask is all ones, nothing if it is 0, by the same steps. */
export const added: Int32Array = new Int32Array(memory, ADDED, 8 * WIDTH * XI);
export const masks: Int32Array = new Int32Array(memory, MASKS, XI);
/** Of each row the result of `multiplyRows`: 32 bytes, big-endian. */
export const checks: Uint8Array = new Uint8Array(memory, CHECKS, NUMBER * XI);
const constants = new BigUint64Array(memory, THETA0, 3 * LIMBS);
const sums = new BigUint64Array(memory, SUM0, 2 * COLUMNS);

function setLimbs(from: number, value: bigint): void {
  for (let i = 0; i < LIMBS; i++) constants[from + i] = BigInt.asUintN(BITS, value >> BigInt(BITS * i));
}

/**
 * All rows, with theta_0 and theta_1 below 2^256: fills `checks` and returns the sums of g x_0 and g x_1, reduced. Where
 * the mask is set, the scalar `besides` is added to x_2, too.
 */
export function multiplyRows(theta: readonly [bigint, bigint], besides: bigint): readonly [bigint, bigint] {
  setLimbs(0, theta[0]);
  setLimbs(LIMBS, theta[1]);
  setLimbs(2 * LIMBS, besides);
  sums.fill(0n);
  run();
  return [joined(0), joined(COLUMNS)];
}

function joined(first: number): bigint {
  let sum = 0n;
  for (let k = COLUMNS - 1; k >= 0; k--) sum = (sum << BigInt(BITS)) + (sums[first + k] ?? 0n);
  return mod(sum);
}

/** Forgets everything. */
export function wipeProducts(): void {
  new Int32Array(memory, 0, END / 4).fill(0);
}
