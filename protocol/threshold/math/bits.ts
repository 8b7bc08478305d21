/**
 * Bit matrices of the OT extension (docs/protocol.md a.3 rule 4, g.6): bit j of a row is bit j & 31 of word j >> 5,
 * words little-endian. Every function takes the same steps whatever the bits are.
 */

import { suite } from '../suite.ts';

/** Number of OTs of one base setup: rows of an extension matrix. */
export const KAPPA: number = suite.kappa;
/** OTs of one multiplication: data columns of an extension matrix. */
export const XI: number = suite.xi;
/** Bytes of one extended row: 416 data bits, then 128 mask bits. */
export const ROW_BYTES: number = suite.rowBytes;
export const ROW_WORDS: number = ROW_BYTES / 4;
/** Words of a kappa-bit vector. */
export const COLUMN_WORDS: number = KAPPA / 32;

/** Words of a byte string whose length is a multiple of 4. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const view = viewOf(bytes);
  const words = new Int32Array(bytes.length >>> 2);
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(4 * i, true);
  return words;
}

/** Writes `words` as bytes into `bytes` from `offset` on. */
export function writeWords(words: Int32Array, bytes: Uint8Array, offset: number): void {
  const view = viewOf(bytes);
  for (let i = 0; i < words.length; i++) view.setInt32(offset + 4 * i, words[i] ?? 0, true);
}

/** A view of the very bytes, whatever buffer they lie in. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All ones if bit `index` is set, else 0. */
export function bitMask(words: Int32Array, index: number): number {
  return -(((words[index >>> 5] ?? 0) >>> (index & 31)) & 1);
}

/** The same four bytes read in the other order. */
export function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24) | 0;
}

/**
 * Columns of the data part: from KAPPA rows of ROW_WORDS words to XI columns of COLUMN_WORDS words, where bit r of
 * column j is bit j of row r. The mask part of the rows is left out.
 */
export function transpose(rows: Int32Array): Int32Array {
  const columns = new Int32Array(XI * COLUMN_WORDS);
  const block = new Int32Array(32);
  for (let across = 0; across < XI / 32; across++) {
    for (let down = 0; down < KAPPA / 32; down++) {
      for (let k = 0; k < 32; k++) block[k] = rows[(32 * down + k) * ROW_WORDS + across] ?? 0;
      transposeBlock(block);
      for (let k = 0; k < 32; k++) columns[(32 * across + k) * COLUMN_WORDS + down] = block[k] ?? 0;
    }
  }
  block.fill(0);
  return columns;
}

/** 32 x 32 bits in place: swaps ever smaller off-diagonal squares (Warren, Hacker's Delight 7-3). */
function transposeBlock(block: Int32Array): void {
  let mask = 0x0000ffff;
  for (let size = 16; size !== 0; size >>>= 1) {
    for (let k = 0; k < 32; k = ((k | size) + 1) & ~size) {
      const low = block[k] ?? 0;
      const high = block[k | size] ?? 0;
      const swap = ((low >>> size) ^ high) & mask;
      block[k | size] = high ^ swap;
      block[k] = low ^ (swap << size);
    }
    mask ^= mask << (size >>> 1);
  }
}
