/** RESHARE and REMOVE (docs/protocol.md f.1, f.2, i.2, i.3 62-67): what changes, what stays, and who is caught. */
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { ackBody, makeCertificate, verifyCertificate } from '../../protocol/threshold/keygen/certificate.ts';
import { pidOfIndex } from '../../protocol/threshold/keygen/config.ts';
import { makeEpoch } from '../../protocol/threshold/keygen/epoch.ts';
import { createEpochRun } from '../../protocol/threshold/keygen/machine.ts';
import { lagrange } from '../../protocol/threshold/math/polynomial.ts';
import { mod } from '../../protocol/threshold/math/scalar.ts';
import { encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import {
  coefficientsOf,
  dealing,
  expectVerdict,
  honestSid,
  is,
  runCorrupt,
  subsets,
  verdict,
} from './support/keygen-attacks.ts';
import {
  ceremony,
  flip,
  holdersOf,
  indexOf,
  KeygenNetwork,
  patch,
  type ReshareOptions,
  reshareCeremony,
  runOptions,
  secretOf,
  signerOf,
} from './support/keygen-network.ts';
import { vec } from './support/labels.ts';

const two = new KeygenNetwork(ceremony(2, 3)).run();
const three = new KeygenNetwork(ceremony(3, 4, 'reshare/three')).run();
type Uses = Omit<ReshareOptions, 'label'>;

const uses: readonly (readonly [string, Uses])[] = [
  ['refresh', { from: two, dealers: [1, 2], holders: [1, 2, 3], threshold: 2 }],
  ['refresh under other indices (old 3 = new 1)', { from: two, dealers: [3, 1], holders: [3, 1, 2], threshold: 2 }],
  ['add a party', { from: two, dealers: [2, 3], holders: [1, 2, 3, 'new'], threshold: 2 }],
  ['remove a party that deals', { from: two, dealers: [1, 3], holders: [1, 2], threshold: 2 }],
  ['remove a party that does not', { from: two, dealers: [1, 2], holders: [1, 2], threshold: 2 }],
  ['replace a device', { from: two, dealers: [1, 3], holders: [1, 'device', 3], threshold: 2 }],
  ['replace everybody', { from: two, dealers: [1, 2], holders: ['a', 'b', 'c'], threshold: 2 }],
  ['raise the threshold', { from: two, dealers: [1, 2], holders: [1, 2, 3, 'new'], threshold: 4 }],
  ['lower the threshold', { from: three, dealers: [1, 3, 4], holders: [1, 2, 3, 4], threshold: 2 }],
  [
    'restore a share from a backup',
    { from: two, dealers: [1, 2], holders: [1, 'restored', 'new'], threshold: 2, restored: [[2, 'restored']] },
  ],
  ['recover a lost share', { from: three, dealers: [4, 2, 1], holders: [1, 2, 3, 4], threshold: 3 }],
];

describe.each(uses)('%s', (_, options) => {
  const { from, holders, threshold } = options;
  const setup = reshareCeremony({ ...options, label: 'uses' });
  const network = new KeygenNetwork(setup).run();
  const parent = from.epoch();
  const indices = holders.map((_, i) => i + 1);

  it('ends at every member, with one epoch', () => {
    expect([...network.aborts.values()]).toEqual([]);
    expect([...network.outputs.keys()].sort((a, b) => a - b)).toEqual(setup.pids);
    const ids = [...network.outputs.values()].map(({ epoch }) => toHex(epoch.epochId));
    expect(new Set(ids).size).toBe(1);
    expect(toHex(network.epoch().epochId)).not.toBe(toHex(parent.epochId));
    const parties = setup.config.parties.flatMap((row) =>
      row.newIndex > 0 ? [{ index: row.newIndex, identityKey: row.identityKey }] : [],
    );
    const verified = verifyCertificate(network.certificate(), { threshold, parties, verify, parent });
    expect(verified.ok).toBe(true);
  });

  it('keeps the key and the chain code, and gives everybody a new share of it', () => {
    const Q = toHex(parent.publicKey);
    expect(toHex(network.epoch().publicKey)).toBe(Q);
    const chainCode = from.keyshareAt(1).chainCode.use(toHex);
    for (const index of indices) expect(network.keyshareAt(index).chainCode.use(toHex)).toBe(chainCode);
    for (const quorum of subsets(indices, threshold)) {
      expect(toHex(curve.encode(curve.base(secretOf(network, quorum))))).toBe(Q);
    }
    const [few = []] = subsets(indices, threshold - 1);
    expect(toHex(curve.encode(curve.base(secretOf(network, few))))).not.toBe(Q);
  });

  it('makes shares that do not mix with the old ones', () => {
    const Q = toHex(parent.publicKey);
    const old = parent.publicShares.map((_, i) => i + 1);
    for (const quorum of subsets(indices, Math.max(threshold, parent.config.threshold))) {
      const [mixed = 0] = quorum;
      if (!old.includes(mixed)) continue;
      const secret = quorum.reduce((sum, index) => {
        const share = (index === mixed ? from : network).keyshareAt(index).share.use((value) => value);
        return mod(sum + lagrange(index, quorum) * share);
      }, 0n);
      expect(toHex(curve.encode(curve.base(secret)))).not.toBe(Q);
    }
  });

  it('asks who gets a share to store it, and who does not to wait for the certificate', () => {
    for (const pid of setup.pids) {
      const records = network.records.filter((entry) => entry.pid === pid).map(({ record }) => record.kind);
      const own = records.filter((kind) => kind !== 'peer-active');
      const isHolder = holdersOf(setup).includes(pid);
      expect(own).toEqual(isHolder ? ['prepared', 'active'] : ['certified']);
      expect(records.filter((kind) => kind === 'peer-active').length).toBe(indices.length - (isHolder ? 1 : 0));
      const said = network.sent.filter((entry) => entry.from === pid).map(({ envelope }) => envelope);
      const spoke = said.some(({ type, round }) => type === 0x12 || type === 0x13 || (type === 0x10 && round === 4));
      expect(spoke).toBe(isHolder);
      const got = network.sent.filter((entry) => entry.to === pid && entry.envelope.type === 0x11);
      const deals = setup.config.parties[pid - 1]?.dealer === true;
      expect(got.length).toBe(isHolder ? parent.config.threshold - (deals ? 1 : 0) : 0);
    }
  });
});

describe('a wallet over generations', () => {
  it('keeps its name and key; who left comes back as a newcomer', () => {
    let network = two;
    for (const [gen, dealers, holders] of [
      [2, [1, 2], [2, 1]],
      [5, [1, 2], [1, 2, 'third']],
      [6, [3, 1], [3, 1, 2]],
    ] as const) {
      network = new KeygenNetwork(
        reshareCeremony({ from: network, dealers, holders, threshold: 2, gen, label: `gen/${gen}` }),
      ).run();
      const { config, publicKey } = network.epoch();
      expect([config.gen, toHex(config.walletId), toHex(publicKey)]).toEqual([
        gen,
        toHex(two.epoch().config.walletId),
        toHex(two.epoch().publicKey),
      ]);
    }
    expect(secretOf(network, [1, 3])).toBe(secretOf(two, [1, 2]));
  });
});

describe('dealers that do not deal their share (64)', () => {
  const setup = reshareCeremony({ from: three, dealers: [1, 2, 4], holders: [1, 2, 'new'], threshold: 2 });
  const dealers = setup.pids.filter((pid) => setup.config.parties[pid - 1]?.dealer);
  const shifted = (pid: number, by: bigint) =>
    dealing(
      setup,
      coefficientsOf(setup, pid).map((value, k) => (k === 0 ? mod(value + by) : value)),
    );

  it.each(dealers.map((pid) => [pid]))('F1 names member %i', (pid) => {
    const honest = setup.pids.filter((other) => other !== pid);
    for (const by of [1n, -1n, 12345n]) {
      const network = runCorrupt(setup, pid, shifted(pid, by));
      expectVerdict(network, honest, { failure: 'BLAME', check: 'F1', culprits: [pid] });
    }
    const foreign = dealing(setup, [7n, 9n]);
    expectVerdict(runCorrupt(setup, pid, foreign), honest, { failure: 'BLAME', check: 'F1', culprits: [pid] });
  });

  it('F1 names both if the sum is right all the same', () => {
    const [first = 0, second = 0] = dealers;
    const plus = shifted(first, 99n);
    const minus = shifted(second, -99n);
    const network = runCorrupt(setup, [first, second], (fields, to, net) =>
      (fields.from === first ? plus : minus)(fields, to, net),
    );
    const honest = setup.pids.filter((pid) => pid !== first && pid !== second);
    expectVerdict(network, honest, { failure: 'BLAME', check: 'F1', culprits: [first, second].sort((a, b) => a - b) });
  });

  it('the right constant with another polynomial is fine: it is theirs to choose', () => {
    const [first = 0] = dealers;
    const [constant = 0n] = coefficientsOf(setup, first);
    const network = runCorrupt(setup, first, (fields, to, net) =>
      fields.round < 3 ? dealing(setup, [constant, 31n])(fields, to, net) : fields,
    );
    // Its own machine believes in another polynomial, so the run ends at its shares, not before.
    expect([...network.aborts.values()].map((abort) => abort.check)).not.toContain('F1');
  });
});

describe('dealers that disagree (66)', () => {
  it('on who deals never meet, and blame nobody', () => {
    const options = { from: two, holders: [1, 2, 3], threshold: 2 } as const;
    const one = new KeygenNetwork(reshareCeremony({ ...options, dealers: [1, 2] }));
    const other = new KeygenNetwork(reshareCeremony({ ...options, dealers: [1, 3] })).run();
    one.start();
    for (const pid of one.ceremony.pids) {
      for (const { bytes, to } of other.sent) if (to === pid) expect(one.machine(pid).deliver(bytes)).toEqual([]);
    }
    one.settle();
    expect(one.outputs.size).toBe(3);
  });
});

describe('a newcomer (67)', () => {
  const setup = reshareCeremony({ from: two, dealers: [1, 3], holders: [1, 2, 3, 'new'], threshold: 2 });
  const pid = pidOfIndex(setup.config, 4);
  const parent = two.epoch();
  const parties = parent.config.parties.map((row) => ({ index: row.newIndex, identityKey: row.identityKey }));

  it('is not shown another key by dealers that it happens to reach: one old holder has not signed for it', () => {
    const points = [curve.base(5n), curve.base(7n)];
    const forged = makeEpoch(parent.config, parent.sid, points, () => vec('another chain code'));
    if (forged === undefined) throw new Error('an epoch');
    const body = ackBody(forged);
    const envelope = (by: number, from: number) =>
      encodeEnvelope({ type: 0x12, round: 5, from, to: 0, sid: parent.sid, body }, signerOf(two.ceremony, by).sign);
    const byIndex = [1, 2, 3].map((index) => pidOfIndex(parent.config, index));
    const [first = 0, missing = 0, third = 0] = byIndex;
    for (const acknowledgements of [
      [envelope(first, first), envelope(first, missing), envelope(third, third)],
      [envelope(first, first), two.certificate().acknowledgements[1] ?? vec('none'), envelope(third, third)],
      [envelope(first, first), envelope(third, third)],
    ]) {
      const certificate = makeCertificate(forged, acknowledgements);
      const verified = verifyCertificate(certificate, { threshold: 2, parties, verify });
      expect(verified.ok ? 'ok' : verified.error.code).toBe('ACKNOWLEDGEMENT');
    }
    // And a run under the forged parent has another session id than the honest ones.
    expect(() => createEpochRun({ ...runOptions(setup, pid), parent: forged })).toThrow();
  });

  it('finds another chain code with K8, whoever else gets the right one', () => {
    for (const dealer of setup.pids.filter((member) => setup.dealt(member) !== undefined)) {
      const network = runCorrupt(setup, dealer, (fields, to) =>
        is(fields, 0x11, 3) && to === pid ? { ...fields, body: flip(fields.body, 70) } : fields,
      );
      expectVerdict(network, [pid], { failure: 'BLAME', check: 'K8', culprits: [dealer] });
      expect(network.aborts.get(pid)?.evidence).toEqual([]);
    }
  });

  it('finds another share with K7 and shows it to all', () => {
    const [dealer = 0] = setup.pids.filter((member) => setup.dealt(member) !== undefined);
    const network = runCorrupt(setup, dealer, (fields, to) =>
      is(fields, 0x11, 3) && to === pid ? { ...fields, body: flip(fields.body, 60) } : fields,
    );
    const honest = setup.pids.filter((member) => member !== dealer);
    expectVerdict(network, honest, { failure: 'BLAME', check: 'K7', culprits: [dealer] });
  });
});

describe('a dealer that leaves', () => {
  const setup = reshareCeremony({ from: two, dealers: [1, 3], holders: [2, 'new', 3], threshold: 2 });
  const leaving = setup.pids.find((pid) => indexOf(setup, pid) === 0) ?? 0;
  const staying = setup.pids.filter((pid) => pid !== leaving);

  /** The run up to the point where the leaving dealer has nothing more to say. */
  function watched(): KeygenNetwork {
    const network = new KeygenNetwork(setup);
    network.start();
    while (network.envelopes(0x10, 4, staying[0] ?? 0).length === 0) network.step();
    while (network.queue.some((entry) => entry.to === leaving && entry.bytes[4] === 3)) network.step();
    return network;
  }

  it('ends with the certificate, and keeps nothing secret', () => {
    const network = new KeygenNetwork(setup).run();
    expect(network.keyshares.has(leaving)).toBe(false);
    expect(network.outputs.get(leaving)?.certificate).toEqual(network.certificate());
  });

  it('takes the certificate from a peer as well, once', () => {
    const done = new KeygenNetwork(setup).run();
    const network = watched();
    const machine = network.machine(leaving);
    expect(machine.adopt(two.certificate())).toEqual([]);
    expect(machine.adopt(done.certificate()).map((effect) => effect.kind)).toEqual(['record', 'done']);
    expect(machine.adopt(done.certificate())).toEqual([]);
    expect(machine.abandon()).toEqual([]);
  });

  it('ends with an ABORT or a COMPLAINT of the others until there is a certificate, and not any more then', () => {
    const [other = 0] = staying;
    const abort = encodeEnvelope(
      { type: 0x40, round: 0, from: other, to: 0, sid: setup.sessionId, body: new Uint8Array(1) },
      signerOf(setup, other).sign,
    );
    const complaint = (network: KeygenNetwork) =>
      encodeEnvelope(
        { type: 0x15, round: 8, from: other, to: 0, sid: honestSid(network), body: vec('no envelope', 203) },
        signerOf(setup, other).sign,
      );
    for (const [kind, culprits] of [
      ['BENIGN', []],
      ['BLAME', [other]],
    ] as const) {
      const network = watched();
      const machine = network.machine(leaving);
      const effects = machine.deliver(kind === 'BENIGN' ? abort : complaint(network));
      const [ended] = effects;
      expect(ended?.kind === 'abort' && [ended.abort.failure, ended.abort.culprits]).toEqual([kind, culprits]);
      expect(machine.accepts(setup.sessionId)).toBe(false);
    }
    const late = new KeygenNetwork(setup).run();
    expect(late.machine(leaving).deliver(abort)).toEqual([]);
    expect(late.machine(leaving).deliver(complaint(late))).toEqual([]);
  });

  it('confirms and acknowledges nothing, whatever it signs', () => {
    const network = new KeygenNetwork(setup);
    network.start();
    while (network.envelopes(0x10, 4, staying[0] ?? 0).length === 0) network.step();
    const sid = honestSid(network);
    const { sign } = signerOf(setup, leaving);
    for (const [type, round, length] of [
      [0x10, 4, 97],
      [0x10, 4, 96],
      [0x12, 5, 132],
      [0x13, 6, 36],
      [0x14, 7, 36],
    ] as const) {
      const body = new Uint8Array(length);
      const bytes = encodeEnvelope({ type, round, from: leaving, to: 0, sid, body }, sign);
      for (const pid of staying) expect(network.machine(pid).deliver(bytes)).toEqual([]);
    }
    // Nor is there a share for it, or one from who does not deal.
    const [dealer = 0] = staying.filter((pid) => setup.dealt(pid) !== undefined);
    const [idle = 0] = staying.filter((pid) => setup.dealt(pid) === undefined);
    for (const [from, to] of [
      [dealer, leaving],
      [idle, dealer],
    ] as const) {
      const fields = { type: 0x11, round: 3, from, to, sid, body: new Uint8Array(95) };
      expect(network.machine(to).deliver(encodeEnvelope(fields, signerOf(setup, from).sign))).toEqual([]);
    }
    network.settle();
    expect(network.outputs.size).toBe(setup.pids.length);
  });
});

describe('secrets of a dealer', () => {
  const setup = reshareCeremony({ from: two, dealers: [1, 3], holders: [1, 2, 3], threshold: 2 });
  const pid = setup.pids.find((member) => setup.dealt(member) !== undefined) ?? 0;

  it('are gone when round 1 is made, and when the run never starts', () => {
    for (const end of ['start', 'stop'] as const) {
      const options = runOptions(setup, pid);
      const machine = createEpochRun(options);
      expect(options.dealt?.secret.wiped).toBe(false);
      machine[end]();
      expect([options.dealt?.secret.wiped, options.dealt?.chainCode.wiped]).toEqual([true, true]);
      expect(two.keyshareAt(1).share.wiped).toBe(false);
    }
  });

  it('never appear in the open', () => {
    const network = new KeygenNetwork(setup).run();
    const open = network.sent.filter(({ envelope }) => envelope.type !== 0x11).map(({ bytes }) => toHex(bytes));
    const chainCode = two.keyshareAt(1).chainCode.use(toHex);
    expect(open.filter((message) => message.includes(chainCode))).toEqual([]);
    const p2p = network.sent.filter(({ envelope }) => envelope.type === 0x11).map(({ bytes }) => toHex(bytes));
    expect(p2p.length).toBe(4);
    expect(p2p.every((message) => message.includes(chainCode))).toBe(true);
  });
});

describe('a member that does not deal', () => {
  const setup = reshareCeremony({ from: two, dealers: [1, 3], holders: [1, 2, 3], threshold: 2 });
  const idle = setup.pids.find((pid) => setup.dealt(pid) === undefined) ?? 0;
  const honest = setup.pids.filter((pid) => pid !== idle);

  it('commits to nothing (K1)', () => {
    const network = runCorrupt(setup, idle, (fields, _, net) => {
      if (is(fields, 0x10, 1)) return { ...fields, body: flip(fields.body, 40) };
      return is(fields, 0x10, 2) ? { ...fields, body: honestSid(net) } : fields;
    });
    expectVerdict(network, honest, { failure: 'BLAME', check: 'K1', culprits: [idle] });
  });

  it('sends no share and no opening', () => {
    const [victim = 0] = honest;
    const network = runCorrupt(setup, idle, (fields, to, net) => {
      if (!is(fields, 0x10, 3)) return fields;
      const share = net.envelopes(0x11, 3, victim)[0]?.body ?? new Uint8Array(96);
      const extra = { ...fields, type: 0x11, to, body: patch(share, 0, vec('bh')) };
      return [extra, fields];
    });
    expect(network.outputs.size).toBe(3);
    const opened = runCorrupt(setup, idle, (fields) =>
      is(fields, 0x10, 2) ? { ...fields, body: vec('opening', 96 + 98 * 2) } : fields,
    );
    expect(verdict(opened, victim)).toEqual({ failure: 'BLAME', check: 'K3', culprits: [idle] });
  });
});
