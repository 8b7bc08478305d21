/**
 * Arithmetic modulo q on 32-bit words, for the loops of the multiplication: nothing is allocated, and no step depends on
 * a value. Words and bytes are big-endian, as hashes and messages have them.
 */
import { ORDER } from './scalar.ts';

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
/** Times this, a sum of words is its carry. */
export const HIGH: number = 1 / 2 ** 32;
const sum = new Uint32Array(8);
const reduced = new Uint32Array(8);

/** Forgets the last number. */
export function wipeWords(): void {
  sum.fill(0);
  reduced.fill(0);
}

/**
 * Writes (a - b + c) mod q as 32 bytes, where a and b are any 8 words from `aAt` and `bAt` on, and c is lifted. This runs
 * 1248 times for each peer of a signature; with bigints it takes three times as long.
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
