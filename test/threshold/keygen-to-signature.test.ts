import { expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { pidOfIndex } from '../../protocol/threshold/keygen/config.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import { createSign } from '../../protocol/threshold/sign/machine.ts';
import { signerOf as signerOfKeyshare } from '../../protocol/threshold/sign/signer.ts';
import { dealPair } from './support/dealer.ts';
import { expectValid } from './support/ecdsa.ts';
import { ceremony, importCeremony, KeygenNetwork, reshareCeremony, signerOf } from './support/keygen-network.ts';
import { vec } from './support/labels.ts';
import { labelRandom, SignNetwork, type SignNode } from './support/sign-network.ts';

const first = new KeygenNetwork(ceremony(2, 3, 'keygen-to-signature')).run();

it.each([
  ['KEYGEN', first],
  [
    'RESHARE under other indices, with a newcomer',
    new KeygenNetwork(reshareCeremony({ from: first, dealers: [1, 3], holders: [3, 'new', 1, 2], threshold: 2 })).run(),
  ],
  [
    'REMOVE',
    new KeygenNetwork(reshareCeremony({ from: first, dealers: [1, 2], holders: [2, 3, 'new'], threshold: 2 })).run(),
  ],
  ['IMPORT', new KeygenNetwork(importCeremony(2, 3, true)).run()],
])('%s, then a signature of parties 2 and 3', (_, keygen) => {
  const setup = keygen.ceremony;
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
  if (setup.parent !== undefined) expect(publicKey).toEqual(first.epoch().publicKey);
  for (const index of [2, 3]) {
    const output = network.outputOf(index);
    expect(output).toBeDefined();
    if (output !== undefined) expectValid(output.signature, 'keygen-to-signature/m', publicKey);
  }
});
