/** The weight that joins S4 and S5 into one check (docs/protocol.md d.3). */
import { describe, expect, it } from 'vitest';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { mod, ORDER, weight } from '../../protocol/threshold/math/scalar.ts';
import { dealKey } from './support/dealer.ts';
import { vec } from './support/labels.ts';
import { type Change, LAYOUTS, set } from './support/sign-fields.ts';
import { corrupt, makeHosts, type SessionOptions, SignNetwork } from './support/sign-network.ts';

const key = dealKey(2, 3, 'weights/2-of-3');
const LAMBDA = weight(new Uint8Array(16).fill(1, 15));

/** Adds kG to a point of a MUL body. */
function added(field: 'gu' | 'gv', k: bigint): Change {
  const [from, length] = LAYOUTS.mul.fields[field] ?? [0, 0];
  return (body) => {
    const point = curve.decode(body.slice(from, from + length));
    if (point === undefined) throw new Error('not a point');
    return set('mul', field, curve.encode(curve.add(point, curve.base(mod(k)))))(body);
  };
}

/** Party 2 moves Gu and Gv so that the errors of S4 and S5 cancel if the weight is `guess`. */
function cancelling(guess: bigint, options?: (index: number) => SessionOptions): SignNetwork {
  const intercept = corrupt(key, 2, {
    pair: (round, body) => (round === 2 ? added('gu', -5n * guess)(added('gv', 5n)(body)) : body),
  });
  return SignNetwork.of(key, makeHosts(key), [1, 2], intercept, options).start().run();
}

describe('weights', () => {
  it('come from a cube root of 1 other than 1, which the curve multiplies by cheaply', () => {
    expect(mod(LAMBDA ** 3n)).toBe(1n);
    expect(LAMBDA).not.toBe(1n);
  });

  it('are 2^128 different scalars: no shorter combination with the root vanishes', () => {
    // Gauss's reduction of the lattice of all (a, b) with a + b LAMBDA = 0 mod q gives its shortest vector.
    const norm = ([a, b]: readonly [bigint, bigint]): bigint => a * a + b * b;
    const rounded = (a: bigint, b: bigint): bigint =>
      (2n * a + b) / (2n * b) - ((2n * a + b) % (2n * b) < 0n ? 1n : 0n);
    let short: readonly [bigint, bigint] = [ORDER, 0n];
    let long: readonly [bigint, bigint] = [-LAMBDA, 1n];
    for (;;) {
      if (norm(long) < norm(short)) [short, long] = [long, short];
      const times = rounded(short[0] * long[0] + short[1] * long[1], norm(short));
      if (times === 0n) break;
      long = [long[0] - times * short[0], long[1] - times * short[1]];
    }
    expect(mod(short[0] + short[1] * LAMBDA)).toBe(0n);
    expect(norm(short)).toBeGreaterThan(2n ** 252n);
    const all = new Uint8Array(16).fill(255);
    expect(weight(all)).toBe(mod((2n ** 64n - 1n) * (1n + LAMBDA)));
    expect(weight(new Uint8Array(16))).toBe(0n);
    expect(weight(vec('weight', 16))).not.toBe(weight(vec('other weight', 16)));
  });

  it('unknown to the peer, let no two errors cancel: the first is named', () => {
    const network = cancelling(weight(vec('guess', 16)));
    expect(network.abortOf(1)).toMatchObject({ failure: 'CHEAT', check: 'S4', culprits: [2] });
  });

  it('would be no check if the peer knew them', () => {
    const known = weight(vec('known', 16));
    const network = cancelling(known, (index) => ({
      change: (config) => {
        if (index !== 1) return config;
        return { ...config, draws: { round3: () => new Map([[2, known]]) } };
      },
    }));
    expect(network.abortOf(1)).toBeUndefined();
  });

  it('are drawn when everything of the peer is there', () => {
    const seen: string[] = [];
    const network = SignNetwork.of(key, makeHosts(key), [1, 2], undefined, (index) => ({
      change: (config) => {
        if (index !== 1) return config;
        const { random } = config;
        const bytes = (length: number): Uint8Array => {
          if (length === 16)
            seen.push(`weight after ${network.delivered.filter(({ to }) => to === 1).length} messages`);
          return random.bytes(length);
        };
        return { ...config, random: { bytes } };
      },
    }));
    network.start().run();
    expect(seen).toEqual(['weight after 4 messages']);
    expect(network.outputOf(1)).toBeDefined();
  });
});
