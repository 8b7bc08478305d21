/** RESHARE, REMOVE and IMPORT byte for byte against independent implementations. */
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { encodePartyList } from '../../protocol/threshold/encoding.ts';
import { verifyCertificate } from '../../protocol/threshold/keygen/certificate.ts';
import { dealerPids } from '../../protocol/threshold/keygen/config.ts';
import { decodeKeyshare, encodeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import type { ParsedEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import {
  ceremony,
  importCeremony,
  indexOf,
  KeygenNetwork,
  reshareCeremony,
  scriptedRandom,
} from './support/keygen-network.ts';
import {
  dealerDraws,
  type EnvelopeVector,
  inheritedDraws,
  keygenVectors,
  lifecycleVectors,
} from './support/keygen-vectors.ts';

const vector = keygenVectors.reshare;
const parentSetup = ceremony(2, 3);
const from = new KeygenNetwork(parentSetup, {
  random: (pid) => scriptedRandom(dealerDraws('keygen', pid, 2)),
}).run();

describe('RESHARE of the vectors', () => {
  const setup = reshareCeremony({
    from,
    dealers: [1, 3],
    holders: [3, 1, 2],
    threshold: vector.t,
    rosterLabel: 'keygen',
  });
  const deals = (pid: number) => vector.dealersPid.includes(pid);
  const network = new KeygenNetwork(setup, {
    random: (pid) => scriptedRandom(inheritedDraws('reshare', { pid, deals: deals(pid), holds: true }, vector.t)),
  }).run();

  it('starts from the same ids', () => {
    expect(setup.config.purpose).toBe('RESHARE');
    expect(dealerPids(setup.config)).toEqual(vector.dealersPid);
    expect(Object.fromEntries(setup.pids.map((pid) => [pid, indexOf(setup, pid)]))).toEqual(vector.pidToNew);
    expect(Object.fromEntries(setup.config.parties.map((row, i) => [i + 1, row.oldIndex]))).toEqual(vector.pidToOld);
    expect(toHex(setup.config.parentSharesHash)).toBe(vector.hX);
    expect(toHex(encodePartyList(setup.config.parties))).toBe(vector.pList);
    expect(toHex(setup.cfgHash)).toBe(vector.cfgHash);
    expect(toHex(setup.sessionId)).toBe(vector.sessionId);
  });

  it.each(vector.parties.map((party) => [party.pid, party] as const))(
    'pid %i sends the same messages',
    (pid, party) => {
      const broadcasts = [
        [0x10, 1, party.R1],
        [0x10, 2, party.R2],
        [0x10, 3, party.R3],
        [0x10, 4, party.R4],
        [0x12, 5, party.ACK],
      ] as const;
      for (const [type, round, expected] of broadcasts) {
        const envelopes = network.envelopes(type, round, pid);
        expect(envelopes.length).toBe(setup.pids.length - 1);
        for (const envelope of envelopes) expectEnvelope(envelope, expected);
      }
      expect(network.envelopes(0x11, 3, pid).length).toBe(party.R3p2p.length);
      for (const expected of party.R3p2p) {
        const envelopes = network.envelopes(0x11, 3, pid, expected.to);
        expect(envelopes.length).toBe(1);
        for (const envelope of envelopes) expectEnvelope(envelope, expected);
      }
    },
  );

  it('ends with the same epoch at every party', () => {
    expect([...network.outputs.keys()].sort((a, b) => a - b)).toEqual(setup.pids);
    for (const index of [1, 2, 3]) {
      const keyshare = network.keyshareAt(index);
      expect(toHex(keyshare.share.use(scalarToBytes))).toBe(vector.x[index]);
      expect(keyshare.chainCode.use(toHex)).toBe(keygenVectors.keygen.chainCode);
      expect(toHex(keyshare.publicKey)).toBe(keygenVectors.keygen.Q);
      expect(toHex(keyshare.sid)).toBe(vector.sid);
      expect(toHex(keyshare.digest)).toBe(vector.digest);
      expect(toHex(keyshare.epochId)).toBe(vector.epochId);
      expect(keyshare.commitments.map(toHex)).toEqual(vector.F);
      expect(keyshare.publicShares.map(toHex)).toEqual(Object.values(vector.X));
      const stored = decodeKeyshare(encodeKeyshare(keyshare));
      expect(stored.ok && toHex(stored.value.epochId)).toBe(vector.epochId);
    }
    const parties = setup.config.parties.map((row) => ({ index: row.newIndex, identityKey: row.identityKey }));
    const parent = from.epoch();
    const verified = verifyCertificate(network.certificate(), { threshold: 2, parties, verify, parent });
    expect(verified.ok && toHex(verified.value.epochId)).toBe(vector.epochId);
  });
});

const keygen35 = new KeygenNetwork(ceremony(3, 5, 'keygen35'), {
  random: (pid) => scriptedRandom(dealerDraws('keygen35', pid, 3)),
}).run();

describe.each([
  [
    'remove',
    reshareCeremony({
      from: keygen35,
      dealers: [1, 3, 5],
      holders: [5, 'new', 1],
      threshold: 2,
      label: 'remove',
      rosterLabel: 'keygen35',
    }),
  ],
  ['import', importCeremony(2, 2, true)],
] as const)('%s of the vectors', (prefix, setup) => {
  const vector = lifecycleVectors[prefix];
  const network = new KeygenNetwork(setup, {
    random: (pid) => {
      const member = vector.members[pid - 1];
      if (member === undefined) throw new Error(`no member ${pid}`);
      return scriptedRandom(inheritedDraws(prefix, { pid, deals: member.deals, holds: member.new > 0 }, vector.t));
    },
  }).run();

  it('starts from the same ids', () => {
    const { config } = setup;
    expect(toHex(config.parentSharesHash)).toBe(vector.hX);
    expect(toHex(config.chainCodeHash)).toBe(vector.ccPub);
    expect(toHex(encodePartyList(config.parties))).toBe(vector.pList);
    expect(toHex(setup.cfgHash)).toBe(vector.cfgHash);
    expect(toHex(setup.sessionId)).toBe(vector.sessionId);
  });

  it.each(vector.members.map((member) => [member.pid, member] as const))(
    'pid %i sends the same messages',
    (pid, member) => {
      const said = [member.messages.R1, member.messages.R2, member.messages.R3, member.messages.R4]
        .concat(member.messages.ACK, member.messages.ACTIVE)
        .flatMap((expected) => expected ?? []);
      for (const expected of said) {
        const envelopes = network.envelopes(Number(expected.type), expected.round, pid);
        expect(envelopes.length).toBe(setup.pids.length - 1);
        for (const envelope of envelopes) expectEnvelope(envelope, expected);
      }
      for (const expected of member.shares) {
        const envelopes = network.envelopes(0x11, 3, pid, expected.to);
        expect(envelopes.length).toBe(1);
        for (const envelope of envelopes) expectEnvelope(envelope, expected);
      }
      const count = said.length * (setup.pids.length - 1) + member.shares.length;
      expect(network.sent.filter((entry) => entry.from === pid).length).toBe(count);
    },
  );

  it('ends with the same epoch at every member', () => {
    expect(network.outputs.size).toBe(setup.pids.length);
    for (const { epoch } of network.outputs.values()) {
      expect(toHex(epoch.sid)).toBe(vector.sid);
      expect(toHex(epoch.digest)).toBe(vector.digest);
      expect(toHex(epoch.epochId)).toBe(vector.epochId);
      expect(epoch.commitments.map(toHex)).toEqual(vector.F);
      expect(epoch.publicShares.map(toHex)).toEqual(Object.values(vector.X));
    }
    for (const [index, share] of Object.entries(vector.x)) {
      expect(toHex(network.keyshareAt(Number(index)).share.use(scalarToBytes))).toBe(share);
    }
  });
});

function expectEnvelope(envelope: ParsedEnvelope, expected: EnvelopeVector): void {
  expect(envelope.from).toBe(expected.from);
  expect(envelope.to).toBe(expected.to);
  expect(toHex(sha256(envelope.body))).toBe(expected.bodySha256);
  expect(toHex(envelope.eh)).toBe(expected.eh);
  expect(toHex(envelope.signature)).toBe(expected.sig);
}
