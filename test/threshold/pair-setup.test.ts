import { beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { concat, equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { u8, u32 } from '../../protocol/threshold/encoding.ts';
import { H } from '../../protocol/threshold/hash.ts';
import { ABORT_MESSAGE } from '../../protocol/threshold/keygen/messages.ts';
import {
  choose,
  drawChooser,
  drawTransfer,
  hashToPoint,
  receive,
  transfer,
} from '../../protocol/threshold/pair-setup/base-ot.ts';
import { PairSetupMachine } from '../../protocol/threshold/pair-setup/machine.ts';
import { PAIR, writeHello } from '../../protocol/threshold/pair-setup/messages.ts';
import { checkMirror, extendMirror, mirrorSid } from '../../protocol/threshold/pair-setup/mirror.ts';
import { drawHighValues, onExtend, onMultiply, type TestRun } from '../../protocol/threshold/pair-setup/run.ts';
import {
  drawSelfTest,
  selfTestFrame,
  testExtend,
  testFinish,
  testMultiply,
} from '../../protocol/threshold/pair-setup/self-test.ts';
import { PairSetup } from '../../protocol/threshold/pair-setup/setup.ts';
import { PairStore, type PreparedPair } from '../../protocol/threshold/pair-setup/store.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { dealDirection } from './support/dealer.ts';
import { vec } from './support/labels.ts';
import { EPOCH_ID, PairNetwork, pairConfig, pairIdentity, resigned } from './support/pair-network.ts';
import { labelRandom } from './support/sign-network.ts';

describe('a complete run', () => {
  let low: PreparedPair;
  let high: PreparedPair;
  let network: PairNetwork;

  beforeAll(() => {
    network = new PairNetwork(pairConfig(1, 2), pairConfig(2, 1)).run();
    const outputs = [network.outputOf(1), network.outputOf(2)];
    if (outputs[0] === undefined || outputs[1] === undefined) throw new Error('the run gave no setup');
    [low, high] = [outputs[0], outputs[1]];
  });

  it('gives both the same ids, and each exactly the keys it should know', () => {
    const rounds = (index: number): readonly (number | undefined)[] =>
      network.sent(index).map((bytes) => parseEnvelope(bytes)?.round);
    expect([rounds(1), rounds(2)]).toEqual([
      [1, 2, 4, 5, 6],
      [1, 3, 4, 5, 6],
    ]);
    expect(network.outline(1)).toEqual(['send', 'send', 'send', 'send', 'send', 'done']);
    expect(low.setup.pairEpoch).toEqual(high.setup.pairEpoch);
    expect(low.setup.zeroSeed).toEqual(high.setup.zeroSeed);
    for (const [sender, receiver] of [
      [low.setup, high.setup],
      [high.setup, low.setup],
    ] as const) {
      const { delta, seeds } = sender.sender;
      for (let r = 0; r < 128; r++) {
        const bit = ((delta[r >> 3] ?? 0) >> (r & 7)) & 1;
        const pair = [0, 1].map((side) => receiver.receiverSeeds.subarray(64 * r + 32 * side, 64 * r + 32 * side + 32));
        const known = seeds.subarray(32 * r, 32 * r + 32);
        expect(pair.map((key) => equalBytes(key, known))).toEqual([bit === 1, bit === 0]);
      }
    }
  });

  it('uses fresh secrets in each direction', () => {
    expect(toHex(low.setup.sender.delta)).not.toBe(toHex(high.setup.sender.delta));
    expect(toHex(low.setup.receiverSeeds)).not.toBe(toHex(high.setup.receiverSeeds));
  });

  it('turns ACTIVE by the PACK of the peer, and only by an authentic one', () => {
    const store = storeOf();
    store.prepare({ ...low, active: false }, 0);
    expect(store.accepts(low.setup.pairSid)).toBe(true);
    const forged = resigned(pairIdentity(3), high.pack, (body) => body);
    expect(store.deliver(forged, 0)).toBe('ignored');
    expect(store.deliver(low.pack, 0)).toBe('ignored');
    expect(store.deliver(high.pack.slice(0, -1), 0)).toBe('ignored');
    expect(store.deliver(high.pack, 0)).toBe('active');
    expect(store.packsFor(EPOCH_ID, 2, 0)).toEqual([low.pack]);
    expect(store.get(low.setup.pairEpoch)).toBe(low.setup);
  });

  it('P5: a PACK that names another setup destroys this one', () => {
    const store = storeOf();
    const copy = PairSetup.of({ ...partsOf(high), self: 1, peer: 2 });
    store.prepare({ ...low, setup: copy, active: false }, 0);
    expect(
      store.deliver(
        resigned(pairIdentity(2), high.pack, () => vec('?')),
        0,
      ),
    ).toBe('inconsistent');
    expect(copy.wiped).toBe(true);
    expect(store.get(copy.pairEpoch)).toBeUndefined();
  });

  it('moves to another thread in one buffer and leaves nothing behind', () => {
    const copy = PairSetup.of(partsOf(low));
    const { sender, receiverSeeds, zeroSeed } = copy;
    const moved = PairSetup.fromTransfer(copy.toTransfer());
    expect(moved.receiverSeeds).toEqual(low.setup.receiverSeeds);
    expect(moved.pairEpoch).toEqual(low.setup.pairEpoch);
    for (const left of [sender.delta, sender.seeds, receiverSeeds, zeroSeed]) {
      expect(left.every((byte) => byte === 0)).toBe(true);
    }
    expect(() => copy.zeroSeed).toThrow('wiped');
    expect(JSON.stringify({ moved })).toBe('{"moved":"[secret]"}');
  });
});

describe('the time of base OT', () => {
  it('depends on public values: both sides hash the same two messages of each OT, whatever the choice', () => {
    const bsid = vec('time/bsid');
    const heard = (log: string[]) => (message: Uint8Array) => {
      log.push(toHex(message));
      return hashToPoint(message);
    };
    const [ofChooser, ofSender]: [string[], string[]] = [[], []];
    const message = choose(bsid, drawChooser(labelRandom('time')), heard(ofChooser)) ?? new Uint8Array(0);
    transfer(bsid, message, drawTransfer(labelRandom('time')), heard(ofSender));
    expect(ofChooser).toHaveLength(256);
    expect(ofChooser.toSorted()).toEqual(ofSender.toSorted());
    for (let r = 0; r < 128; r++) {
      expect(ofChooser.slice(2 * r, 2 * r + 2).toSorted()).toEqual(ofSender.slice(2 * r, 2 * r + 2).toSorted());
    }
  });
});

describe('base OT refuses (P1)', () => {
  const bsid = vec('P1/bsid');
  const random = labelRandom('P1');
  const first = (message: Uint8Array, at: number, point: Uint8Array): Uint8Array => {
    const copy = message.slice();
    copy.set(point, 33 * at);
    return copy;
  };
  const valid = curve.encode(curve.generator);
  const message = concat(...Array.from({ length: 256 }, () => valid));

  it('a point that is O, off the curve or has another prefix', () => {
    const values = drawTransfer(random);
    for (const bad of [new Uint8Array(33), Uint8Array.of(2, ...new Uint8Array(31), 5), Uint8Array.of(4, ...vec('x'))]) {
      for (const at of [0, 1]) expect(transfer(bsid, first(message, at, bad), values, hashToPoint)).toBeUndefined();
    }
  });

  it('R_0 and R_1 that make M_0 or M_1 the identity', () => {
    const values = drawTransfer(random);
    const minusHash = (bit: number): Uint8Array =>
      curve.encode(curve.negate(hashToPoint(concat(bsid, u32(0), u8(bit), valid))));
    expect(transfer(bsid, first(message, 0, minusHash(0)), values, hashToPoint)).toBeUndefined();
    expect(transfer(bsid, first(message, 1, minusHash(1)), values, hashToPoint)).toBeUndefined();
  });

  it('a malformed V, chosen or not, alike', () => {
    const values = drawChooser(random);
    const chosen = choose(bsid, values, hashToPoint) ?? new Uint8Array(0);
    for (const at of [0, 1, 2, 3, 254, 255]) {
      expect(receive(bsid, values, chosen, first(message, at, new Uint8Array(33)))).toBeUndefined();
    }
  });
});

describe('the mirror (docs/protocol.md p.8)', () => {
  const dealt = dealDirection('mirror-test/');
  const setup = { delta: dealt.delta, seeds: dealt.chosen };
  const head = vec('head', 8512);
  const sid = mirrorSid(vec('pairSid'), 2, 1, head);
  const choice = vec('mirror-test/choice');
  const { message, setup: mirrored } = extendMirror(sid, dealt.both, choice);
  const deltaBit = (r: number): number => ((dealt.delta[r >> 3] ?? 0) >> (r & 7)) & 1;

  it('gives the receiver of base OT both keys, the sender its choice of them', () => {
    const both = checkMirror(sid, setup, message) ?? new Uint8Array(0);
    expect(mirrored.delta).toEqual(choice.subarray(0, 16));
    for (let r = 0; r < 128; r++) {
      const bit = ((choice[r >> 3] ?? 0) >> (r & 7)) & 1;
      const known = mirrored.seeds.subarray(32 * r, 32 * r + 32);
      const pair = [0, 1].map((side) => both.subarray(64 * r + 32 * side, 64 * r + 32 * side + 32));
      expect(pair.map((key) => equalBytes(key, known))).toEqual([bit === 1, bit === 0]);
    }
  });

  it('a bit of U that was flipped after the challenge fails whatever Delta is, and so does any flip of xh or th', () => {
    for (const at of [...Array.from({ length: 128 }, (_, r) => 32 * r + (r % 32)), 4096, 4111, 4112, 6159]) {
      const changed = message.slice();
      changed[at] = (changed[at] ?? 0) ^ 16;
      expect(checkMirror(sid, setup, changed), `byte ${at}`).toBeUndefined();
    }
  });

  it('seeds that differ from those of base OT in one row pass exactly if A did not choose that key', () => {
    // What a sender can do who knows no logarithm of one V_b, or guesses a bit: one bit for one failure.
    for (let r = 0; r < 128; r += 5) {
      for (const side of [0, 1]) {
        const seeds = dealt.both.slice();
        seeds.set(vec('guess'), 64 * r + 32 * side);
        const passes = checkMirror(sid, setup, extendMirror(sid, seeds, choice).message) !== undefined;
        expect(passes).toBe(side !== 1 - deltaBit(r));
      }
    }
  });

  it('another pair, another direction or another byte before U is another extension', () => {
    const changed = head.slice();
    changed[8511] = (changed[8511] ?? 0) ^ 1;
    for (const other of [
      mirrorSid(vec('other'), 2, 1, head),
      mirrorSid(vec('pairSid'), 1, 2, head),
      mirrorSid(vec('pairSid'), 2, 1, changed),
    ]) {
      expect(checkMirror(other, setup, message)).toBeUndefined();
    }
  });
});

describe('the self-test', () => {
  const frame = selfTestFrame({
    epochId: EPOCH_ID,
    rosterDigest: vec('roster'),
    pairSid: vec('pairSid'),
    counter: 0,
    signers: [1, 2],
    conf: vec('conf'),
  });
  const direction = { receiver: 1, sender: 2, receiverNonce: vec('nonce') };
  const dealt = dealDirection('self-test/');
  const setup = { delta: dealt.delta, seeds: dealt.chosen };
  const receiver = drawSelfTest(labelRandom('receiver'));
  const sender = drawSelfTest(labelRandom('sender'));

  it('passes with matching keys', () => {
    const test = testExtend(frame, direction, dealt.both, receiver);
    const answer = testMultiply(frame, direction, setup, test.ote, sender);
    expect(typeof answer).toBe('object');
    if (typeof answer === 'object') expect(testFinish(test, answer)).toBeUndefined();
  });

  it('B knows no v_b for one V_b: passes if A did not choose it, else P3', () => {
    for (const r of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const chosen = 1 - (((dealt.delta[0] ?? 0) >> r) & 1);
      for (const b of [0, 1]) {
        const both = dealt.both.slice();
        both.set(vec('unknown'), 64 * r + 32 * b);
        const test = testExtend(frame, direction, both, receiver);
        const answer = testMultiply(frame, direction, setup, test.ote, sender);
        expect(answer === 'P3').toBe(b === chosen);
      }
    }
  });

  it('a changed answer: P1 for its form, P4 for its content', () => {
    const test = testExtend(frame, direction, dealt.both, receiver);
    const answer = testMultiply(frame, direction, setup, test.ote, sender);
    if (typeof answer === 'string') throw new Error(answer);
    const changed = (at: number, value: Uint8Array): Uint8Array => {
      const copy = answer.slice();
      copy.set(value, at);
      return copy;
    };
    const valid = curve.encode(curve.generator);
    for (const at of [40_000, 40_033, 40_066, 40_099]) {
      expect(testFinish(test, changed(at, valid))).toBe('P4');
      expect(testFinish(test, changed(at, new Uint8Array(33)))).toBe('P1');
    }
    for (const at of [0, 39_936, 39_968]) expect(testFinish(test, changed(at, vec(`${at}`)))).toBe('P4');
    expect(testFinish(test, changed(0, new Uint8Array(32).fill(255)))).toBe('P1');
    expect(testFinish(test, answer.slice(1))).toBe('P1');
  });

  it('P2: another conf ends the run before C1 is evaluated', () => {
    const extension = testExtend(frame, direction, dealt.both, receiver);
    const nonces = new Map([
      [1, vec('nonce')],
      [2, vec('nonce')],
    ]);
    const run: TestRun = {
      frame: pairConfig(1, 2),
      pairSid: vec('pairSid'),
      nonces,
      keys: { sender: setup, receiver: dealt.both, zeroSeed: vec('zs') },
      conf: vec('conf'),
      values: sender,
      test: frame,
      extension,
    };
    const garbage = new Uint8Array(10_768);
    expect(onExtend(run, concat(vec('another conf'), garbage))).toEqual({ ok: false, failure: 'P2' });
    expect(onExtend(run, concat(vec('conf'), garbage))).toEqual({ ok: false, failure: 'P3' });
    expect(onExtend(run, concat(vec('conf'), garbage, u8(0)))).toEqual({ ok: false, failure: 'P1' });
    expect(onMultiply(run, new Uint8Array(5))).toEqual({ ok: false, failure: 'P1' });
  });
});

describe('the machine', () => {
  const helloFrom = (from: number, to: number, body: Uint8Array, signer = pairIdentity(from)): Uint8Array =>
    encodeEnvelope({ type: PAIR, round: 1, from, to, sid: EPOCH_ID, body }, (message) => signer.sign(message));
  const hello = (label: string, counter = 0): Uint8Array => writeHello({ counter, nonce: vec(label) });

  it('a malformed PS2: the failure is recorded before the abort, and nothing is sent after it', () => {
    const values = drawHighValues(labelRandom('malformed'));
    const config = pairConfig(2, 1);
    const draws = { nonce: () => vec('malformed'), low: notLow, high: () => values };
    const network = new PairNetwork(pairConfig(1, 2), { ...config, draws }, (from, round, bytes) =>
      from === 1 && round === 2 ? resigned(pairIdentity(1), bytes, (body) => body.slice(1)) : bytes,
    ).run();
    for (const secret of [values.mirror, values.z, values.selfTest.choice]) {
      expect(secret.every((byte) => byte === 0)).toBe(true);
    }
    expect(network.outline(2)).toEqual(['send', 'pair-fail', 'abort']);
    expect(network.abortOf(2)).toMatchObject({ failure: 'SETUP', check: 'P1', culprits: [1] });
  });

  it('answers a PS1 once, with the same counter or another, and keeps no run for it', () => {
    const machine = new PairSetupMachine(pairConfig(2, 1));
    const bytes = helloFrom(1, 2, hello('a'));
    expect(machine.deliver(bytes)).toHaveLength(1);
    expect(machine.deliver(bytes)).toEqual([]);
    expect(machine.deliver(helloFrom(1, 2, hello('b', 1)))).toHaveLength(1);
    for (let i = 0; i < 20; i++) expect(machine.deliver(helloFrom(1, 2, hello(`replay ${i}`)))).toHaveLength(1);
    expect(machine.start()).toEqual([]);
  });

  it('drops what is not from the peer, not signed, or malformed', () => {
    const machine = new PairSetupMachine(pairConfig(2, 1));
    expect(machine.deliver(helloFrom(3, 2, hello('a')))).toEqual([]);
    expect(machine.deliver(helloFrom(1, 3, hello('a')))).toEqual([]);
    expect(machine.deliver(helloFrom(1, 2, hello('a'), pairIdentity(3)))).toEqual([]);
    expect(machine.deliver(helloFrom(1, 2, concat(hello('a'), u8(0))))).toEqual([]);
    expect(machine.deliver(new Uint8Array(200))).toEqual([]);
    machine.stop();
    expect(machine.deliver(helloFrom(1, 2, hello('a')))).toEqual([]);
  });

  it('an answer to another nonce is ignored, another counter is INCONSISTENT', () => {
    const machine = new PairSetupMachine(pairConfig(1, 2));
    const [effect] = machine.start();
    if (effect?.kind !== 'send') throw new Error('no PS1');
    const nonce = parseEnvelope(effect.envelope)?.body.slice(4) ?? new Uint8Array(0);
    const answer = (echo: Uint8Array, counter: number): Uint8Array =>
      helloFrom(2, 1, writeHello({ counter, nonce: vec('j'), echo }));
    expect(machine.deliver(answer(vec('foreign'), 0))).toEqual([]);
    const effects = machine.deliver(answer(nonce, 1));
    expect(effects).toMatchObject([{ kind: 'abort', abort: { failure: 'INCONSISTENT', check: 'ctr' } }]);
  });

  it('does nothing at all with a banned peer', () => {
    const refused = { isRefused: () => true };
    expect(new PairSetupMachine({ ...pairConfig(1, 2), ...refused }).start()).toEqual([]);
    expect(new PairSetupMachine({ ...pairConfig(2, 1), ...refused }).deliver(helloFrom(1, 2, hello('a')))).toEqual([]);
  });

  it('a replayed PS1 does not disturb a run; a PS2 under a newer candidate replaces it; an abort ends it', () => {
    const machine = new PairSetupMachine(pairConfig(2, 1));
    const answerSid = (label: string): Uint8Array => {
      const [effect] = machine.deliver(helloFrom(1, 2, hello(label)));
      if (effect?.kind !== 'send') throw new Error('no answer');
      const nonce = parseEnvelope(effect.envelope)?.body.slice(4, 36) ?? new Uint8Array(0);
      return pairSidOf(vec(label), nonce);
    };
    const send = (type: number, round: number, sid: Uint8Array, body: Uint8Array): Uint8Array =>
      encodeEnvelope({ type, round, from: 1, to: 2, sid, body }, (message) => pairIdentity(1).sign(message));
    const first = answerSid('first');
    // PS3 proves nothing: only PS2 begins a run.
    expect(machine.deliver(send(PAIR, 3, first, vec('x')))).toEqual([]);
    const second = answerSid('second');
    expect(machine.accepts(first)).toBe(true);
    expect(machine.deliver(send(PAIR, 2, second, vec('x'))).map((effect) => effect.kind)).toEqual(['record', 'abort']);
    expect(machine.accepts(first)).toBe(false);

    const other = new PairSetupMachine(pairConfig(2, 1));
    expect(other.deliver(send(ABORT_MESSAGE, 0, EPOCH_ID, u8(0)))).toEqual([]);
  });
});

function notLow(): never {
  throw new Error('the higher index does not choose');
}

function pairSidOf(low: Uint8Array, high: Uint8Array): Uint8Array {
  return H('pair/sid', EPOCH_ID, u8(1), u8(2), u32(0), low, high, u8(2));
}

function storeOf(): PairStore {
  return new PairStore({ identityKey: (_, peer) => pairIdentity(peer).publicKey, verify });
}

function partsOf({ setup }: PreparedPair): Parameters<typeof PairSetup.of>[0] {
  const { self, peer, epochId, pairSid, pairEpoch, zeroSeed, sender, receiverSeeds } = setup;
  return { self, peer, epochId, pairSid, pairEpoch, zeroSeed, sender, receiverSeeds };
}
