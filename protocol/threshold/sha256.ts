/**
 * SHA-256. Short inputs are hashed here; for long ones (messages of 40 KB are hashed a dozen times per signature and
 * peer) the default is @noble/hashes, and a composition root may install the platform's own, several times faster.
 * The result is the same by definition, so nothing but time depends on it.
 */
import { sha256 as noble } from '@noble/hashes/sha2.js';
import { equalBytes, utf8 } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';
import { compress, INITIAL } from './sha256-block.ts';

/** SHA-256 of the concatenation of `parts`, 32 bytes. */
export type Sha256 = (parts: readonly Uint8Array[]) => Uint8Array;

/** From this many bytes on the installed implementation is used: below, calling out costs more than it saves. */
const LONG = 512;

let long: Sha256 = reference;

function reference(parts: readonly Uint8Array[]): Uint8Array {
  const hash = noble.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Installs an implementation for long inputs, for this thread, after it has given some known answers. */
export function installSha256(implementation: Sha256): void {
  const pattern = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const known = [[], [utf8('abc')], [pattern.subarray(0, 1), new Uint8Array(0), pattern.subarray(1)]];
  if (known.some((parts) => !equalBytes(implementation(parts), reference(parts)))) {
    throw new BugError('BUG_SHA256', 'The installed SHA-256 gives wrong answers.');
  }
  long = implementation;
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return length < LONG ? shortSha256(INITIAL, 0, parts) : long(parts);
}

/** SHA-256 from the `state` after `before` bytes, a multiple of 64, over `parts`: 32 bytes. */
export function shortSha256(state: Int32Array, before: number, parts: readonly Uint8Array[]): Uint8Array {
  const words = state.slice();
  const block = new Int32Array(16);
  let length = before;
  for (const part of parts) length = absorb(words, block, length, part);
  const last = absorb(words, block, length, END);
  if ((last & 63) > 56) {
    compress(words, block, words);
    block.fill(0);
  }
  block[15] = length * 8;
  compress(words, block, words);
  block.fill(0);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = (words[i >> 2] ?? 0) >>> (24 - 8 * (i & 3));
  return digest;
}

/** The bit that ends a message, with the seven after it. */
const END = Uint8Array.of(0x80);

/** Fills the block, compressing it whenever it is full; returns the length including `part`. */
function absorb(words: Int32Array, block: Int32Array, length: number, part: Uint8Array): number {
  for (let i = 0; i < part.length; i++) {
    const at = (length + i) & 63;
    block[at >> 2] = (block[at >> 2] ?? 0) | ((part[i] ?? 0) << (24 - 8 * (at & 3)));
    if (at !== 63) continue;
    compress(words, block, words);
    block.fill(0);
  }
  return length + part.length;
}
