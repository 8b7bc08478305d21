import { describe, expect, it } from 'vitest';
import { concat } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { bitMask, wordsOf, writeWords } from '../../protocol/threshold/math/bits.ts';
import { hashRow, hashRows } from '../../protocol/threshold/math/gf128.ts';
import { ORDER, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { checkKey, expandBoth } from '../../protocol/threshold/multiply/extension.ts';
import { extend } from '../../protocol/threshold/multiply/receiver.ts';
import {
  encodeEnvelope,
  envelopeHash,
  type ParsedEnvelope,
  parseEnvelope,
} from '../../protocol/threshold/rounds/envelope.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { combineNonce, combineShares, nonceCoordinate } from '../../protocol/threshold/sign/combine.ts';
import { SIGN, SIGN_PAIR, writeCommit, writeOte } from '../../protocol/threshold/sign/messages.ts';
import { drawRound1, round1 } from '../../protocol/threshold/sign/round-1.ts';
import { drawRound2, round2 } from '../../protocol/threshold/sign/round-2.ts';
import { extensionId, type SignSession } from '../../protocol/threshold/sign/session.ts';
import { type DealtKey, dealKey, dealPair } from './support/dealer.ts';
import { vec, vscalar } from './support/labels.ts';
import { flip, set, shift } from './support/sign-fields.ts';
import {
  corrupt,
  dealInto,
  hostOf,
  type Intercept,
  labelRandom,
  makeHosts,
  makeNode,
  onlyFor,
  SignNetwork,
  summary,
} from './support/sign-network.ts';

const two = dealKey(2, 3, 'malicious/2-of-3');
const three = dealKey(3, 4, 'malicious/3-of-4');

describe('inputs that do not fit', () => {
  it('a wrong key share with a matching multiplication: S6, CHEAT of two, GROUP of three', () => {
    const wrong = onlyFor(2, (config) => ({ ...config, share: new Secret(vscalar('wrong share')) }));
    const pair = SignNetwork.of(two, makeHosts(two), [1, 2], undefined, wrong).start().run();
    expect(summary(pair, 1)).toEqual(['CHEAT', 'S6', 2]);
    expect(pair.outline(1).slice(-2)).toEqual(['ban', 'abort']);
    const trio = SignNetwork.of(three, makeHosts(three), [1, 2, 4], undefined, wrong).start().run();
    for (const index of [1, 4]) {
      expect(summary(trio, index)).toEqual(['GROUP', 'S6']);
      expect(trio.outline(index)).not.toContain('ban');
      expect(trio.outline(index)).not.toContain('r3-sent');
    }
  });

  it('column 0 shifted consistently, after an honest commitment: S4', () => {
    const hosts = makeHosts(two);
    const victim = makeNode(two, hostOf(hosts, 1), [1, 2], {});
    const network = new SignNetwork(hosts, [victim]).start();
    const received = victim.log.flatMap((effect) => {
      const envelope = effect.kind === 'send' ? parseEnvelope(effect.envelope) : undefined;
      return envelope === undefined ? [] : [envelope];
    });
    const of = (type: number): Map<number, ParsedEnvelope> =>
      new Map(received.filter((one) => one.type === type).map((one) => [1, one]));

    // Party 2 runs the honest rounds, but multiplies with r + 1 instead of the r it committed to.
    const session: SignSession = {
      sessionId: vec('session/id'),
      epochId: two.epochId,
      signers: [1, 2],
      self: 2,
      peers: [1],
      childKey: curve.base(two.secret),
      digest: vec('session/m'),
      m: 0n,
    };
    const setup = hostOf(hosts, 2).store.lease(two.epochId, 1, 0)?.setup;
    if (setup === undefined) throw new Error('no setup');
    const setups = new Map([[1, setup]]);
    const random = labelRandom('S4');
    const first = round1(session, setups, drawRound1(random, [1]));
    const second = round2(
      session,
      { share: two.shares.get(2) ?? 0n, tau: 0n },
      setups,
      { ...first.keep, r: first.keep.r + 1n },
      { commits: of(SIGN), extensions: of(SIGN_PAIR) },
      drawRound2(random, [1]),
      () => true,
    );
    if (second.kind === 'abort') throw second.abort;
    const identity = two.identities.get(2);
    for (const fields of [...first.outbox, ...second.outbox]) {
      network.deliver({
        from: 2,
        to: 1,
        bytes: encodeEnvelope(fields, (message) => identity?.sign(message) ?? message),
      });
    }
    expect(summary(network, 1)).toEqual(['CHEAT', 'S4', 2]);
    expect(network.outline(1).slice(-2)).toEqual(['ban', 'abort']);
  });

  it('key points shifted against each other by two corrupt signers: S5, no signature', () => {
    const first = corrupt(three, 2, {
      broadcast: (round, body) => (round === 2 ? shift('open', 'keyPoint')(body) : body),
    });
    const second = corrupt(three, 4, {
      broadcast: (round, body) => {
        if (round !== 2) return body;
        const point = curve.decode(body.slice(97, 130));
        if (point === undefined) throw new Error('not a point');
        return set('open', 'keyPoint', curve.encode(curve.add(point, curve.negate(curve.generator))))(body);
      },
    });
    const both: Intercept = (message) => (message.from === 4 ? second(message) : first(message));
    const network = SignNetwork.of(three, makeHosts(three), [1, 2, 4], both).start().run();
    expect(summary(network, 1)).toEqual(['CHEAT', 'S5', 2]);
  });

  it('psi + 1 to one signer: GROUP for all, nobody banned, the payload counts as released', () => {
    const change = corrupt(three, 2, {
      pair: (round, body, to) => (round === 2 && to === 1 ? flip('mul', 'psi')(body) : body),
    });
    const network = SignNetwork.of(three, makeHosts(three), [1, 2, 4], change).start().run();
    for (const index of [1, 4]) {
      expect(summary(network, index)).toEqual(['GROUP', 'combine']);
      const outline = network.outline(index);
      expect(outline).toContain('r3-sent');
      expect(outline).not.toContain('ban');
    }
  });

  it('round 3 for another digest: GROUP', () => {
    const other = onlyFor(2, (config) => ({ ...config, digest: vec('another digest') }));
    const network = SignNetwork.of(two, makeHosts(two), [1, 2], undefined, other).start().run();
    expect(summary(network, 1)).toEqual(['GROUP', 'combine']);
  });

  it('sums that cannot be a signature are refused, typed', () => {
    const nonce = combineNonce([curve.generator]);
    if (nonce === undefined) throw new Error('G is a nonce point');
    const combine = (u: bigint, w: bigint): unknown =>
      combineShares(curve.generator, 1n, nonce, [
        { u, w },
        { u: 5n, w: 7n },
      ]);
    expect(combine(ORDER - 5n, 1n)).toEqual({ ok: false, failure: 'sum of u is zero' });
    expect(combine(1n, ORDER - 7n)).toEqual({ ok: false, failure: 's is zero' });
    expect(combine(1n, 1n)).toEqual({ ok: false, failure: 'the signature does not verify' });
  });

  it('S7: R = O and R.x outside 1..q-1 are refused', () => {
    expect(combineNonce([curve.generator, curve.negate(curve.generator)])).toBeUndefined();
    expect(nonceCoordinate(new Uint8Array(32))).toBeUndefined();
    const q = scalarToBytes(ORDER - 1n);
    expect(nonceCoordinate(q)).toBe(ORDER - 1n);
    q[31] = (q[31] ?? 0) + 1;
    expect(nonceCoordinate(q)).toBeUndefined();
    expect(nonceCoordinate(new Uint8Array(32).fill(255))).toBeUndefined();
  });
});

describe('different views', () => {
  it('a third party equivocates its round 1: INCONSISTENT, no ban between the honest', () => {
    const change = corrupt(three, 2, {
      broadcast: (round, body, to) => (round === 1 && to === 4 ? flip('commit', 'com')(body) : body),
    });
    const network = SignNetwork.of(three, makeHosts(three), [1, 2, 4], change).start().run();
    for (const index of [1, 4]) {
      expect(summary(network, index)).toEqual(['INCONSISTENT', 'S0']);
      expect(network.outline(index)).not.toContain('ban');
      expect(network.abortOf(index)?.evidence.length).toBeGreaterThan(0);
    }
  });

  it('parts of two honest runs of one session crossed: INCONSISTENT, never a ban', () => {
    for (const swap of ['1/bcast', '1/pair', '2/bcast', '2/pair']) {
      const other = new Map<string, Uint8Array>();
      const name = (bytes: Uint8Array): string => {
        const envelope = parseEnvelope(bytes);
        return `${envelope?.round}/${envelope?.to === 0 ? 'bcast' : 'pair'}`;
      };
      const run = (label: string, intercept: Intercept): SignNetwork =>
        SignNetwork.of(two, makeHosts(two), [1, 2], intercept, {
          change: (config) => ({ ...config, random: labelRandom(`${label}/${config.self}`) }),
        })
          .start()
          .run();
      run('first', (message) => {
        if (message.from === 2) other.set(name(message.bytes), message.bytes);
        return [message.bytes];
      });
      const crossed = run('second', ({ from, bytes }) => [
        from === 2 && name(bytes) === swap ? (other.get(swap) ?? bytes) : bytes,
      ]);
      expect(summary(crossed, 1), swap).toEqual(['INCONSISTENT', swap.startsWith('1') ? 'bh' : 'S0']);
      expect(crossed.outline(1)).not.toContain('ban');
    }
  });

  it('another pair setup: INCONSISTENT without C1, and the message activates it, so that the next session works', () => {
    const hosts = makeHosts(two);
    // Both have prepared a newer setup; the PACK to party 1 was lost.
    const newer = dealPair(two.epochId, 1, 2, 'newer/');
    for (const [index, { setup }] of newer) {
      hostOf(hosts, index).store.prepare({ setup, pack: new Uint8Array(0), active: index === 2 }, 1);
    }
    const network = SignNetwork.of(two, hosts, [1, 2]).start().run();
    for (const index of [1, 2]) expect(summary(network, index)).toEqual(['INCONSISTENT', 'pairEpoch']);
    const again = SignNetwork.of(two, hosts, [1, 2], undefined, { label: 'again' }).start().run();
    for (const index of [1, 2]) expect(again.outline(index).at(-1)).toBe('done');
  });

  it('a party that died during PAIRSETUP: no session, no ban, and the next PAIRSETUP heals it', () => {
    const hosts = makeHosts(two);
    hostOf(hosts, 2).store.burnAll();
    expect(() => SignNetwork.of(two, hosts, [1, 2])).toThrow('no live pair setup with party 1');
    dealInto(hosts, two, 1, 2, 'second/');
    const network = SignNetwork.of(two, hosts, [1, 2]).start().run();
    for (const index of [1, 2]) expect(network.outline(index).at(-1)).toBe('done');
  });

  it('an unknown pair setup: INCONSISTENT without C1', () => {
    const change = corrupt(two, 2, {
      pair: (round, body) => (round === 1 ? set('ote', 'pairEpoch', vec('?'))(body) : body),
    });
    const network = SignNetwork.of(two, makeHosts(two), [1, 2], change).start().run();
    expect(summary(network, 1)).toEqual(['INCONSISTENT', 'pairEpoch']);
  });

  it('a different consent, roster or attempt is a different session id: nobody meets, nobody is banned', () => {
    const ids = (index: number) => ({ sessionId: vec(`id/${index}`) });
    const network = SignNetwork.of(two, makeHosts(two), [1, 2], undefined, ids).start().run();
    for (const index of [1, 2]) expect(network.outline(index)).toEqual(['started', 'send', 'send']);
  });
});

describe('replays and floods', () => {
  it('an OT extension of an older session: with its old bh INCONSISTENT, with the current bh LEAK', () => {
    const hosts = makeHosts(two);
    let old: Uint8Array = new Uint8Array(0);
    SignNetwork.of(two, hosts, [1, 2], ({ from, bytes }) => {
      const envelope = parseEnvelope(bytes);
      if (from === 2 && envelope?.type === SIGN_PAIR && envelope.round === 1) old = envelope.body;
      return [bytes];
    })
      .start()
      .run();
    const replay = (staleBh: boolean): SignNetwork => {
      const pair = (round: number, body: Uint8Array): Uint8Array =>
        round !== 1 ? body : staleBh ? old : concat(body.slice(0, 64), old.slice(64));
      const change = corrupt(two, 2, { pair, staleBh });
      return SignNetwork.of(two, hosts, [1, 2], change, { label: `replay/${staleBh}` })
        .start()
        .run();
    };
    expect(summary(replay(true), 1)).toEqual(['INCONSISTENT', 'bh']);
    expect(summary(replay(false), 1)).toEqual(['LEAK', 'C1', 2]);
  });

  it('a second, different round 2 is ignored', () => {
    const change = corrupt(two, 2, { broadcast: (round, body) => (round === 2 ? flip('open', 'blind')(body) : body) });
    const network = SignNetwork.of(two, makeHosts(two), [1, 2], (message) => {
      const envelope = parseEnvelope(message.bytes);
      const twice = message.from === 2 && envelope?.type === SIGN && envelope.round === 2;
      return twice ? [message.bytes, ...change(message)] : [message.bytes];
    });
    network.start().run();
    expect(network.outline(1).at(-1)).toBe('done');
  });

  it('two different messages of one round are kept as evidence, and change nothing', () => {
    const hosts = makeHosts(three);
    const node = makeNode(three, hostOf(hosts, 1), [1, 2, 4], {});
    node.machine.start();
    const identity = three.identities.get(2);
    if (identity === undefined) throw new Error('no party 2');
    const bodies = [vec('a', 64), vec('b', 64)];
    const effects = bodies.map((body) =>
      node.machine.deliver(
        encodeEnvelope({ type: SIGN, round: 1, from: 2, to: 0, sid: vec('session/id'), body }, (m) => identity.sign(m)),
      ),
    );
    expect(effects).toEqual([[], []]);
    expect(node.machine.equivocations()).toMatchObject([{ from: 2 }]);
  });

  it('round 2 is not sent before every round 1 is in', () => {
    const hold: Intercept = ({ from, bytes }) => (from === 4 && parseEnvelope(bytes)?.round === 1 ? [] : [bytes]);
    const network = SignNetwork.of(three, makeHosts(three), [1, 2, 4], hold).start().run();
    for (const index of [1, 2]) expect(network.outline(index)).toEqual(['started', 'send', 'send', 'send']);
  });

  it('a guess of one bit of Delta in each of many concurrent sessions: at most one false check, the others end', () => {
    const hosts = makeHosts(two);
    const victim = hostOf(hosts, 1);
    const guesses = Array.from({ length: 24 }, (_, row) => row);
    const nodes = guesses.map((row) => makeNode(two, victim, [1, 2], { label: `guess/${row}` }));
    const logs = nodes.map((node) => [...node.machine.start()]);
    for (const [row, node] of nodes.entries()) {
      for (const bytes of guessingRound1(two, vec(`guess/${row}/id`), row)) {
        for (const effect of node.machine.deliver(bytes)) {
          logs[row]?.push(effect);
          if (effect.kind === 'record' && effect.record.kind === 'ban') victim.banned.add(effect.record.peer);
        }
      }
    }
    const outlines = logs.map((log) =>
      log.map((effect) => (effect.kind === 'record' ? effect.record.kind : effect.kind)),
    );
    const failed = outlines.findIndex((outline) => outline.includes('ban'));
    const direction = dealPair(two.epochId, 1, 2, 'dealt/').get(1)?.sides.asSender.delta ?? new Uint8Array(16);
    expect(failed).toBe(guesses.find((row) => bitMask(wordsOf(direction), row) !== 0));
    expect(outlines.filter((outline) => outline.includes('ban'))).toHaveLength(1);
    for (const [row, outline] of outlines.entries()) {
      if (row < failed) expect(outline).toContain('r2-sent');
      if (row > failed) expect(outline.slice(-1)).toEqual(['abort']);
      if (row >= failed) expect(outline).not.toContain('r2-sent');
    }
    expect(victim.store.lease(two.epochId, 2, 0)).toBeUndefined();
  });
});

/** Round 1 of a corrupt party 2 towards party 1 that passes C1 only if bit `row` of party 1's Delta is 0. */
function guessingRound1(key: DealtKey, sessionId: Uint8Array, row: number): readonly Uint8Array[] {
  const identity = key.identities.get(2);
  const dealt = dealPair(key.epochId, 1, 2, 'dealt/').get(2);
  if (identity === undefined || dealt === undefined) throw new Error('no party 2');
  const sign = (message: Uint8Array): Uint8Array => identity.sign(message);
  const nonce = vec('guess nonce');
  const commit = {
    type: SIGN,
    round: 1,
    from: 2,
    to: 0,
    sid: sessionId,
    body: writeCommit({ nonce, com: vec('com') }),
  };
  const { pairEpoch } = dealt.setup;
  const oteSid = extensionId({ epochId: key.epochId, sessionId }, pairEpoch, 2, 1, nonce);
  const choice = vec('guess choice', 68);
  const u = extend(oteSid, dealt.sides.asReceiver.both, choice).message.slice(0, 8704);
  u[68 * row] = (u[68 * row] ?? 0) ^ 1;
  const v = expandBoth(oteSid, dealt.sides.asReceiver.both, 1);
  const check = checkKey(oteSid, u);
  const hashes = new Uint8Array(2064);
  writeWords(hashRow(check, wordsOf(choice)), hashes, 0);
  writeWords(hashRows(check, v), hashes, 16);
  const body = writeOte({ bh: envelopeHash(commit), pairEpoch, ote: concat(u, hashes) });
  const ote = { type: SIGN_PAIR, round: 1, from: 2, to: 1, sid: sessionId, body };
  return [encodeEnvelope(commit, sign), encodeEnvelope(ote, sign)];
}
