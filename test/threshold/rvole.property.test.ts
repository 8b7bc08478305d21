import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hot } from '../../protocol/threshold/hash.ts';
import { mod, ORDER, scalarFromHash } from '../../protocol/threshold/math/scalar.ts';
import { extend, finish } from '../../protocol/threshold/multiply/receiver.ts';
import { checkExtension, multiply } from '../../protocol/threshold/multiply/sender.ts';
import { dealDirection, dealPair } from './support/dealer.ts';
import { vec } from './support/labels.ts';

const edge = fc.constantFrom(0n, 1n, ORDER - 1n);
const scalar = fc.oneof(edge, fc.bigInt({ min: 0n, max: ORDER - 1n }));
const choice = fc.oneof(
  fc.constantFrom(new Uint8Array(68), new Uint8Array(68).fill(255)),
  fc.uint8Array({ minLength: 68, maxLength: 68 }),
);

describe('the multiplication', () => {
  it('c + d = a b for random and edge inputs, choices and setups', () => {
    fc.assert(
      fc.property(scalar, scalar, scalar, choice, fc.nat(3), (a0, a1, mask, bits, seed) => {
        const direction = dealDirection(`property/${seed}/`);
        const delta = seed === 0 ? new Uint8Array(16) : direction.delta;
        const seeds = seed === 0 ? secondKeys(direction.both) : direction.chosen;
        const ids = { oteSid: vec(`property/${seed}/ote`), rvSid: vec(`property/${seed}/rv`) };
        const { message, keep } = extend(ids.oteSid, direction.both, bits);
        const zeta = checkExtension(ids.oteSid, { delta, seeds }, message);
        if (zeta === undefined) throw new Error('C1 failed');
        const product = multiply(ids, delta, zeta, [a0, a1], mask);
        const d = finish(ids.rvSid, keep, product.message);
        if (d === undefined) throw new Error('C2 failed');
        expect(mod(product.c[0] + d[0])).toBe(mod(a0 * keep.b));
        expect(mod(product.c[1] + d[1])).toBe(mod(a1 * keep.b));
        if (bits.every((byte) => byte === 0)) expect(keep.b).toBe(0n);
      }),
      { numRuns: 40 },
    );
  });

  it('C1 fails if one bit of any part of the extension is flipped, and C2 for the answer', () => {
    const direction = dealDirection('property/1/');
    const setup = { delta: direction.delta, seeds: direction.chosen };
    const ids = { oteSid: vec('ote'), rvSid: vec('rv') };
    const { message, keep } = extend(ids.oteSid, direction.both, vec('choice', 68));
    const zeta = checkExtension(ids.oteSid, setup, message);
    if (zeta === undefined) throw new Error('C1 failed');
    const answer = multiply(ids, direction.delta, zeta, [3n, 5n], 7n).message;
    fc.assert(
      fc.property(fc.nat(message.length - 1), fc.nat(7), (at, bit) => {
        const changed = message.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(checkExtension(ids.oteSid, setup, changed)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(fc.nat(answer.length - 1), fc.nat(7), (at, bit) => {
        const changed = answer.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(finish(ids.rvSid, keep, changed)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

it('zero shares sum to zero over every signer set', () => {
  const parties = [1, 2, 3, 4, 5];
  const seedOf = (i: number, j: number): Uint8Array =>
    dealPair(vec('epoch'), i, j, 'zeta/').get(i)?.setup.zeroSeed ?? new Uint8Array(0);
  const seeds = new Map(parties.flatMap((i) => parties.filter((j) => j !== i).map((j) => [`${i}/${j}`, seedOf(i, j)])));
  fc.assert(
    fc.property(
      fc.subarray(parties, { minLength: 2 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (S, fullSid) => {
        const share = (i: number, j: number): bigint =>
          scalarFromHash(hot('zs/prf', fullSid, seeds.get(`${i}/${j}`) ?? new Uint8Array(32)));
        const zeta = (i: number): bigint =>
          S.reduce((sum, j) => (j < i ? sum + share(i, j) : j > i ? sum - share(i, j) : sum), 0n);
        expect(mod(S.reduce((sum, i) => sum + zeta(i), 0n))).toBe(0n);
      },
    ),
    { numRuns: 50 },
  );
});

/** K_1 of every OT: what a sender with Delta = 0 holds. */
function secondKeys(both: Uint8Array): Uint8Array {
  const out = new Uint8Array(4096);
  for (let r = 0; r < 128; r++) out.set(both.subarray(64 * r + 32, 64 * r + 64), 32 * r);
  return out;
}
