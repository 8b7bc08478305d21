import { createHash } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../protocol/common/bytes.ts';
import { hot } from '../../protocol/threshold/hash.ts';
import { hotBlock, midstate } from '../../protocol/threshold/hot-hash.ts';
import { swapBytes, transpose, wordsOf, writeWords } from '../../protocol/threshold/math/bits.ts';
import { hashRow, hashRows, rowHashKey } from '../../protocol/threshold/math/gf128.ts';
import { compress, readBigEndian } from '../../protocol/threshold/sha256-block.ts';
import { block, compressLanes, startLanes, takeLane, wipeLanes } from '../../protocol/threshold/sha256-lanes.ts';
import { HOT_TAGS } from '../../protocol/threshold/tags.ts';
import { LANES } from '../../protocol/threshold/wasm.ts';
import { vec } from './support/labels.ts';
import { protocolVectors } from './support/protocol-vectors.ts';

const { elements } = protocolVectors;

describe('GF(2^128) and bit matrices (docs/protocol.md a.7)', () => {
  it('multiplies as in the vectors', () => {
    for (const { a, b, product } of elements.gfMul) expect(toHex(multiplied(bytes(a), bytes(b)))).toBe(product);
  });

  it('a^(2^128) = a', () => {
    const a = vec('gf/a', 16);
    let x = a;
    for (let i = 0; i < 128; i++) x = multiplied(x, x);
    expect(toHex(x)).toBe(toHex(a));
  });

  it('hashes rows as in the vectors, one by one and all at once', () => {
    const key = rowHashKey(concat(...elements.chi.map(bytes)));
    for (const { row, hash } of elements.rowHash) {
      expect(toHex(bytesOf(hashRow(key, wordsOf(bytes(row)))))).toBe(hash);
      const matrix = wordsOf(concat(...Array.from({ length: 128 }, () => bytes(row))));
      expect(toHex(bytesOf(hashRows(key, matrix)))).toBe(hash.repeat(128));
    }
  });

  it('transposes as in the vectors and as bit by bit', () => {
    const rows = wordsOf(concat(...Array.from({ length: 128 }, (_, r) => vec(`gf/T${r}`, 68))));
    const columns = transpose(rows);
    expect(toHex(sha256(bytesOf(columns)))).toBe(elements.transpose.allSha256);
    for (const [r, j] of [
      [0, 0],
      [31, 32],
      [77, 301],
      [127, 415],
    ] as const) {
      expect(bit(columns, 128 * j + r)).toBe(bit(rows, 544 * r + j));
    }
  });

  it('reads bytes into words and back', () => {
    const row = vec('gf/T0', 68);
    expect(toHex(bytesOf(wordsOf(row)))).toBe(toHex(row));
    expect(swapBytes(swapBytes(-2))).toBe(-2);
    expect(swapBytes(0x01020384)).toBe(0x84030201 | 0);
  });
});

describe('the word-wise hot hash', () => {
  const reference = (tag: string, sid: Uint8Array, message: Uint8Array): string =>
    createHash('sha256')
      .update(createHash('sha256').update(`dkls-ts/v2/hot/${tag}`).digest())
      .update(sid)
      .update(message)
      .digest('hex');

  it('equals node:crypto for every tag and length, one at a time and four at once', () => {
    for (const tag of HOT_TAGS) {
      const sid = vec(`hot/${tag}`);
      const state = midstate(tag, sid);
      for (let words = 0; words <= 13; words++) {
        const messages = range(LANES).map((lane) => vec(`hot/message/${words}/${lane}`, 4 * words));
        startLanes(state, words);
        for (const [lane, message] of messages.entries()) {
          const input = hotBlock(words);
          readBigEndian(message, input, 0);
          const out = new Int32Array(8);
          compress(state, input, out);
          expect(toHex(bytesOf(out.map(swapBytes)))).toBe(reference(tag, sid, message));
          expect(toHex(hot(tag, sid, message))).toBe(reference(tag, sid, message));
          for (let i = 0; i < words; i++) block[LANES * i + lane] = input[i] ?? 0;
        }
        compressLanes();
        for (const [lane, message] of messages.entries()) {
          const out = new Int32Array(8);
          takeLane(lane, out, 0);
          expect(toHex(bytesOf(out.map(swapBytes)))).toBe(reference(tag, sid, message));
        }
      }
    }
    wipeLanes();
    expect(block.every((word) => word === 0)).toBe(true);
  });

  it('takes any bytes of any length up to 52', () => {
    for (let length = 0; length <= 52; length++) {
      const message = vec(`hot/any/${length}`, length);
      expect(toHex(hot('zs/prf', vec('sid'), message))).toBe(reference('zs/prf', vec('sid'), message));
    }
  });

  it('refuses another sid length and a longer message', () => {
    expect(() => midstate('rv/pad', new Uint8Array(31))).toThrow('32 bytes');
    expect(() => hotBlock(14)).toThrow('52 bytes');
  });
});

/** a * b as the hash of a row whose first block is a, under the multipliers b, 0, 0, 0. */
function multiplied(a: Uint8Array, b: Uint8Array): Uint8Array {
  const row = new Uint8Array(68);
  row.set(a);
  return bytesOf(hashRow(rowHashKey(concat(b, new Uint8Array(48))), wordsOf(row)));
}

function bit(words: Int32Array, index: number): number {
  return ((words[index >> 5] ?? 0) >>> (index & 31)) & 1;
}

function bytesOf(words: Int32Array): Uint8Array {
  const out = new Uint8Array(4 * words.length);
  writeWords(words, out, 0);
  return out;
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array(0);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
