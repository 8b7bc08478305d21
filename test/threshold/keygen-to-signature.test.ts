import { expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { pidOfIndex } from '../../protocol/threshold/keygen/config.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import { createSign } from '../../protocol/threshold/sign/machine.ts';
import { signerOf as signerOfKeyshare } from '../../protocol/threshold/sign/signer.ts';
import { dealPair } from './support/dealer.ts';
import { expectValid } from './support/ecdsa.ts';
import { ceremony, KeygenNetwork, signerOf } from './support/keygen-network.ts';
import { vec } from './support/labels.ts';
import { labelRandom, SignNetwork, type SignNode } from './support/sign-network.ts';

it('KEYGEN 2 of 3, then a signature of parties 2 and 3 under the new key', () => {
  const setup = ceremony(2, 3, 'keygen-to-signature');
  const keygen = new KeygenNetwork(setup).run();
  const signerAt = (index: number) => signerOf(setup, pidOfIndex(setup.config, index));
  const hosts = new Map(
    [2, 3].map((index) => {
      const identityKey = (_: Uint8Array, peer: number): Uint8Array => signerAt(peer).publicKey;
      return [index, { index, store: new PairStore({ identityKey, verify }), banned: new Set<number>() }];
    }),
  );
  const nodes = [...hosts.values()].map(({ index, store }): SignNode => {
    const keyshare = keygen.keyshareAt(index);
    const dealt = dealPair(keyshare.epochId, 2, 3, 'keygen-to-signature/').get(index);
    if (dealt !== undefined) store.prepare({ setup: dealt.setup, pack: new Uint8Array(0), active: true }, 0);
    const made = createSign({
      ...signerOfKeyshare(keyshare),
      sessionId: vec('keygen-to-signature/session'),
      signers: [2, 3],
      tau: 0n,
      digest: vec('keygen-to-signature/m'),
      pairs: store,
      clock: { monotonic: () => 0 },
      isBanned: () => false,
      mayContinue: () => true,
      sign: signerAt(index).sign,
      verify,
      random: labelRandom(`keygen-to-signature/${index}`),
    });
    if (!made.ok) throw made.error;
    return { index, machine: made.value, log: [] };
  });
  const network = new SignNetwork(hosts, nodes).start().run();
  const { publicKey } = keygen.epoch();
  for (const index of [2, 3]) {
    const output = network.outputOf(index);
    expect(output).toBeDefined();
    if (output !== undefined) expectValid(output.signature, 'keygen-to-signature/m', publicKey);
  }
});
