/** A signing session of the protocol vectors. */
import { sha256 } from '@noble/hashes/sha2.js';
import { expect } from 'vitest';
import { signerFromSeed, verify } from '../../../protocol/ceremony/ed25519.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { PairStore } from '../../../protocol/threshold/pair-setup/store.ts';
import { parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { sessionId } from '../../../protocol/threshold/session-id.ts';
import { dealPair } from './dealer.ts';
import { bytes, toNumber, vec, vscalar } from './labels.ts';
import type { KeygenVectors, SignVectors } from './protocol-vectors.ts';
import { type Host, makeNode, SignNetwork } from './sign-network.ts';

/** Dealt pair setups of all signers. */
export function knownStores(
  key: KeygenVectors,
  signers: readonly number[],
  keyLabel: string,
  pairLabel: string,
): ReadonlyMap<number, PairStore> {
  const identityKey = (_: Uint8Array, peer: number): Uint8Array =>
    signerFromSeed(vec(`${keyLabel}/identity/${peer}`)).publicKey;
  const stores = new Map(signers.map((index) => [index, new PairStore({ identityKey, verify })]));
  for (const i of signers) {
    for (const j of signers.filter((other) => other > i)) {
      for (const [index, { setup }] of dealPair(bytes(key.epochId), i, j, pairLabel)) {
        stores.get(index)?.prepare({ setup, pack: new Uint8Array(0), active: true }, 0);
      }
    }
  }
  return stores;
}

/** Runs the session of a vector on these pair setups and compares every message. */
export function expectSigned(
  key: KeygenVectors,
  known: SignVectors,
  keyLabel: string,
  label: string,
  stores: ReadonlyMap<number, PairStore>,
): void {
  const epochId = bytes(key.epochId);
  const identities = new Map(
    Object.keys(key.X).map((index) => [Number(index), signerFromSeed(vec(`${keyLabel}/identity/${index}`))]),
  );
  const id = sessionId({
    rosterDigest: bytes(key.rosterDigest),
    epochId,
    purpose: 'SIGN',
    path: known.path,
    childPk: bytes(known.childPk),
    proposalDigest: bytes(known.proposalDigest),
    attempt: known.attempt,
    signers: known.S,
    digest: bytes(known.m),
    consents: known.S.map((party) => ({ party, digest: vec(`${label}consent/${party}`) })),
  });
  expect(toHex(id)).toBe(known.sessionId);

  const hosts = new Map<number, Host>();
  for (const [index, store] of stores) hosts.set(index, { index, store, banned: new Set() });
  const dealt = {
    threshold: key.t,
    indices: known.S,
    shares: new Map(Object.entries(key.x).map(([index, x]) => [Number(index), toNumber(bytes(x))])),
    secret: 0n,
    publicKey: bytes(key.Q),
    epochId,
    identities,
  };
  const nodes = [...hosts.values()].map((host) => {
    const own = `${label}party/${host.index}/`;
    const each = <T>(peers: readonly number[], value: (peer: number) => T): Map<number, T> =>
      new Map(peers.map((peer) => [peer, value(peer)]));
    return makeNode(dealt, host, known.S, {
      sessionId: id,
      change: (config) => ({
        ...config,
        tau: toNumber(bytes(known.tau)),
        digest: bytes(known.m),
        draws: {
          round1: (peers) => ({
            r: vscalar(`${own}r`),
            phi: vscalar(`${own}phi`),
            blind: vec(`${own}blind`),
            nonce: vec(`${own}nonce`),
            choices: each(
              peers,
              (peer) => new Uint8Array([...vec(`${own}beta/${peer}`, 52), ...vec(`${own}mask/${peer}`, 16)]),
            ),
          }),
          round2: (peers) => each(peers, (peer) => vscalar(`${own}ah/${peer}`)),
        },
      }),
    });
  });
  const network = new SignNetwork(hosts, nodes).start().run();

  for (const index of known.S) {
    const party = known.parties[index];
    const sent = network
      .log(index)
      .flatMap((effect) => (effect.kind === 'send' ? [parseEnvelope(effect.envelope)] : []));
    const find = (type: number, round: number, to: number): string | undefined => {
      const envelope = sent.find((one) => one?.type === type && one.round === round && one.to === to);
      return envelope && `${toHex(envelope.eh)} ${toHex(sha256(envelope.body))} ${toHex(envelope.signature)}`;
    };
    const expected = (message: SignVectors['parties'][number]['R1'] | undefined): string =>
      `${message?.eh} ${message?.bodySha256} ${message?.sig}`;
    expect(find(0x30, 1, 0)).toBe(expected(party?.R1));
    expect(find(0x30, 2, 0)).toBe(expected(party?.R2));
    expect(find(0x30, 3, 0)).toBe(expected(party?.R3));
    for (const peer of known.S.filter((other) => other !== index)) {
      expect(find(0x31, 1, peer)).toBe(expected(party?.peers[peer]?.asB.envelope));
      expect(find(0x31, 2, peer)).toBe(expected(party?.peers[peer]?.asA.envelope));
    }
    const signature = network.outputOf(index)?.signature;
    expect(signature && [toHex(signature.r), toHex(signature.s), signature.recid]).toEqual([
      known.r,
      known.s,
      known.recid,
    ]);
  }
}
