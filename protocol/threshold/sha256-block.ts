/** The compression function of SHA-256 on 32-bit words. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';

/** The state before the first block. */
export const INITIAL: Int32Array = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** The constants of the 64 rounds. */
// biome-ignore format: eight rounds a line
export const ROUND_CONSTANTS: Int32Array = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);

/** The message schedule of the one compression under way. */
const schedule = new Int32Array(64);

/**
 * One SHA-256 compression (FIPS 180-4 6.2.2) of the 16 words of `block`. `out` gets the 8 words of the new state; it
 * may be `state`.
 */
export function compress(state: Int32Array, block: Int32Array, out: Int32Array): void {
  schedule.set(block);
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15] ?? 0;
    const y = schedule[i - 2] ?? 0;
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule[i] = (small0 + (schedule[i - 7] ?? 0) + small1 + (schedule[i - 16] ?? 0)) | 0;
  }
  const s0 = state[0] ?? 0;
  const s1 = state[1] ?? 0;
  const s2 = state[2] ?? 0;
  const s3 = state[3] ?? 0;
  const s4 = state[4] ?? 0;
  const s5 = state[5] ?? 0;
  const s6 = state[6] ?? 0;
  const s7 = state[7] ?? 0;
  let a = s0;
  let b = s1;
  let c = s2;
  let d = s3;
  let e = s4;
  let f = s5;
  let g = s6;
  let h = s7;
  // Four rounds a pass: the eight variables then rotate by half their number and need no copying within it.
  for (let i = 0; i < 64; i += 4) {
    let t = (h + sum1(e) + choose(e, f, g) + (ROUND_CONSTANTS[i] ?? 0) + (schedule[i] ?? 0)) | 0;
    h = (d + t) | 0;
    d = (t + sum0(a) + majority(a, b, c)) | 0;
    t = (g + sum1(h) + choose(h, e, f) + (ROUND_CONSTANTS[i + 1] ?? 0) + (schedule[i + 1] ?? 0)) | 0;
    g = (c + t) | 0;
    c = (t + sum0(d) + majority(d, a, b)) | 0;
    t = (f + sum1(g) + choose(g, h, e) + (ROUND_CONSTANTS[i + 2] ?? 0) + (schedule[i + 2] ?? 0)) | 0;
    f = (b + t) | 0;
    b = (t + sum0(c) + majority(c, d, a)) | 0;
    t = (e + sum1(f) + choose(f, g, h) + (ROUND_CONSTANTS[i + 3] ?? 0) + (schedule[i + 3] ?? 0)) | 0;
    e = (a + t) | 0;
    a = (t + sum0(b) + majority(b, c, d)) | 0;
  }
  schedule.fill(0);
  out[0] = (s0 + a) | 0;
  out[1] = (s1 + b) | 0;
  out[2] = (s2 + c) | 0;
  out[3] = (s3 + d) | 0;
  out[4] = (s4 + e) | 0;
  out[5] = (s5 + f) | 0;
  out[6] = (s6 + g) | 0;
  out[7] = (s7 + h) | 0;
}

function sum0(a: number): number {
  return ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
}

function sum1(e: number): number {
  return ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
}

function choose(e: number, f: number, g: number): number {
  return g ^ (e & (f ^ g));
}

function majority(a: number, b: number, c: number): number {
  return (a & b) ^ (c & (a ^ b));
}

/** Big-endian words of `bytes` into `words` from `at` on: the order in which SHA-256 reads its block. */
export function readBigEndian(bytes: Uint8Array, words: Int32Array, at: number): void {
  for (let i = 0; i < bytes.length; i += 4) {
    words[at + (i >>> 2)] =
      ((bytes[i] ?? 0) << 24) | ((bytes[i + 1] ?? 0) << 16) | ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0);
  }
}

/** A compression that is wrong on this machine would make every check fail and ban honest peers. */
function checkCompression(): void {
  const block = new Int32Array(16);
  block[0] = 0x61626380;
  block[15] = 24;
  const out = new Int32Array(8);
  compress(INITIAL, block, out);
  const expected = new Int32Array(8);
  readBigEndian(sha256(utf8('abc')), expected, 0);
  if (out.some((word, i) => word !== expected[i])) throw new BugError('BUG_HOT_HASH', 'SHA-256 of "abc" is wrong.');
}

checkCompression();
