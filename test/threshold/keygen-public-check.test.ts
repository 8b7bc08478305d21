/** What an auditor recomputes of a run from the broadcasts and the parent's certificate alone. */
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { deriveSid } from '../../protocol/threshold/keygen/checks.ts';
import { dealerPids, makeFrame } from '../../protocol/threshold/keygen/config.ts';
import { type KeygenBroadcasts, verifyKeygenBroadcasts } from '../../protocol/threshold/keygen/public-check.ts';
import { type EnvelopeFields, encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { parentSharesHash } from '../../protocol/threshold/session-id.ts';
import { round2Layout } from './support/keygen-attacks.ts';
import {
  ceremony,
  flip,
  holdersOf,
  importCeremony,
  indexOf,
  KeygenNetwork,
  patch,
  reshareCeremony,
  signerOf,
} from './support/keygen-network.ts';
import { vec } from './support/labels.ts';

const keygen = new KeygenNetwork(ceremony(2, 3)).run();
const reshareOptions = { from: keygen, dealers: [1, 3], threshold: 2 };
const runs: readonly KeygenNetwork[] = [
  keygen,
  new KeygenNetwork(reshareCeremony({ ...reshareOptions, holders: [3, 'new', 1, 2] })).run(),
  new KeygenNetwork(reshareCeremony({ ...reshareOptions, holders: [3, 'new', 2], threshold: 3 })).run(),
  new KeygenNetwork(importCeremony(2, 2, true)).run(),
];

type Sent = KeygenNetwork['sent'][number];

/** One copy of each broadcast, as a transcript keeps them. */
function broadcastsOf(network: KeygenNetwork): readonly Sent[] {
  const public_ = network.sent.filter(({ envelope }) => envelope.to === 0 && envelope.type !== 0x15);
  return [...new Map(public_.map((entry) => [toHex(entry.bytes), entry])).values()];
}

function inputOf(network: KeygenNetwork, changes: Partial<KeygenBroadcasts> = {}): KeygenBroadcasts {
  const { config, parent, sessionId } = network.ceremony;
  return {
    sessionId,
    config,
    ...(parent === undefined ? {} : { parent }),
    chainCodeHash: network.epoch().chainCodeHash,
    envelopes: broadcastsOf(network).map(({ bytes }) => bytes),
    verify,
    ...changes,
  };
}

/** The broadcasts with one message replaced, signed again by its sender. */
function replacedIn(
  network: KeygenNetwork,
  type: number,
  round: number,
  from: number,
  change: (fields: EnvelopeFields) => EnvelopeFields | undefined,
): KeygenBroadcasts {
  const envelopes = broadcastsOf(network).flatMap(({ envelope, bytes, from: pid }) => {
    if (envelope.type !== type || envelope.round !== round || pid !== from) return [bytes];
    const fields = change(envelope);
    return fields === undefined ? [] : [encodeEnvelope(fields, signerOf(network.ceremony, pid).sign)];
  });
  return inputOf(network, { envelopes });
}

function problem(broken: KeygenBroadcasts): unknown {
  const result = verifyKeygenBroadcasts(broken);
  if (result.ok) return 'ok';
  const { code, check, members } = result.error;
  return check === undefined ? [code, ...members] : [code, check, ...members];
}

const flipped = (at: number) => (fields: EnvelopeFields) => ({ ...fields, body: flip(fields.body, at) });

describe.each(runs.map((network) => [network.ceremony.name, network] as const))(
  'the public check of %s',
  (_, network) => {
    const setup = network.ceremony;
    const epoch = network.epoch();
    const input = (changes: Partial<KeygenBroadcasts> = {}) => inputOf(network, changes);
    const replaced = (type: number, round: number, from: number, change: Parameters<typeof replacedIn>[4]) =>
      replacedIn(network, type, round, from, change);
    const isNew = setup.config.purpose === 'KEYGEN';
    const dealer = dealerPids(setup.config).at(-1) ?? 0;
    const idle = setup.pids.find((pid) => !dealerPids(setup.config).includes(pid));
    const holder = holdersOf(setup).at(0) ?? 0;
    const leaving = setup.pids.find((pid) => !holdersOf(setup).includes(pid));
    const layout = round2Layout(setup.threshold);
    const holders = [...holdersOf(setup)].sort((a, b) => indexOf(setup, a) - indexOf(setup, b));

    it('gives epoch and certificate, in any order and with copies', () => {
      const { envelopes } = input();
      for (const order of [envelopes, [...envelopes].reverse(), [...envelopes, ...envelopes]]) {
        const result = verifyKeygenBroadcasts(input({ envelopes: order }));
        if (!result.ok) throw new Error(result.error.message);
        expect(toHex(result.value.epoch.epochId)).toBe(toHex(epoch.epochId));
        expect(toHex(result.value.sid)).toBe(toHex(epoch.sid));
        expect(result.value.certificate).toEqual(network.certificate());
      }
    });

    it('names the check and the member for whatever is wrong', () => {
      const prefix = (fields: EnvelopeFields) => ({
        ...fields,
        body: fields.body.map((byte, i) => (i === 32 ? 4 : byte)),
      });
      for (const pid of setup.pids) {
        expect(problem(replaced(0x10, 1, pid, flipped(0)))).toEqual(['CHECK', 'K2']);
        expect(problem(replaced(0x10, 2, pid, flipped(0)))).toEqual(['CHECK', 'K2']);
        expect(problem(replaced(0x10, 3, pid, flipped(5)))).toEqual(['CHECK', 'K6']);
      }
      expect(problem(replaced(0x10, 2, dealer, prefix))).toEqual(['CHECK', 'K3', dealer]);
      expect(problem(replaced(0x10, 2, dealer, flipped(layout.chainCodeHash)))).toEqual([
        'CHECK',
        isNew ? 'K4' : 'K3',
        dealer,
      ]);
      expect(problem(replaced(0x10, 2, dealer, flipped(layout.blind)))).toEqual(['CHECK', 'K4', dealer]);
      expect(problem(replaced(0x10, 2, dealer, flipped(layout.proof(1) + 64)))).toEqual(['CHECK', 'K5', dealer]);
      expect(problem(replaced(0x10, 4, holder, flipped(5)))).toEqual(['CHECK', 'K9', holder]);
      expect(problem(replaced(0x10, 4, holder, flipped(96)))).toEqual(['CHECK', 'K10', holder]);
      expect(problem(replaced(0x12, 5, holder, flipped(100)))).toEqual(['ACKNOWLEDGEMENT', holder]);
      const otherChainCode = isNew ? ['CHECK', 'K9', ...holders] : ['CONFIG'];
      expect(problem(input({ chainCodeHash: vec('other') }))).toEqual(otherChainCode);
    });

    it('misses what is missing', () => {
      for (const [type, round, senders] of [
        [0x10, 1, setup.pids],
        [0x10, 2, setup.pids],
        [0x10, 3, setup.pids],
        [0x10, 4, holdersOf(setup)],
        [0x12, 5, holdersOf(setup)],
      ] as const) {
        for (const pid of senders)
          expect(problem(replaced(type, round, pid, () => undefined))).toEqual(['MISSING', pid]);
      }
      expect(verifyKeygenBroadcasts(replaced(0x13, 6, holder, () => undefined)).ok).toBe(true);
    });

    it('refuses what does not belong: equivocation, foreign session, wrong signature, wrong place', () => {
      const { envelopes } = input();
      const first = broadcastsOf(network)[0];
      if (first === undefined) throw new Error('no broadcast');
      const add = (from: Sent, fields: Partial<EnvelopeFields>) => {
        const { sign } = signerOf(setup, from.from);
        return problem(input({ envelopes: [...envelopes, encodeEnvelope({ ...from.envelope, ...fields }, sign)] }));
      };
      const extra = (fields: Partial<EnvelopeFields>) => add(first, fields);
      expect(extra({ body: flip(first.envelope.body, 0) })).toEqual(['EQUIVOCATION', first.from]);
      expect(extra({ sid: vec('session') })).toEqual(['ENVELOPE']);
      expect(extra({ body: new Uint8Array(63) })).toEqual(['ENVELOPE', first.from]);
      expect(extra({ to: 2 })).toEqual(['ENVELOPE', first.from]);
      expect(extra({ type: 0x30 })).toEqual(['ENVELOPE', first.from]);
      expect(extra({ type: 0x15, round: 8, body: new Uint8Array(203) })).toEqual(['ENVELOPE', first.from]);
      expect(extra({ from: 9 })).toEqual(['ENVELOPE']);
      for (const sent of broadcastsOf(network).filter(({ envelope }) => envelope.type === 0x13)) {
        expect(add(sent, { sid: vec('session') })).toEqual(['ENVELOPE']);
        expect(add(sent, { type: 0x14, round: 7, sid: vec('session') })).toEqual(['ENVELOPE']);
      }
      // Who holds no share confirms and acknowledges nothing.
      for (const sent of broadcastsOf(network).filter(
        ({ from, envelope }) => from === leaving && envelope.round === 3,
      )) {
        expect(add(sent, { round: 4, body: new Uint8Array(97) })).toEqual(['ENVELOPE', leaving]);
        expect(add(sent, { type: 0x12, round: 5, body: new Uint8Array(132) })).toEqual(['ENVELOPE', leaving]);
      }
      expect(problem(input({ envelopes: [...envelopes, vec('junk', 200)] }))).toEqual(['ENVELOPE']);
      expect(problem(input({ envelopes: envelopes.map((bytes) => flip(bytes, bytes.length - 1)) }))).toEqual([
        'ENVELOPE',
      ]);
      expect(problem(input({ sessionId: vec('session') }))).toEqual(['ENVELOPE']);
      expect(problem(input({ config: { ...setup.config, threshold: 5 } }))).toEqual(['CONFIG']);
    });

    it('a member that does not deal commits to nothing', () => {
      if (idle === undefined) return expect(isNew).toBe(true);
      const messages = broadcastsOf(network).map(({ envelope }) => envelope);
      const round1 = messages.filter((envelope) => envelope.type === 0x10 && envelope.round === 1);
      const changed = round1.map((envelope) =>
        envelope.from === idle ? { ...envelope, body: flip(envelope.body, 40) } : envelope,
      );
      const sid = deriveSid(makeFrame(setup.sessionId, setup.config), changed);
      if (sid === undefined) throw new Error('no sid');
      const envelopes = [
        ...changed,
        ...messages.filter((envelope) => envelope.type === 0x10 && envelope.round === 2),
      ].map((envelope) => {
        const body = envelope.round === 2 ? patch(envelope.body, 0, sid) : envelope.body;
        return encodeEnvelope({ ...envelope, body }, signerOf(setup, envelope.from).sign);
      });
      return expect(problem(input({ envelopes }))).toEqual(['CHECK', 'K1', idle]);
    });
  },
);

describe('the public check of a reshare', () => {
  const [, reshared] = runs;
  if (reshared === undefined) throw new Error('no reshare');
  const { config, parent } = reshared.ceremony;

  it('needs the parent of this configuration', () => {
    const { parent: _parent, ...orphan } = inputOf(reshared);
    expect(problem(orphan)).toEqual(['CONFIG']);
    const other = new KeygenNetwork(ceremony(2, 3, 'keygen', 2)).run().epoch();
    expect(problem(inputOf(reshared, { parent: other }))).toEqual(['CONFIG']);
    expect(problem(inputOf(reshared, { parent: reshared.epoch() }))).toEqual(['CONFIG']);
    expect(problem(inputOf(reshared, { config: { ...config, gen: 1 } }))).toEqual(['CONFIG']);
    expect(problem(inputOf(keygen, { parent: reshared.epoch() }))).toEqual(['CONFIG']);
    // A generation that the parties did not acknowledge: every confirmation is of another result.
    expect(problem(inputOf(reshared, { config: { ...config, gen: 3 } }))).toEqual(expect.arrayContaining(['K9']));
  });

  it('finds with F1 the dealer whose constant is not its share of the key', () => {
    if (parent === undefined) throw new Error('no parent');
    for (const pid of dealerPids(config)) {
      const old = config.parties[pid - 1]?.oldIndex ?? 0;
      const publicShares = parent.publicShares.map((share, i) =>
        i === old - 1 ? (parent.publicShares[old % 3] ?? share) : share,
      );
      // The same run under a parent in which this dealer had another share; its ids follow from that parent.
      const strange = { ...parent, publicShares };
      const forged = { ...config, parentSharesHash: parentSharesHash(publicShares) };
      expect(problem(inputOf(reshared, { parent: strange, config: forged }))).toEqual(['CHECK', 'F1', pid]);
    }
  });
});
