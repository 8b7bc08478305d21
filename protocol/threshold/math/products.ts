/**
 * The arithmetic of one row of a multiplication (docs/protocol.md c.2, c.3), 416 times for each role: from g and x_0,
 * x_1, x_2 the sums of g x_0 and g x_1 over all rows, and x_2 + theta_0 x_0 + theta_1 x_1 mod q. With bigints this was
 * half the time of a multiplication and nearly all of its garbage; here it is a straight run of 64-bit instructions
 * without a branch, assembled when this file is loaded. The tests compare it with bigints.
 *
 * Numbers are taken apart into ten limbs of 26 bits. A column of a product is then below 9 * 2^52, and so much below
 * 2^64 that 416 of them add up: 9 * 2^52 * 416 < 2^64.
 */
import {
  add64,
  assemble,
  type Code,
  constant64,
  get,
  LONG,
  type Local,
  load64,
  lowBits64,
  multiply64,
  or64,
  set,
  shiftLeft64,
  shiftRight64,
  store32,
  store64,
} from '../wasm.ts';
import { mod, ORDER } from './scalar.ts';
import { HIGH, writeReduced } from './words.ts';

const BITS = 26;
const LIMBS = 10;
const COLUMNS = 2 * LIMBS - 1;

/** Operands in memory: the low word first, 9 words and room for reading the last limb as eight bytes. */
const OPERAND = 48;
export const G = 0;
export const X0: number = OPERAND;
export const X1: number = 2 * OPERAND;
export const X2: number = 3 * OPERAND;
const THETA0 = 4 * OPERAND;
const THETA1 = 5 * OPERAND;
/** Columns of the two sums, 64 bits each. */
const SUM0 = 6 * OPERAND;
const SUM1: number = SUM0 + 8 * COLUMNS;
/** The result of the row: 8 words, and what exceeds 2^256. */
const RESULT: number = SUM1 + 8 * COLUMNS;
const END: number = RESULT + OPERAND;

type Limbs = readonly Local[];

/** Local variables: five operands, then two sets of columns for the reduction to go back and forth. */
function locals(group: number): Limbs {
  return range(LIMBS).map((i) => group * LIMBS + i);
}

const FRONT: Limbs = range(2 * LIMBS + 1).map((i) => 5 * LIMBS + i);
const BACK: Limbs = range(2 * LIMBS + 1).map((i) => 7 * LIMBS + 1 + i);

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function at(limbs: Limbs, i: number): Code {
  return get(limbs[i] ?? 0);
}

function loadLimb(operand: number, i: number): Code {
  const bit = BITS * i;
  return lowBits64(shiftRight64(load64(operand + (bit >> 3)), bit & 7), BITS);
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
  return store32(RESULT + 4 * k, or64(low, ...more));
}

function program(): Code {
  const [g, x0, x1, theta0, theta1] = [0, 1, 2, 3, 4].map(locals) as [Limbs, Limbs, Limbs, Limbs, Limbs];
  const loads = [G, X0, X1, THETA0, THETA1].flatMap((operand, group) =>
    locals(group).flatMap((local, i) => set(local, loadLimb(operand, i))),
  );
  const sum = (offset: number, x: Limbs): Code =>
    range(COLUMNS).flatMap((k) => store64(offset + 8 * k, total([load64(offset + 8 * k), ...column(g, x, k)])));
  const check = FRONT.flatMap((target, k) => {
    const own = k < LIMBS ? [loadLimb(X2, k)] : [];
    return set(target, total([...own, ...column(theta0, x0, k), ...column(theta1, x1, k)]));
  });
  return [
    ...loads,
    ...sum(SUM0, x0),
    ...sum(SUM1, x1),
    ...check,
    // 516 bits and a carry: 20 limbs. Then 393 bits: 16 limbs. Then 267: 11. Then the last limb may keep a carry.
    ...carry(FRONT, COLUMNS),
    ...fold(FRONT, 20, BACK),
    ...carry(BACK, 15),
    ...fold(BACK, 16, FRONT),
    ...carry(FRONT, 11),
    ...fold(FRONT, 12, BACK),
    ...carry(BACK, LIMBS - 1),
    ...range(8).flatMap((k) => resultWord(BACK, k)),
    ...store32(RESULT + 32, shiftRight64(at(BACK, LIMBS - 1), 256 - BITS * (LIMBS - 1))),
  ];
}

const { memory, run } = assemble(program(), [[9 * LIMBS + 2, LONG]]);
const words = new Int32Array(memory, 0, END / 4);
const sums = new BigUint64Array(memory, SUM0, 2 * COLUMNS);

/** Takes 8 words, the high one first, from `from` on as an operand. */
export function setOperand(operand: number, source: Int32Array, from: number): void {
  const low = operand >> 2;
  for (let i = 0; i < 8; i++) words[low + i] = source[from + 7 - i] ?? 0;
  words[low + 8] = 0;
}

/** Adds 32 bytes of `view` to an operand if `mask` is all ones, nothing if it is 0, by the same steps. Twice at most. */
export function addMasked(operand: number, view: DataView, from: number, mask: number): void {
  const low = operand >> 2;
  let carried = 0;
  for (let i = 0; i < 8; i++) {
    const word = ((words[low + i] ?? 0) >>> 0) + ((view.getInt32(from + 28 - 4 * i) & mask) >>> 0) + carried;
    words[low + i] = word;
    carried = (word * HIGH) | 0;
  }
  words[low + 8] = (words[low + 8] ?? 0) + carried;
}

function setNumber(operand: number, value: bigint): void {
  for (let i = 0; i < 9; i++) words[(operand >> 2) + i] = Number(BigInt.asIntN(32, value >> BigInt(32 * i)));
}

/** theta_0 and theta_1, below 2^256; the sums start at zero. */
export function startProducts(theta: readonly [bigint, bigint]): void {
  setNumber(THETA0, theta[0]);
  setNumber(THETA1, theta[1]);
  sums.fill(0n);
}

/** One row from the operands set: adds to the sums, and writes x_2 + theta_0 x_0 + theta_1 x_1 mod q as 32 bytes. */
export function multiplyRow(view: DataView, to: number): void {
  run();
  writeReduced(view, to, words, RESULT >> 2);
}

/** The sums of g x_0 and of g x_1, reduced. */
export function takeSums(): readonly [bigint, bigint] {
  const columns = [...sums];
  const joined = (first: number): bigint =>
    columns.slice(first, first + COLUMNS).reduceRight((high, column64) => (high << BigInt(BITS)) + column64, 0n);
  return [mod(joined(0)), mod(joined(COLUMNS))];
}

export function wipeProducts(): void {
  words.fill(0);
}
