/** From the own ACK to ACTIVE (docs/protocol.md b.7 and i.3, 16-17), key shares at rest and certificates. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { read } from '../../protocol/common/schema.ts';
import {
  type Activation,
  createActivation,
  type KeygenEffect,
  type KeygenRecord,
} from '../../protocol/threshold/keygen/activation.ts';
import {
  type Certificate,
  type CertificateExpectation,
  verifyCertificate,
} from '../../protocol/threshold/keygen/certificate.ts';
import { certificateToJson, readCertificate } from '../../protocol/threshold/keygen/certificate-json.ts';
import { pidOfIndex } from '../../protocol/threshold/keygen/config.ts';
import type { Epoch } from '../../protocol/threshold/keygen/epoch.ts';
import {
  decodeKeyshare,
  encodeKeyshare,
  identityKeyOf,
  type Keyshare,
  wipeKeyshare,
} from '../../protocol/threshold/keygen/keyshare.ts';
import { DKG_ACK, DKG_ACTIVE } from '../../protocol/threshold/keygen/messages.ts';
import { scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import {
  ceremony,
  type Delivery,
  flip,
  importCeremony,
  KeygenNetwork,
  reshareCeremony,
  signerOf,
} from './support/keygen-network.ts';
import { vec } from './support/labels.ts';

const keygen = new KeygenNetwork(ceremony(2, 3)).run();
const refresh = reshareCeremony({ from: keygen, dealers: [1, 3], holders: [3, 1, 2], threshold: 2 });
const refreshed = new KeygenNetwork(refresh).run();
const sibling = new KeygenNetwork({ ...refresh, sessionId: vec('another session') }).run();

function keyshareOf(network: KeygenNetwork, pid: number): Keyshare {
  const found = network.keyshares.get(pid);
  if (found === undefined) throw new Error('no key share');
  return found;
}

function expectationOf({ ceremony: { config } }: KeygenNetwork): CertificateExpectation {
  const parties = config.parties.map((row) => ({ index: row.newIndex, identityKey: row.identityKey }));
  return { threshold: config.threshold, parties, verify };
}

type State = 'prepared' | 'abandoned' | 'active';

/** Parties that have restarted with their PREPARED record. */
class Restarted {
  readonly machines = new Map<number, Activation>();
  readonly states = new Map<number, State>();
  readonly records: { readonly pid: number; readonly record: KeygenRecord }[] = [];
  readonly queue: Delivery[] = [];
  delivers: (from: number, to: number) => boolean = () => true;

  constructor(network: KeygenNetwork, states: ReadonlyMap<number, State>) {
    for (const [pid, state] of states) {
      const stored = decodeKeyshare(encodeKeyshare(keyshareOf(network, pid)));
      if (!stored.ok) throw new Error(stored.error);
      const { sign } = signerOf(network.ceremony, pid);
      expect(pidOfIndex(stored.value.config, stored.value.index)).toBe(pid);
      this.states.set(pid, state);
      this.machines.set(pid, createActivation({ epoch: stored.value, pid, sign, verify, state }));
    }
  }

  run(): this {
    for (const [pid, machine] of this.machines) this.act(pid, machine.start());
    return this.settle();
  }

  settle(): this {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const machine = this.machines.get(next.to);
      if (machine !== undefined) this.act(next.to, machine.deliver(next.bytes));
    }
    return this;
  }

  act(pid: number, effects: readonly KeygenEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'record') {
        this.records.push({ pid, record: effect.record });
        if (effect.record.kind === 'active' || effect.record.kind === 'abandoned')
          this.states.set(pid, effect.record.kind);
      }
      if (effect.kind !== 'send') continue;
      expect(effect.to).toBe(0);
      for (const to of [1, 2, 3]) {
        if (to !== pid && this.delivers(pid, to)) this.queue.push({ from: pid, to, bytes: effect.envelope });
      }
    }
  }
}

const all = (state: State) => new Map([1, 2, 3].map((pid) => [pid, state] as const));

describe.each([
  ['KEYGEN', keygen],
  ['RESHARE', refreshed],
])('activation of a %s', (_, finished) => {
  const setup = finished.ceremony;
  const keyshare = (pid: number) => keyshareOf(finished, pid);

  it('16: whichever ACKs arrive, a restart of all and a healed network make all ACTIVE', () => {
    const links = [1, 2, 3].flatMap((from) => [1, 2, 3].filter((to) => to !== from).map((to) => [from, to] as const));
    for (let mask = 0; mask < 64; mask++) {
      const before = new Restarted(finished, all('prepared'));
      before.delivers = (from, to) => ((mask >> links.findIndex(([a, b]) => a === from && b === to)) & 1) === 1;
      before.run();
      for (const [pid, state] of before.states) {
        const heard = links.filter(([from, to], i) => to === pid && from !== pid && ((mask >> i) & 1) === 1).length;
        expect(state).toBe(heard === 2 ? 'active' : 'prepared');
      }
      const after = new Restarted(finished, before.states).run();
      expect([...after.states.values()]).toEqual(['active', 'active', 'active']);
    }
  });

  it('16: a party that crashed before its record was durable: nobody turns ACTIVE, nobody erases', () => {
    const network = new Restarted(finished, new Map([1, 2].map((pid) => [pid, 'prepared'] as const))).run();
    expect([...network.states.values()]).toEqual(['prepared', 'prepared']);
    expect(network.records).toEqual([]);
  });

  it('the record is durable before the message that follows from it', () => {
    const network = new KeygenNetwork(setup);
    network.start();
    const order: string[] = [];
    while (network.queue.length > 0) {
      const [next] = network.queue.splice(0, 1);
      if (next === undefined) break;
      const effects = network.machine(next.to).deliver(next.bytes);
      if (next.to === 2) {
        for (const effect of effects) {
          if (effect.kind === 'record') order.push(effect.record.kind);
          else order.push(effect.kind === 'send' ? `send 0x${(effect.envelope[3] ?? 0).toString(16)}` : effect.kind);
        }
      }
      network.act(next.to, effects);
    }
    const tail = order.slice(order.indexOf('prepared')).filter((step) => step !== 'peer-active');
    expect(tail).toEqual(['prepared', 'send 0x12', 'active', 'send 0x13', 'done']);
    expect(order.filter((step) => step === 'peer-active').length).toBe(2);
  });

  it('17: stopping after the own ACK erases nothing, and an ABORT or COMPLAINT has no effect any more', () => {
    const network = new Restarted(finished, all('prepared'));
    const machine = network.machines.get(1);
    if (machine === undefined) throw new Error('no machine');
    machine.start();
    machine.stop();
    expect(machine.start()).toEqual([]);
    expect(machine.abandon()).toEqual([]);
    expect(network.records).toEqual([]);

    const late = new KeygenNetwork(setup, { pick: () => 0 });
    late.start();
    while (late.keyshares.size < 3) late.step();
    const acks = [...late.queue];
    const { sign } = signerOf(setup, 2);
    for (const [type, round, sid, body] of [
      [0x40, 0, setup.sessionId, Uint8Array.of(0)],
      [0x15, 8, keyshare(1).sid, vec('complaint', 203)],
      [0x10, 4, keyshare(1).sid, vec('digest', 97)],
      [0x12, 5, keyshare(1).sid, vec('ack', 132)],
      [0x12, 5, keyshare(1).sid, new Uint8Array(3)],
    ] as const) {
      const bytes = encodeEnvelope({ type, round, from: 2, to: 0, sid, body }, sign);
      expect(late.machine(1).deliver(bytes)).toEqual([]);
    }
    expect(acks.length).toBeGreaterThan(0);
    late.settle();
    expect(late.outputs.size).toBe(3);
  });

  it('a certificate from a peer activates; a wrong one does not', () => {
    const [machine, other] = [1, 2].map((pid) => {
      const { sign } = signerOf(setup, pid);
      return createActivation({ epoch: keyshare(pid), pid, sign, verify });
    });
    if (machine === undefined || other === undefined) throw new Error('two machines');
    machine.start();
    const good = finished.certificate();
    expect(machine.adopt({ ...good, acknowledgements: good.acknowledgements.slice(1) })).toEqual([]);
    expect(machine.adopt({ ...good, chainCodeHash: vec('other') })).toEqual([]);
    // Genuine, of the same parties, but of another attempt.
    for (const other of [new KeygenNetwork(ceremony(2, 3, 'keygen', 2)).run(), sibling]) {
      expect(verifyCertificate(other.certificate(), expectationOf(other)).ok).toBe(true);
      expect(machine.adopt(other.certificate())).toEqual([]);
    }
    expect(machine.adopt(good).map((effect) => effect.kind)).toEqual(['record', 'send', 'done']);
    expect(machine.adopt(good)).toEqual([]);
    expect(machine.abandon()).toEqual([]);
    expect(other.adopt(good)).toEqual([]);
  });

  it('an ACK in the name of another party, or for another epoch, does not count', () => {
    const { sign } = signerOf(setup, 1);
    const machine = createActivation({ epoch: keyshare(1), pid: 1, sign, verify });
    machine.start();
    const [two, three] = [2, 3].map((pid) => finished.envelopes(0x12, 5, pid)[0]);
    if (two === undefined || three === undefined) throw new Error('two ACKs');
    const stranger = signerOf(setup, 3).sign;
    for (const bytes of [
      encodeEnvelope(two, stranger),
      encodeEnvelope({ ...three, body: flip(three.body, 0) }, stranger),
      encodeEnvelope({ ...three, sid: vec('sid') }, stranger),
      encodeEnvelope({ ...three, to: 1 }, stranger),
    ]) {
      expect(machine.deliver(bytes)).toEqual([]);
    }
    expect(machine.deliver(two.bytes)).toEqual([]);
    expect(machine.deliver(three.bytes).map((effect) => effect.kind)).toEqual(['record', 'send', 'done']);
  });
});

describe('giving up', () => {
  it('only ABANDON of all n allows to erase, and who has signed it never activates', () => {
    const network = new Restarted(keygen, all('prepared'));
    network.delivers = () => false;
    network.run();
    network.delivers = () => true;
    for (const pid of [1, 2]) network.act(pid, network.machines.get(pid)?.abandon() ?? []);
    network.settle();
    expect(network.records.map(({ record }) => record.kind)).toEqual(['abandoned', 'abandoned']);

    const again = new Restarted(keygen, network.states).run();
    expect(again.states.get(1)).toBe('abandoned');
    expect(again.records.filter(({ record }) => record.kind === 'discard')).toEqual([]);
    again.act(3, again.machines.get(3)?.abandon() ?? []);
    again.settle();
    expect(
      again.records
        .filter(({ record }) => record.kind === 'discard')
        .map(({ pid }) => pid)
        .sort((a, b) => a - b),
    ).toEqual([1, 2, 3]);
    expect(again.records.filter(({ record }) => record.kind === 'active')).toEqual([]);
  });

  it('is not for an epoch with a parent: nobody signs it, and nobody heeds it', () => {
    const network = new Restarted(refreshed, all('prepared'));
    network.delivers = () => false;
    network.run();
    for (const machine of network.machines.values()) expect(machine.abandon()).toEqual([]);
    const { epochId, sid } = refreshed.epoch();
    const body = concat(epochId, Uint8Array.of(0, 0, 0, 2));
    const { sign } = signerOf(refresh, 2);
    const forged = encodeEnvelope({ type: 0x14, round: 7, from: 2, to: 0, sid, body }, sign);
    expect(network.machines.get(1)?.deliver(forged)).toEqual([]);
    expect(network.records).toEqual([]);
  });
});

const imported = new KeygenNetwork(importCeremony(2, 2, true)).run();
const removed = new KeygenNetwork(
  reshareCeremony({ from: keygen, dealers: [1, 2], holders: [2, 'new', 3], threshold: 2 }),
).run();

describe.each([
  ['KEYGEN', keygen],
  ['RESHARE', refreshed],
  ['REMOVE', removed],
  ['IMPORT', imported],
])('the key share at rest after %s', (purpose, network) => {
  const keyshare = network.keyshareAt(2);
  const bytes = encodeKeyshare(keyshare);

  it('comes back as it was, and holds nothing printable', () => {
    const back = decodeKeyshare(bytes);
    if (!back.ok) throw new Error(back.error);
    expect(toHex(encodeKeyshare(back.value))).toBe(toHex(bytes));
    expect(back.value.index).toBe(2);
    expect(back.value.config.purpose).toBe(purpose);
    expect(back.value.config).toEqual(keyshare.config);
    const row = network.ceremony.config.parties.find((candidate) => candidate.newIndex === 2);
    expect(toHex(identityKeyOf(back.value, 2))).toBe(toHex(row?.identityKey ?? vec('')));
    const share = toHex(back.value.share.use(scalarToBytes));
    expect(JSON.stringify(back.value)).not.toContain(share);
    wipeKeyshare(back.value);
    expect(back.value.share.wiped && back.value.chainCode.wiped).toBe(true);
  });

  it('any changed byte and any other length is refused with a reason', () => {
    for (let i = 0; i < bytes.length; i++) expect(decodeKeyshare(flip(bytes, i)).ok).toBe(false);
    for (const other of [
      bytes.subarray(1),
      bytes.subarray(0, -1),
      concat(bytes, Uint8Array.of(0)),
      new Uint8Array(0),
    ]) {
      expect(decodeKeyshare(other).ok).toBe(false);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (junk) => !decodeKeyshare(junk).ok));
  });
});

describe('certificates', () => {
  const setup = keygen.ceremony;
  const expectation = expectationOf(keygen);
  const certificate = () => keygen.certificate();

  it('verify from the roster alone, also after a trip through JSON', () => {
    const bytes = canonicalBytes(certificateToJson(certificate()));
    const json = parseCanonical(bytes);
    if (!json.ok) throw new Error(json.error);
    const back = read(readCertificate, json.value);
    if (!back.ok) throw new Error(back.error.message);
    expect(toHex(canonicalBytes(certificateToJson(back.value)))).toBe(toHex(bytes));
    const verified = verifyCertificate(back.value, { ...expectation, walletId: setup.config.walletId });
    expect(verified.ok && toHex(verified.value.epochId)).toBe(toHex(keygen.epoch().epochId));
    const all = [...keygen.outputs.values()].map((output) =>
      toHex(canonicalBytes(certificateToJson(output.certificate))),
    );
    expect(new Set(all).size).toBe(1);
  });

  it('are refused if anything in them is changed', () => {
    const good = certificate();
    const rows = good.config.parties;
    const changed: readonly (readonly [string, Certificate])[] = [
      ['POINTS', { ...good, commitments: [...good.commitments].reverse() }],
      ['POINTS', { ...good, commitments: good.commitments.slice(1) }],
      ['POINTS', { ...good, publicShares: [...good.publicShares].reverse() }],
      ['POINTS', { ...good, publicShares: good.publicShares.slice(1) }],
      ['POINTS', { ...good, sid: new Uint8Array(31) }],
      ['ACKNOWLEDGEMENT', { ...good, sid: vec('sid') }],
      ['ACKNOWLEDGEMENT', { ...good, chainCodeHash: vec('cc') }],
      ['ACKNOWLEDGEMENT', { ...good, acknowledgements: good.acknowledgements.slice(1) }],
      ['ACKNOWLEDGEMENT', { ...good, acknowledgements: [...good.acknowledgements].reverse() }],
      ['ACKNOWLEDGEMENT', { ...good, acknowledgements: good.acknowledgements.map((ack) => flip(ack, 200)) }],
      ['ACKNOWLEDGEMENT', { ...good, config: { ...good.config, walletId: vec('wallet') } }],
      ['ACKNOWLEDGEMENT', { ...good, config: { ...good.config, exportable: true } }],
      ['CONFIG', { ...good, config: { ...good.config, gen: 2 } }],
      ['CONFIG', { ...good, config: { ...good.config, parties: [...rows].reverse() } }],
      ['CONFIG', { ...good, config: { ...good.config, threshold: 1 } }],
      ['PARTIES', { ...good, config: { ...good.config, threshold: 3 } }],
      [
        'PARTIES',
        { ...good, config: { ...good.config, parties: rows.map((row) => ({ ...row, newIndex: 4 - row.newIndex })) } },
      ],
    ];
    for (const [code, value] of changed) {
      const verified = verifyCertificate(value, expectation);
      expect(verified.ok ? 'ok' : verified.error.code).toBe(code);
    }
    const foreign = verifyCertificate(good, { ...expectation, parties: expectationOf(imported).parties });
    expect(foreign.ok ? 'ok' : foreign.error.code).toBe('PARTIES');
    const wallet = verifyCertificate(good, { ...expectation, walletId: vec('wallet') });
    expect(wallet.ok ? 'ok' : wallet.error.code).toBe('WALLET');
  });

  it('of a reshare must carry on the key of its parent', () => {
    const good = refreshed.certificate();
    const childOf = (value: Certificate, parent: Epoch) => {
      const verified = verifyCertificate(value, { ...expectationOf(refreshed), parent });
      return verified.ok ? 'ok' : verified.error.code;
    };
    const { config } = good;
    expect(childOf(good, keygen.epoch())).toBe('ok');
    expect(childOf(good, new KeygenNetwork(ceremony(2, 3, 'keygen', 2)).run().epoch())).toBe('LINEAGE');
    expect(childOf(good, refreshed.epoch())).toBe('LINEAGE');
    for (const change of [
      { publicKey: config.publicKey.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) },
      { chainCodeHash: vec('cc') },
      { parentSharesHash: vec('hX') },
      { exportable: true },
      { walletId: vec('wallet') },
      { gen: 1 },
    ]) {
      expect(childOf({ ...good, config: { ...config, ...change } }, keygen.epoch())).not.toBe('ok');
    }
    // Without the parent at hand the configuration must still agree with the points.
    const other = { ...good, config: { ...config, chainCodeHash: vec('cc') } };
    const verified = verifyCertificate(other, expectationOf(refreshed));
    expect(verified.ok ? 'ok' : verified.error.code).toBe('POINTS');
  });
});

describe('a dealer that leaves', () => {
  const leaving = reshareCeremony({ from: keygen, dealers: [1, 2], holders: [1, 3], threshold: 2 });
  const run = new KeygenNetwork(leaving).run();
  const leaver = leaving.config.parties.findIndex(({ newIndex }) => newIndex === 0) + 1;

  it('records who is ACTIVE after the certificate, in whatever order it heard', () => {
    expect(leaver).toBeGreaterThan(0);
    const { sign } = signerOf(leaving, leaver);
    const machine = createActivation({ epoch: run.epoch(), pid: leaver, sign, verify });
    const heard = run.sent.filter(({ envelope, to }) => {
      return to === leaver && (envelope.type === DKG_ACK || envelope.type === DKG_ACTIVE);
    });
    const backwards = [...heard].sort((a, b) => b.envelope.type - a.envelope.type);
    expect(backwards.map(({ envelope }) => envelope.type)).toEqual([DKG_ACTIVE, DKG_ACTIVE, DKG_ACK, DKG_ACK]);
    const effects = [...machine.start(), ...backwards.flatMap(({ bytes }) => machine.deliver(bytes))];
    const records = effects.flatMap((effect) => (effect.kind === 'record' ? [effect.record] : []));
    expect(records.map(({ kind }) => kind)).toEqual(['certified', 'peer-active', 'peer-active']);
    for (const record of records.slice(1)) expect(record).toMatchObject({ epochId: run.epoch().epochId });
  });
});
