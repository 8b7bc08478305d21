import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import type { SignConfig } from '../../protocol/threshold/sign/machine.ts';
import { verifySignBroadcasts } from '../../protocol/threshold/sign/public-check.ts';
import { dealKey } from './support/dealer.ts';
import { expectValid } from './support/ecdsa.ts';
import { vec, vscalar } from './support/labels.ts';
import { makeHosts, SignNetwork } from './support/sign-network.ts';

describe('signing', () => {
  for (const [threshold, parties] of [
    [2, 2],
    [2, 3],
    [3, 5],
  ] as const) {
    const key = dealKey(threshold, parties, `sign/${threshold}-of-${parties}`);
    const hosts = makeHosts(key);
    for (const signers of subsets(key.indices, threshold)) {
      it(`${threshold} of ${parties}: {${signers.join(', ')}} make a signature that others verify`, () => {
        const label = `session/${signers.join('-')}`;
        const network = SignNetwork.of(key, hosts, signers, undefined, { label }).start().run();
        const outputs = signers.map((index) => network.outputOf(index));
        for (const output of outputs) {
          expect(output).toBeDefined();
          if (output === undefined) return;
          expect(output.signature).toEqual(outputs[0]?.signature);
          expectValid(output.signature, `${label}/m`, key.publicKey);
          expect(
            verifySignBroadcasts({
              sessionId: vec(`${label}/id`),
              signers,
              childKey: key.publicKey,
              digest: vec(`${label}/m`),
              identityKey: (index) => key.identities.get(index)?.publicKey,
              verify,
              broadcasts: output.broadcasts,
            }),
          ).toEqual({ ok: true, value: output.signature });
        }
      });
    }
  }

  it('the order of messages does not matter', () => {
    const key = dealKey(3, 5, 'sign/3-of-5');
    const hosts = makeHosts(key);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), fc.string(), (picks, label) => {
        const rest = [...picks];
        const network = SignNetwork.of(key, hosts, [1, 3, 4], undefined, { label: `order/${label}` }).start();
        network.run((length) => (rest.shift() ?? 0) % length);
        for (const index of [1, 3, 4]) {
          const { signature } = network.outputOf(index) ?? {};
          expect(signature).toBeDefined();
          if (signature !== undefined) expectValid(signature, `order/${label}/m`, key.publicKey);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('records before it sends, each round once', () => {
    const key = dealKey(2, 2, 'sign/2-of-2');
    const network = SignNetwork.of(key, makeHosts(key), [1, 2]).start().run();
    expect(network.outline(1)).toEqual([
      'started',
      'send',
      'send',
      'r2-sent',
      'send',
      'send',
      'r3-sent',
      'send',
      'done',
    ]);
  });

  it('a tweak moves the key', () => {
    const key = dealKey(2, 3, 'sign/2-of-3');
    const tau = vscalar('tau');
    const change = { change: (config: SignConfig) => ({ ...config, tau }) };
    const network = SignNetwork.of(key, makeHosts(key), [1, 3], undefined, change).start().run();
    const childKey = curve.encode(curve.base(key.secret + tau));
    const signature = network.outputOf(3)?.signature;
    expect(signature).toBeDefined();
    if (signature !== undefined) expectValid(signature, 'session/m', childKey);
  });
});

function subsets(items: readonly number[], size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}
