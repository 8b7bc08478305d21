import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signerFromSeed, verify } from '../../protocol/ceremony/ed25519.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import {
  ENVELOPE_OVERHEAD,
  encodeEnvelope,
  envelopeHash,
  parseEnvelope,
  verifyEnvelope,
} from '../../protocol/threshold/rounds/envelope.ts';
import { findEquivocations } from '../../protocol/threshold/rounds/equivocation.ts';
import { Inbox } from '../../protocol/threshold/rounds/inbox.ts';
import { flip, parsed } from './support/keygen-network.ts';
import { hexBytes, keygenVectors } from './support/keygen-vectors.ts';
import { vec } from './support/labels.ts';

const { cases, publicKey, seed } = keygenVectors.envelope;
const signer = signerFromSeed(hexBytes(seed));
const fields = { type: 0x10, round: 1, from: 2, to: 0, sid: vec('sid'), body: vec('body', 64) };

describe('envelopes (docs/protocol.md a.3.5)', () => {
  it('the key of the vectors', () => {
    expect(toHex(signer.publicKey)).toBe(publicKey);
  });

  for (const vector of cases) {
    it(`${vector.name}: same bytes, hash and signature`, () => {
      const envelope = parsed(hexBytes(vector.bytes));
      expect(toHex(envelope.eh)).toBe(vector.eh);
      expect(toHex(envelope.signature)).toBe(vector.sig);
      expect(verifyEnvelope(envelope, signer.publicKey, verify)).toBe(true);
      expect(toHex(encodeEnvelope(envelope, signer.sign))).toBe(vector.bytes);
      expect(toHex(envelopeHash(envelope))).toBe(vector.eh);
      expect(envelope.bytes.length).toBe(envelope.body.length + ENVELOPE_OVERHEAD);
    });
  }

  it('any changed byte is noticed, any cut or added byte too', () => {
    const bytes = encodeEnvelope(fields, signer.sign);
    for (let i = 0; i < bytes.length; i++) {
      const changed = parseEnvelope(flip(bytes, i));
      expect(changed !== undefined && verifyEnvelope(changed, signer.publicKey, verify)).toBe(false);
      expect(parseEnvelope(bytes.subarray(0, i))).toBeUndefined();
    }
    expect(parseEnvelope(concat(bytes, Uint8Array.of(0)))).toBeUndefined();
  });

  it('another version, another suite, sender 0 or a huge body is not parsed', () => {
    const bytes = encodeEnvelope(fields, signer.sign);
    for (const [at, value] of [
      [0, 1],
      [2, 2],
      [1, 1],
      [5, 0],
    ] as const) {
      const other = bytes.slice();
      other[at] = value;
      expect(parseEnvelope(other)).toBeUndefined();
    }
    expect(parseEnvelope(encodeEnvelope({ ...fields, body: new Uint8Array(65_537) }, signer.sign))).toBeUndefined();
  });

  it('does not throw on anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const envelope = parseEnvelope(bytes);
        expect(envelope !== undefined && verifyEnvelope(envelope, signer.publicKey, verify)).toBe(false);
      }),
    );
  });

  it('owns its bytes: a later change of the buffer does not reach it', () => {
    const bytes = encodeEnvelope(fields, signer.sign);
    const envelope = parsed(bytes);
    bytes.fill(0);
    expect(toHex(envelope.body)).toBe(toHex(fields.body));
    expect(verifyEnvelope(envelope, signer.publicKey, verify)).toBe(true);
  });
});

describe('inbox and equivocation', () => {
  const first = parsed(encodeEnvelope(fields, signer.sign));
  const second = parsed(encodeEnvelope({ ...fields, body: vec('other', 64) }, signer.sign));

  it('keeps the first, ignores the same, keeps a different one as evidence', () => {
    const inbox = new Inbox();
    expect([first, first, second, second].map((envelope) => inbox.put(envelope))).toEqual([
      'new',
      'duplicate',
      'equivocation',
      'equivocation',
    ]);
    expect(inbox.get(0x10, 1, 2)).toBe(first);
    expect(inbox.equivocations()).toEqual([{ from: 2, first, second }]);
    expect(inbox.collect(0x10, 1, [2])).toEqual([first]);
    expect(inbox.collect(0x10, 1, [2, 3])).toBeUndefined();
    inbox.wipe(0x10);
    expect(inbox.get(0x10, 1, 2)).toBeUndefined();
    expect(inbox.equivocations()).toEqual([]);
  });

  it('finds who signed two broadcasts in one place, and nobody else', () => {
    const again = parsed(encodeEnvelope({ ...fields, body: vec('other', 64) }, signer.sign));
    const elsewhere = encodeEnvelope({ ...fields, sid: vec('other sid') }, signer.sign);
    const direct = [1, 3].map((to) => encodeEnvelope({ ...fields, to, body: vec(`to ${to}`) }, signer.sign));
    const forged = encodeEnvelope({ ...fields, body: vec('forged') }, signerFromSeed(vec('stranger')).sign);
    const key = (from: number) => (from === 2 ? signer.publicKey : undefined);
    const one = [parsed(hexBytes(toHex(hexBytes(toHex(again.bytes))))).bytes];
    expect(findEquivocations([...one, elsewhere, ...direct, forged, new Uint8Array(9)], key, verify)).toEqual([]);
    const found = findEquivocations(
      [parsed(encodeEnvelope(fields, signer.sign)).bytes, forged, ...one, ...one],
      key,
      verify,
    );
    expect(found.map(({ from }) => from)).toEqual([2]);
  });
});
