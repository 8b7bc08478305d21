import { hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { concat, toHex, utf8 } from '../../protocol/common/bytes.ts';
import { BugError } from '../../protocol/common/errors.ts';
import { H } from '../../protocol/threshold/hash.ts';
import { ORDER } from '../../protocol/threshold/math/scalar.ts';
import { hedgedRandom, randomScalar } from '../../protocol/threshold/random.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { scriptedRandom } from './support/keygen-network.ts';
import { scalarDraw } from './support/keygen-vectors.ts';
import { vec } from './support/labels.ts';

describe('Secret', () => {
  it('prints nothing of itself', () => {
    const secret = new Secret(0x1234567890abcdefn);
    const holder = { secret, list: [secret] };
    const seen = [
      String(secret),
      secret.toString(),
      JSON.stringify(holder),
      inspect(holder, { showHidden: true, depth: 9 }),
    ];
    for (const text of seen) expect(text).not.toMatch(/1311768467294899695|1234567890abcdef/);
    expect(JSON.stringify(holder)).toBe('{"secret":"[secret]","list":["[secret]"]}');
  });

  it('is gone after take or wipe, and bytes are overwritten', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const wiped = new Secret(bytes);
    expect(wiped.use((value) => value.length)).toBe(3);
    wiped.wipe();
    expect([...bytes]).toEqual([0, 0, 0]);
    expect(() => wiped.use(() => 0)).toThrow(BugError);
    const lists = [Uint8Array.of(4), Uint8Array.of(5)];
    new Secret<readonly Uint8Array[]>(lists).wipe();
    expect(lists.map((part) => part[0])).toEqual([0, 0]);
    const taken = new Secret(7n);
    expect(taken.take()).toBe(7n);
    expect(taken.wiped).toBe(true);
    expect(() => taken.take()).toThrow(BugError);
    taken.wipe();
  });
});

describe('the hedged generator (docs/protocol.md a.9)', () => {
  const context = (counter: () => bigint) => ({
    operatingSystem: (length: number) => vec('os', length),
    secret: new Secret(vec('secret')),
    sid: vec('sid'),
    counter,
    time: () => 5n,
    bootId: vec('boot', 16),
    handshakes: () => [vec('channel/1'), vec('channel/2')],
  });

  it('is HKDF-SHA256 of length-prefixed parts', () => {
    const random = hedgedRandom(context(() => 9n));
    const hedge = H('rng/hedge', vec('sid'), vec('secret'), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9));
    const parts = [
      vec('os', 64),
      hedge,
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5),
      vec('boot', 16),
      vec('channel/1'),
      vec('channel/2'),
    ];
    const material = concat(...parts.flatMap((part) => [Uint8Array.of(0, 0, 0, part.length), part]));
    const expected = hkdfSync('sha256', material, new Uint8Array(0), utf8('dkls-ts/v2/rng'), 48);
    expect(toHex(random.bytes(48))).toBe(toHex(new Uint8Array(expected)));
  });

  it('never repeats although the operating system, the clock and the secret do', () => {
    let count = 0n;
    const random = hedgedRandom(context(() => count++));
    const draws = Array.from({ length: 50 }, () => toHex(random.bytes(32)));
    expect(new Set(draws).size).toBe(50);
    const long = random.bytes(20_000);
    expect(long.length).toBe(20_000);
    expect(toHex(long.subarray(0, 8160))).not.toBe(toHex(long.subarray(8160, 16_320)));
  });

  it('a scalar comes from 48 bytes mod q, and zero is drawn again', () => {
    expect(randomScalar(scriptedRandom([scalarDraw(0n), scalarDraw(5n)]))).toBe(5n);
    expect(randomScalar(scriptedRandom([new Uint8Array(48).fill(255)]))).toBe((2n ** 384n - 1n) % ORDER);
  });
});
