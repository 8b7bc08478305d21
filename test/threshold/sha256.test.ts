import { createHash } from 'node:crypto';
import { sha256 as noble } from '@noble/hashes/sha2.js';
import { afterEach, expect, it } from 'vitest';
import { concat } from '../../protocol/common/bytes.ts';
import { installSha256, type Sha256, sha256 } from '../../protocol/threshold/sha256.ts';
import { vec } from './support/labels.ts';

const native: Sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};
const reference: Sha256 = (parts) => noble(concat(...parts));

afterEach(() => installSha256(reference));

it('an installed implementation is used for long inputs, with the same result', () => {
  let calls = 0;
  installSha256((parts) => {
    calls += 1;
    return native(parts);
  });
  calls = 0;
  for (const length of [0, 1, 100, 511, 512, 513, 40_000]) {
    const parts = [vec('a', length), vec('b', 3), new Uint8Array(0)];
    expect(sha256(...parts)).toEqual(reference(parts));
  }
  expect(calls).toBe(4);
});

it('a wrong implementation is refused', () => {
  expect(() => installSha256(() => new Uint8Array(32))).toThrow('wrong answers');
  expect(() => installSha256((parts) => native(parts.slice(0, 1)))).toThrow('wrong answers');
});
