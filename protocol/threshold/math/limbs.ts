/**
 * Numbers below 2^256 between 32-bit words, bytes and bigint, for the loops of the multiplication: through one
 * scratch number, so that little is allocated beside the bigints themselves. Words and bytes are big-endian, as hashes
 * and messages have them. No function branches on a value.
 */
import { BugError } from '../../common/errors.ts';
import { ORDER } from './scalar.ts';

/** The scratch number: four 64-bit limbs, the least significant first, and the same as eight 32-bit words. */
const limbs = new BigUint64Array(4);
const words = new Int32Array(limbs.buffer);

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
  throw new BugError(
    'BUG_BYTE_ORDER',
    'This processor stores the high byte first; the code here needs the other order.',
  );
}

function fromScratch(): bigint {
  const high = ((limbs[3] ?? 0n) << 64n) | (limbs[2] ?? 0n);
  return (high << 128n) | ((limbs[1] ?? 0n) << 64n) | (limbs[0] ?? 0n);
}

function toScratch(value: bigint): void {
  const high = value >> 128n;
  limbs[0] = value;
  limbs[1] = value >> 64n;
  limbs[2] = high;
  limbs[3] = high >> 64n;
}

/** Forgets the last number. */
export function wipeNumbers(): void {
  limbs.fill(0n);
  sum.fill(0);
  reduced.fill(0);
}

/** The number of 8 words from `at` on. */
export function fromWords(source: Int32Array, at: number): bigint {
  for (let i = 0; i < 8; i++) words[i] = source[at + 7 - i] ?? 0;
  return fromScratch();
}

/** The number of 32 bytes. */
export function readNumber(view: DataView, at: number): bigint {
  return readMasked(view, at, -1);
}

/** The number of 32 bytes if `mask` is all ones, 0 if it is 0. */
export function readMasked(view: DataView, at: number, mask: number): bigint {
  for (let i = 0; i < 8; i++) words[i] = view.getInt32(at + 28 - 4 * i) & mask;
  return fromScratch();
}

/** `value` if `mask` is all ones, 0 if it is 0. */
export function maskNumber(value: bigint, mask: number): bigint {
  toScratch(value);
  for (let i = 0; i < 8; i++) words[i] = (words[i] ?? 0) & mask;
  return fromScratch();
}

/** `value` as 32 bytes. */
export function writeNumber(view: DataView, at: number, value: bigint): void {
  toScratch(value);
  for (let i = 0; i < 8; i++) view.setInt32(at + 28 - 4 * i, words[i] ?? 0);
}

/** A scalar c as c + 2q: 8 words, and then what exceeds 2^256. */
export type Lifted = Uint32Array;

export function lift(scalar: bigint): Lifted {
  const value = scalar + 2n * ORDER;
  const lifted = new Uint32Array(9);
  for (let i = 0; i < 8; i++) lifted[i] = Number(BigInt.asUintN(32, value >> BigInt(32 * (7 - i))));
  lifted[8] = Number(value >> 256n);
  return lifted;
}

/** 2^256 - q: what a carry out of the top word counts for modulo q. */
const WRAP = Uint32Array.of(0, 0, 0, 1, 0x45512319, 0x50b75fc4, 0x402da173, 0x2fc9bebf);
const HIGH = 1 / 2 ** 32;
const sum = new Uint32Array(8);
const reduced = new Uint32Array(8);

/**
 * Writes (a - b + c) mod q as 32 bytes, where a and b are any 8 words from `aAt` and `bAt` on, and c is lifted. On words, since this runs
 * 1248 times for each peer of a signature, and with bigints it takes three times as long and makes a third of the
 * garbage.
 */
export function writeDifference(
  view: DataView,
  at: number,
  a: Int32Array,
  aAt: number,
  b: Int32Array,
  bAt: number,
  c: Lifted,
): void {
  // a + c + (2^256 - b): positive, since c is lifted; the 2^256 is taken off the carry.
  let carry = 1;
  for (let i = 7; i >= 0; i--) {
    const word = ((a[aAt + i] ?? 0) >>> 0) + (~(b[bAt + i] ?? 0) >>> 0) + (c[i] ?? 0) + carry;
    sum[i] = word;
    carry = (word * HIGH) | 0;
  }
  // 0 to 3 times 2^256 are left over.
  reduceSum(view, at, carry - 1 + (c[8] ?? 0));
}

/** Writes a number modulo q as 32 bytes: 8 words from `from` on, the low one first, and the next one times 2^256. */
export function writeReduced(view: DataView, at: number, source: Int32Array, from: number): void {
  for (let i = 0; i < 8; i++) sum[7 - i] = source[from + i] ?? 0;
  reduceSum(view, at, source[from + 8] ?? 0);
}

/** Writes `sum` plus `excess` (below 2^20) times 2^256, modulo q. */
function reduceSum(view: DataView, at: number, excess: number): void {
  let carry = 0;
  for (let i = 7; i >= 0; i--) {
    const word = (sum[i] ?? 0) + excess * (WRAP[i] ?? 0) + carry;
    sum[i] = word;
    carry = (word * HIGH) | 0;
  }
  // Now below 2q. Either this carry or that of adding 2^256 - q tells that it is q or more.
  let over = 0;
  for (let i = 7; i >= 0; i--) {
    const word = (sum[i] ?? 0) + (WRAP[i] ?? 0) + over;
    reduced[i] = word;
    over = (word * HIGH) | 0;
  }
  const mask = -(carry | over);
  for (let i = 0; i < 8; i++) view.setInt32(at + 4 * i, ((sum[i] ?? 0) & ~mask) | ((reduced[i] ?? 0) & mask));
}

/** A view of the very bytes, whatever buffer they lie in. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
