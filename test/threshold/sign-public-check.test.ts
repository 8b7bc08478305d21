import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { type SignBroadcasts, verifySignBroadcasts } from '../../protocol/threshold/sign/public-check.ts';
import { dealKey } from './support/dealer.ts';
import { vec } from './support/labels.ts';
import {
  type Change,
  flip,
  type Kind,
  LAYOUTS,
  lengthen,
  orderBytes,
  set,
  shift,
  shorten,
} from './support/sign-fields.ts';
import { makeHosts, SignNetwork } from './support/sign-network.ts';

const key = dealKey(2, 3, 'auditor');
const signers = [1, 3];
const output = SignNetwork.of(key, makeHosts(key), signers).start().run().outputOf(1);
const broadcasts = output?.broadcasts ?? [];

function input(change: Partial<SignBroadcasts> = {}): SignBroadcasts {
  return {
    sessionId: vec('session/id'),
    signers,
    childKey: key.publicKey,
    digest: vec('session/m'),
    identityKey: (index) => key.identities.get(index)?.publicKey,
    verify,
    broadcasts,
    ...change,
  };
}

/** All broadcasts, the one of party 3 in this round changed and signed again. */
function changed(kind: Kind, change: Change): readonly Uint8Array[] {
  const identity = key.identities.get(3);
  return broadcasts.map((bytes) => {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || identity === undefined) throw new Error('not an envelope');
    if (envelope.from !== 3 || envelope.round !== LAYOUTS[kind].round) return bytes;
    return encodeEnvelope({ ...envelope, body: change(envelope.body) }, (message) => identity.sign(message));
  });
}

describe('an auditor re-walks the broadcasts of a signature', () => {
  it('finds the signature, in whatever order they come, also with copies', () => {
    const found = { ok: true, value: output?.signature };
    expect(verifySignBroadcasts(input())).toEqual(found);
    expect(verifySignBroadcasts(input({ broadcasts: [...broadcasts, ...broadcasts].reverse() }))).toEqual(found);
  });

  it.each([
    ['commit', flip('commit', 'nonce'), { problem: 'echo', round: 2, party: 1 }],
    ['commit', flip('commit', 'com'), { problem: 'echo', round: 2, party: 1 }],
    ['commit', shorten, { problem: 'malformed', round: 1, party: 3 }],
    ['open', flip('open', 'echo'), { problem: 'echo', round: 2, party: 3 }],
    ['open', flip('open', 'blind'), { problem: 'commitment', round: 2, party: 3 }],
    ['open', shift('open', 'noncePoint'), { problem: 'commitment', round: 2, party: 3 }],
    ['open', set('open', 'noncePoint', new Uint8Array(33)), { problem: 'malformed', round: 2, party: 3 }],
    ['open', shift('open', 'keyPoint'), { problem: 'key-sum', round: 2 }],
    ['open', lengthen, { problem: 'malformed', round: 2, party: 3 }],
    ['share', flip('share', 'u'), { problem: 'signature', round: 3 }],
    ['share', flip('share', 'w'), { problem: 'signature', round: 3 }],
    ['share', set('share', 'u', orderBytes()), { problem: 'malformed', round: 3, party: 3 }],
    ['share', shorten, { problem: 'malformed', round: 3, party: 3 }],
  ] as const)('%s changed: named (case %#)', (kind, change, error) => {
    expect(verifySignBroadcasts(input({ broadcasts: changed(kind, change) }))).toEqual({ ok: false, error });
  });

  it('names what is missing, foreign or said twice', () => {
    for (const [i, bytes] of broadcasts.entries()) {
      const { round, from } = parseEnvelope(bytes) ?? {};
      const without = broadcasts.filter((_, other) => other !== i);
      expect(verifySignBroadcasts(input({ broadcasts: without }))).toEqual({
        ok: false,
        error: { problem: 'missing', round, party: from },
      });
    }
    const twice = [...broadcasts, ...changed('open', flip('open', 'blind'))];
    expect(verifySignBroadcasts(input({ broadcasts: twice }))).toMatchObject({
      error: { problem: 'equivocation', party: 3 },
    });
    for (const change of [
      { sessionId: vec('another') },
      { identityKey: () => undefined },
      { broadcasts: [...broadcasts, new Uint8Array(107)] },
    ]) {
      expect(verifySignBroadcasts(input(change))).toEqual({ ok: false, error: { problem: 'foreign' } });
    }
  });

  it('refuses another key or digest, and input that is none', () => {
    const other = curve.encode(curve.base(7n));
    expect(verifySignBroadcasts(input({ childKey: other }))).toMatchObject({ error: { problem: 'key-sum' } });
    expect(verifySignBroadcasts(input({ digest: vec('?') }))).toMatchObject({ error: { problem: 'signature' } });
    for (const change of [
      { childKey: new Uint8Array(33) },
      { digest: vec('?', 31) },
      { signers: [3, 1] },
      { signers: [1] },
    ]) {
      expect(verifySignBroadcasts(input(change))).toEqual({ ok: false, error: { problem: 'input' } });
    }
  });
});
