/** What an auditor recomputes of a KEYGEN from the broadcasts alone. */
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { type KeygenBroadcasts, verifyKeygenBroadcasts } from '../../protocol/threshold/keygen/public-check.ts';
import { type EnvelopeFields, encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { ceremony, flip, KeygenNetwork, signerOf } from './support/keygen-network.ts';
import { vec } from './support/labels.ts';

const setup = ceremony(2, 3);
const network = new KeygenNetwork(setup).run();
const epoch = network.outputs.get(1)?.epoch;
if (epoch === undefined) throw new Error('no epoch');

/** One copy of each broadcast, as a transcript keeps them. */
const broadcasts = [
  ...new Map(
    network.sent.filter(({ envelope }) => envelope.to === 0).map((entry) => [toHex(entry.bytes), entry]),
  ).values(),
];

const input = (changes: Partial<KeygenBroadcasts> = {}): KeygenBroadcasts => ({
  sessionId: setup.sessionId,
  config: setup.config,
  chainCodeHash: epoch.chainCodeHash,
  envelopes: broadcasts.map(({ bytes }) => bytes),
  verify,
  ...changes,
});

/** The broadcasts with one message replaced, signed again by its sender. */
function replaced(
  type: number,
  round: number,
  from: number,
  change: (fields: EnvelopeFields) => EnvelopeFields | undefined,
): KeygenBroadcasts {
  const envelopes = broadcasts.flatMap(({ envelope, bytes, from: index }) => {
    if (envelope.type !== type || envelope.round !== round || index !== from) return [bytes];
    const fields = change(envelope);
    return fields === undefined ? [] : [encodeEnvelope(fields, signerOf(setup, index).sign)];
  });
  return input({ envelopes });
}

function problem(broken: KeygenBroadcasts): unknown {
  const result = verifyKeygenBroadcasts(broken);
  if (result.ok) return 'ok';
  const { code, check, parties } = result.error;
  return check === undefined ? [code, ...parties] : [code, check, ...parties];
}

const flipped = (at: number) => (fields: EnvelopeFields) => ({ ...fields, body: flip(fields.body, at) });

describe('the public check of a KEYGEN', () => {
  it('gives epoch and certificate, in any order and with copies', () => {
    const { envelopes } = input();
    for (const order of [envelopes, [...envelopes].reverse(), [...envelopes, ...envelopes]]) {
      const result = verifyKeygenBroadcasts(input({ envelopes: order }));
      if (!result.ok) throw new Error(result.error.message);
      expect(toHex(result.value.epoch.epochId)).toBe(toHex(epoch.epochId));
      expect(toHex(result.value.sid)).toBe(toHex(epoch.sid));
      expect(result.value.certificate).toEqual(network.outputs.get(2)?.certificate);
    }
  });

  it('names the check and the party for whatever is wrong', () => {
    expect(problem(replaced(0x10, 1, 2, flipped(0)))).toEqual(['CHECK', 'K2']);
    expect(problem(replaced(0x10, 2, 2, flipped(0)))).toEqual(['CHECK', 'K2']);
    expect(
      problem(
        replaced(0x10, 2, 2, (fields) => ({ ...fields, body: fields.body.map((byte, i) => (i === 32 ? 4 : byte)) })),
      ),
    ).toEqual(['CHECK', 'K3', 2]);
    expect(problem(replaced(0x10, 2, 3, flipped(100)))).toEqual(['CHECK', 'K4', 3]);
    expect(problem(replaced(0x10, 2, 3, flipped(290)))).toEqual(['CHECK', 'K5', 3]);
    expect(problem(replaced(0x10, 3, 1, flipped(5)))).toEqual(['CHECK', 'K6']);
    expect(problem(replaced(0x10, 4, 1, flipped(5)))).toEqual(['CHECK', 'K9', 1]);
    expect(problem(replaced(0x10, 4, 1, flipped(96)))).toEqual(['CHECK', 'K10', 1]);
    expect(problem(replaced(0x12, 5, 3, flipped(100)))).toEqual(['ACKNOWLEDGEMENT', 3]);
    expect(problem(input({ chainCodeHash: vec('other') }))).toEqual(['CHECK', 'K9', 1, 2, 3]);
  });

  it('misses what is missing', () => {
    for (const [type, round] of [
      [0x10, 1],
      [0x10, 2],
      [0x10, 3],
      [0x10, 4],
      [0x12, 5],
    ] as const) {
      expect(problem(replaced(type, round, 2, () => undefined))).toEqual(['MISSING', 2]);
    }
    expect(verifyKeygenBroadcasts(replaced(0x13, 6, 2, () => undefined)).ok).toBe(true);
  });

  it('refuses what does not belong: equivocation, foreign session, wrong signature, wrong place', () => {
    const { envelopes } = input();
    const first = broadcasts[0];
    if (first === undefined) throw new Error('no broadcast');
    const { sign } = signerOf(setup, first.from);
    const extra = (fields: Partial<EnvelopeFields>) =>
      problem(input({ envelopes: [...envelopes, encodeEnvelope({ ...first.envelope, ...fields }, sign)] }));
    expect(extra({ body: flip(first.envelope.body, 0) })).toEqual(['EQUIVOCATION', first.from]);
    expect(extra({ sid: vec('session') })).toEqual(['ENVELOPE']);
    expect(extra({ type: 0x13, round: 6, sid: vec('session'), body: new Uint8Array(36) })).toEqual(['ENVELOPE']);
    expect(extra({ type: 0x14, round: 7, sid: vec('session'), body: new Uint8Array(36) })).toEqual(['ENVELOPE']);
    expect(extra({ body: new Uint8Array(63) })).toEqual(['ENVELOPE', first.from]);
    expect(extra({ to: 2 })).toEqual(['ENVELOPE', first.from]);
    expect(extra({ type: 0x30 })).toEqual(['ENVELOPE', first.from]);
    expect(extra({ from: 9 })).toEqual(['ENVELOPE']);
    expect(problem(input({ envelopes: [...envelopes, vec('junk', 200)] }))).toEqual(['ENVELOPE']);
    expect(problem(input({ envelopes: envelopes.map((bytes) => flip(bytes, bytes.length - 1)) }))).toEqual([
      'ENVELOPE',
    ]);
    expect(problem(input({ sessionId: vec('session') }))).toEqual(['ENVELOPE']);
    expect(problem(input({ config: { ...setup.config, threshold: 4 } }))).toEqual(['CONFIG']);
    expect(problem(input({ config: { ...setup.config, walletId: vec('wallet') } }))).toEqual(['CHECK', 'K9', 1, 2, 3]);
  });
});
