/** KEYGEN byte for byte against the independent implementation: every message, hash, signature and result. */
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import { encodePartyList } from '../../protocol/threshold/encoding.ts';
import { scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import type { ParsedEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { ceremony, indexOf, KeygenNetwork, scriptedRandom } from './support/keygen-network.ts';
import {
  type DealerVector,
  dealerDraws,
  type EnvelopeVector,
  type KeygenVector,
  keygenVectors,
} from './support/keygen-vectors.ts';

describe.each([
  ['keygen', keygenVectors.keygen],
  ['keygen35', keygenVectors.sign35.keygen],
])('KEYGEN %s of the vectors', (prefix, vector) => {
  const setup = ceremony(vector.t, vector.n, prefix);
  const network = new KeygenNetwork(setup, {
    random: (pid) => scriptedRandom(dealerDraws(prefix, pid, vector.t)),
  }).run();

  it('starts from the same ids', () => {
    expect(Object.fromEntries(setup.pids.map((pid) => [pid, indexOf(setup, pid)]))).toEqual(vector.pidToIndex);
    expect(toHex(setup.config.walletId)).toBe(vector.walletId);
    expect(toHex(encodePartyList(setup.config.parties))).toBe(vector.pList);
    expect(toHex(setup.cfgHash)).toBe(vector.cfgHash);
    expect(toHex(setup.sessionId)).toBe(vector.sessionId);
  });

  it.each(vector.dealers.map((dealer) => [dealer.pid, dealer] as const))(
    'pid %i sends the same messages',
    (_, dealer) => {
      expectMessages(network, vector, dealer);
    },
  );

  it('ends with the same epoch at every party', () => {
    expect([...network.outputs.keys()].sort((a, b) => a - b)).toEqual(setup.pids);
    for (const pid of setup.pids) {
      const index = indexOf(setup, pid);
      const keyshare = network.keyshareAt(index);
      expect(keyshare.index).toBe(index);
      expect(toHex(keyshare.share.use(scalarToBytes))).toBe(vector.x[index]);
      expect(keyshare.chainCode.use(toHex)).toBe(vector.chainCode);
      expect(toHex(keyshare.sid)).toBe(vector.sid);
      expect(toHex(keyshare.publicKey)).toBe(vector.Q);
      expect(toHex(keyshare.chainCodeHash)).toBe(vector.ccPub);
      expect(toHex(keyshare.digest)).toBe(vector.digest);
      expect(toHex(keyshare.epochId)).toBe(vector.epochId);
      expect(keyshare.commitments.map(toHex)).toEqual(vector.F);
      expect(keyshare.publicShares.map(toHex)).toEqual(Object.values(vector.X));
    }
  });
});

function expectMessages(network: KeygenNetwork, vector: KeygenVector, dealer: DealerVector): void {
  const broadcasts = [
    [0x10, 1, dealer.R1],
    [0x10, 2, dealer.R2],
    [0x10, 3, dealer.R3],
    [0x10, 4, dealer.R4],
    [0x12, 5, dealer.ACK],
    [0x13, 6, dealer.ACTIVE],
  ] as const;
  for (const [type, round, expected] of broadcasts) {
    const envelopes = network.envelopes(type, round, dealer.pid);
    expect(envelopes.length).toBe(vector.n - 1);
    for (const envelope of envelopes) expectEnvelope(envelope, expected);
  }
  for (const expected of dealer.R3p2p) {
    const envelopes = network.envelopes(0x11, 3, dealer.pid, expected.to);
    expect(envelopes.length).toBe(1);
    for (const envelope of envelopes) expectEnvelope(envelope, expected);
  }
}

function expectEnvelope(envelope: ParsedEnvelope, expected: EnvelopeVector): void {
  expect(envelope.from).toBe(expected.from);
  expect(envelope.to).toBe(expected.to);
  if (expected.body !== undefined) expect(toHex(envelope.body)).toBe(expected.body);
  expect(toHex(sha256(envelope.body))).toBe(expected.bodySha256);
  expect(toHex(envelope.eh)).toBe(expected.eh);
  expect(toHex(envelope.signature)).toBe(expected.sig);
}
