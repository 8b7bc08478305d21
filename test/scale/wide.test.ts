/** Eleven of twenty: key generation and signing as they are, pair setups dealt (the benchmark makes real ones). */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { beforeAll, expect, test } from 'vitest';
import { concat } from '../../protocol/common/bytes.ts';
import type { DealtKey } from '../threshold/support/dealer.ts';
import { ceremony, indexOf, KeygenNetwork, signerOf } from '../threshold/support/keygen-network.ts';
import { vec } from '../threshold/support/labels.ts';
import { makeHosts, SignNetwork } from '../threshold/support/sign-network.ts';

const T = 11;
const N = 20;

let network: KeygenNetwork;

beforeAll(() => {
  network = new KeygenNetwork(ceremony(T, N, 'scale')).run();
});

/** The key as signing tests take it; nobody knows its secret. */
function heldKey(): DealtKey {
  const setup = network.ceremony;
  const { epochId, publicKey } = network.epoch();
  const indices = Array.from({ length: N }, (_, i) => i + 1);
  return {
    threshold: T,
    indices,
    shares: new Map(indices.map((index) => [index, network.keyshareAt(index).share.use((share) => share)])),
    secret: 0n,
    publicKey,
    epochId,
    identities: new Map(setup.pids.map((pid) => [indexOf(setup, pid), signerOf(setup, pid)])),
  };
}

test('twenty parties make one key, each with a share of its own', () => {
  expect(network.aborts.size).toBe(0);
  expect(network.outputs.size).toBe(N);
  const keys = [...network.outputs.values()].map(({ epoch }) => Buffer.from(epoch.publicKey).toString('hex'));
  expect(new Set(keys).size).toBe(1);
  const shares = [...network.keyshares.values()].map((keyshare) => keyshare.share.use((share) => share));
  expect(new Set(shares).size).toBe(N);
});

test.each([
  ['the last eleven', Array.from({ length: T }, (_, i) => N - T + 1 + i)],
  ['every second one', [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 20]],
])('%s sign', (label, signers) => {
  const key = heldKey();
  const session = SignNetwork.of(key, makeHosts(key), signers, undefined, { label }).start().run();
  const signatures = signers.map((index) => {
    const signature = session.outputOf(index)?.signature;
    return signature === undefined ? new Uint8Array(0) : concat(signature.r, signature.s);
  });
  for (const signature of signatures) {
    const options = { prehash: false, lowS: true, format: 'compact' } as const;
    expect(secp256k1.verify(signature, vec(`${label}/m`), key.publicKey, options)).toBe(true);
    expect(signature).toEqual(signatures[0]);
  }
});

test('ten of them do not', () => {
  const key = heldKey();
  const signers = key.indices.slice(0, T - 1);
  expect(() => SignNetwork.of(key, makeHosts({ ...key, indices: signers }), signers)).toThrow(/signer set/i);
});
