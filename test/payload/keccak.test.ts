/** Two implementations of Keccak-256, of two packages, and what both must say. */
import { createRequire } from 'node:module';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { keccak256 as viem } from 'viem';
import { expect, test } from 'vitest';
import { keccak256 } from '../../protocol/payload/keccak.ts';
import { readRoot } from '../architecture/tree.ts';
import { hex } from './support/payloads.ts';

const utf8 = new TextEncoder();

/** From the Keccak team's known answers (ShortMsgKAT_256) and the yellow paper. */
test.each([
  ['', '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
  ['abc', '0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
  ['The quick brown fox jumps over the lazy dog', '0x4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15'],
])('%j', (text, digest) => {
  expect(hex(keccak256(utf8.encode(text)))).toBe(digest);
  expect(viem(utf8.encode(text))).toBe(digest);
});

test('both agree on all lengths around the block of 136 bytes, and on any bytes', () => {
  for (let length = 0; length <= 300; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
    expect(hex(keccak256(bytes))).toBe(viem(bytes));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => hex(keccak256(bytes)) === viem(bytes)));
});

test('a view into a larger buffer is hashed alone', () => {
  const buffer = Uint8Array.from({ length: 64 }, (_, i) => i);
  const view = buffer.subarray(5, 37);
  expect(hex(keccak256(view))).toBe(hex(keccak_256(view.slice())));
  expect(hex(keccak256(Buffer.from('abc')))).toBe(viem(utf8.encode('abc')));
});

test('they are two packages: ours is not on the way of viem, and viem’s is not on ours', () => {
  const { dependencies } = JSON.parse(readFromPackage('viem')) as Manifest;
  const ours = JSON.parse(readFromPackage('js-sha3')) as Manifest;
  expect(Object.keys(dependencies ?? {})).toContain('@noble/hashes');
  expect(Object.keys(dependencies ?? {})).not.toContain('js-sha3');
  expect(ours.dependencies ?? {}).toEqual({});
  expect(readRoot('protocol/payload/keccak.ts')).toContain("from 'js-sha3'");
});

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readFromPackage(name: string): string {
  return JSON.stringify(createRequire(import.meta.url)(`${name}/package.json`));
}
