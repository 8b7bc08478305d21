import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dealKey } from './support/dealer.ts';
import { type Kind, LAYOUTS } from './support/sign-fields.ts';
import { corrupt, makeHosts, SignNetwork } from './support/sign-network.ts';

const key = dealKey(2, 2, 'fuzz');
const kinds = Object.keys(LAYOUTS) as Kind[];

it('any body of any length from a signer ends in a typed abort, and never bans the wrong party', () => {
  const length = (kind: Kind): fc.Arbitrary<number> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(LAYOUTS[kind].bytes) }, { weight: 1, arbitrary: fc.nat(300) });
  const body = fc.constantFrom(...kinds).chain((kind) =>
    length(kind).chain((size) =>
      fc.record({
        kind: fc.constant(kind),
        keep: fc.boolean(),
        bytes: fc.uint8Array({ minLength: size, maxLength: size, size: 'max' }),
      }),
    ),
  );
  fc.assert(
    fc.property(body, ({ kind, keep, bytes }) => {
      const { broadcast, round } = LAYOUTS[kind];
      // With `keep` the head stays honest (bh, echo, nonce), so that the fuzz reaches the later checks.
      const replace = (at: number, honest: Uint8Array): Uint8Array => {
        if (at !== round) return honest;
        const out = bytes.slice();
        if (keep) out.set(honest.subarray(0, Math.min(out.length, 64)));
        return out;
      };
      const hosts = makeHosts(key);
      const change = corrupt(key, 2, broadcast ? { broadcast: replace } : { pair: replace });
      const network = SignNetwork.of(key, hosts, [1, 2], change).start().run();
      const abort = network.abortOf(1);
      const unchanged = broadcast && keep && LAYOUTS[kind].bytes === 64 && bytes.length === 64;
      expect(abort === undefined).toBe(unchanged);
      expect(abort?.culprits.filter((index) => index !== 2) ?? []).toEqual([]);
      expect([...(hosts.get(2)?.banned ?? [])]).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it('bytes changed on the way are dropped', () => {
  fc.assert(
    fc.property(fc.nat(9), fc.nat(200_000), fc.integer({ min: 1, max: 255 }), (which, at, mask) => {
      let count = 0;
      const network = SignNetwork.of(key, makeHosts(key), [1, 2], ({ bytes }) => {
        if (count++ !== which) return [bytes];
        const copy = bytes.slice();
        const place = at % copy.length;
        copy[place] = (copy[place] ?? 0) ^ mask;
        return [copy];
      });
      network.start().run();
      for (const index of [1, 2]) expect(network.abortOf(index)).toBeUndefined();
      expect([1, 2].some((index) => network.outputOf(index) === undefined)).toBe(true);
    }),
    { numRuns: 30 },
  );
});
