import { describe, expect, it } from 'vitest';
import { ABORT_MESSAGE } from '../../protocol/threshold/keygen/messages.ts';
import { mod } from '../../protocol/threshold/math/scalar.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { createSign, type SignConfig } from '../../protocol/threshold/sign/machine.ts';
import { drawRound1 } from '../../protocol/threshold/sign/round-1.ts';
import { dealKey } from './support/dealer.ts';
import { vec } from './support/labels.ts';
import {
  hostOf,
  labelRandom,
  makeHosts,
  makeNode,
  onlyFor,
  SignNetwork,
  signConfig,
  summary,
} from './support/sign-network.ts';

const two = dealKey(2, 3, 'malicious/2-of-3');

describe('what the host decides', () => {
  it('a refusal right before round 2 or 3: nothing of that round leaves', () => {
    for (const round of [2, 3] as const) {
      const refuse = onlyFor(1, (config) => ({
        ...config,
        mayContinue: (asked) => (asked === round ? { reason: 'The proposal was withdrawn.' } : true),
      }));
      const network = SignNetwork.of(two, makeHosts(two), [1, 2], undefined, refuse).start().run();
      expect(summary(network, 1)).toEqual(['BENIGN', 'refused']);
      expect(network.outline(1)).not.toContain(`r${round}-sent`);
      expect(network.outline(2)).not.toContain('done');
    }
  });

  it('a ban by another session ends this one before round 2 and before round 3', () => {
    for (const round of [2, 3]) {
      const hosts = makeHosts(two);
      const network = SignNetwork.of(two, hosts, [1, 2], ({ from, bytes }) => {
        if (from === 2 && parseEnvelope(bytes)?.round === round - 1) hostOf(hosts, 1).banned.add(2);
        return [bytes];
      });
      network.start().run();
      expect(summary(network, 1)).toEqual(['BENIGN', 'ban']);
      expect(network.outline(1)).not.toContain(`r${round}-sent`);
      expect(network.outline(1)).not.toContain('ban');
    }
  });

  it('a burnt setup ends every session that holds it', () => {
    const hosts = makeHosts(two);
    const network = SignNetwork.of(two, hosts, [1, 2]).start();
    hostOf(hosts, 1).store.burn(two.epochId, 2);
    network.run();
    expect(summary(network, 1)).toEqual(['BENIGN', 'ban']);
    expect(network.nodes.get(1)?.machine.mayLeave(2)?.failure).toBe('BENIGN');
  });

  it('stop ends the session for good', () => {
    const network = SignNetwork.of(two, makeHosts(two), [1, 2]).start();
    network.nodes.get(1)?.machine.stop();
    network.run();
    expect(network.outline(1)).toEqual(['started', 'send', 'send']);
    expect(network.nodes.get(1)?.machine.start()).toEqual([]);
    expect(network.nodes.get(1)?.machine.accepts(vec('session/id'))).toBe(false);
  });

  it('an abort of a signer ends the session without a ban; of anybody else it is dropped', () => {
    for (const [from, expected] of [
      [2, ['BENIGN', 'ABORT']],
      [3, undefined],
    ] as const) {
      const network = SignNetwork.of(two, makeHosts(two), [1, 2]).start();
      const identity = two.identities.get(from);
      if (identity === undefined) throw new Error('no such party');
      const fields = { type: ABORT_MESSAGE, round: 0, from, to: 0, sid: vec('session/id'), body: Uint8Array.of(0) };
      const own = network.nodes.get(from)?.machine.abortMessage();
      const bytes = encodeEnvelope(fields, (message) => identity.sign(message));
      if (own !== undefined) expect(own).toEqual(bytes);
      network.deliver({ from, to: 1, bytes });
      expect(summary(network, 1)).toEqual(expected);
      expect(network.outline(1)).not.toContain('ban');
    }
  });

  it('choice bytes are overwritten once they are used', () => {
    const values = drawRound1(labelRandom('wiped'), [2]);
    const draws = { round1: () => values, round2: () => new Map([[2, 5n]]) };
    const made = makeNode(two, hostOf(makeHosts(two), 1), [1, 2], { change: (config) => ({ ...config, draws }) });
    expect(values.choices.get(2)?.some((byte) => byte !== 0)).toBe(true);
    made.machine.start();
    expect(values.choices.get(2)?.every((byte) => byte === 0)).toBe(true);
  });

  it('a key share wiped meanwhile ends the session', () => {
    const share = new Secret(two.shares.get(1) ?? 0n);
    const network = SignNetwork.of(
      two,
      makeHosts(two),
      [1, 2],
      undefined,
      onlyFor(1, (config) => ({ ...config, share })),
    );
    network.start();
    share.wipe();
    network.run();
    expect(summary(network, 1)).toEqual(['BENIGN', 'share']);
  });

  it('refuses before round 1: signer sets, bans, missing setups, keys', () => {
    const hosts = makeHosts(two);
    const code = (change: (config: SignConfig) => SignConfig): string => {
      const made = createSign(change(signConfig(two, hostOf(hosts, 1), [1, 2], {})));
      return made.ok ? 'made' : made.error.code;
    };
    expect(code((config) => config)).toBe('made');
    for (const signers of [[1], [1, 1], [2, 1], [1, 2, 3], [2, 3], [0, 1], [1, 300]]) {
      expect(code((config) => ({ ...config, signers }))).toBe('SIGN_SIGNER_SET');
    }
    expect(code((config) => ({ ...config, isBanned: (peer) => peer === 2 }))).toBe('SIGN_BANNED');
    expect(code((config) => ({ ...config, epochId: vec('another epoch') }))).toBe('SIGN_NO_PAIR_SETUP');
    expect(code((config) => ({ ...config, clock: { monotonic: () => 24 * 3_600_000 } }))).toBe('SIGN_NO_PAIR_SETUP');
    expect(code((config) => ({ ...config, digest: new Uint8Array(31) }))).toBe('SIGN_LENGTH');
    expect(code((config) => ({ ...config, publicKey: new Uint8Array(33) }))).toBe('SIGN_PUBLIC_KEY');
    expect(code((config) => ({ ...config, tau: mod(-two.secret) }))).toBe('SIGN_PUBLIC_KEY');
  });
});
