/** The Keccak of the first reading keeps its last results: that must not show. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { expect, it } from 'vitest';
import { keccak256 } from '../../protocol/payload/keccak.ts';

const LENGTHS = [0, 1, 32, 66, 135, 136, 137, 352, 1023, 1024, 1025, 4096];

it('gives the hash of another implementation, first and again, in any order', () => {
  const inputs = LENGTHS.flatMap((length) =>
    [0, 1, 2].map((last) => new Uint8Array(length).fill(7).fill(last, Math.max(0, length - 1))),
  );
  for (const input of [...inputs, ...inputs.toReversed(), ...inputs.flatMap((input) => [input, input])]) {
    expect(keccak256(input)).toEqual(keccak_256(input));
  }
});

it('shares no bytes with its callers', () => {
  const input = Uint8Array.of(1, 2, 3);
  const expected = keccak_256(input);
  keccak256(input).fill(0);
  const again = keccak256(input);
  expect(again).toEqual(expected);
  again.fill(0);
  input[0] = 9;
  expect(keccak256(input)).toEqual(keccak_256(Uint8Array.of(9, 2, 3)));
  expect(keccak256(Uint8Array.of(1, 2, 3))).toEqual(expected);
});
