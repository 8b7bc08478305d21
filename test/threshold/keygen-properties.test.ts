/** Properties of KEYGEN (docs/protocol.md i.2) and the values of a.8 that are zero or the identity. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { dealerPids, pidOfIndex } from '../../protocol/threshold/keygen/config.ts';
import { createEpochRun } from '../../protocol/threshold/keygen/machine.ts';
import { round3 } from '../../protocol/threshold/keygen/round-3.ts';
import { invertScalar, mod, readScalar } from '../../protocol/threshold/math/scalar.ts';
import { proveSchnorr, readSchnorr, verifySchnorr } from '../../protocol/threshold/proof/schnorr.ts';
import { randomScalar } from '../../protocol/threshold/random.ts';
import { type EnvelopeFields, encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { CEREMONIES, honestRun, is, runOf, subsets, verdict } from './support/keygen-attacks.ts';
import {
  ceremony,
  flip,
  KeygenNetwork,
  labelRandom,
  reshareCeremony,
  runOptions,
  scriptedRandom,
  secretOf,
  signerOf,
} from './support/keygen-network.ts';
import { scalarDraw } from './support/keygen-vectors.ts';
import { vec, vscalar } from './support/labels.ts';

describe('the key', () => {
  it.each([
    [2, 2],
    [2, 3],
    [3, 4],
    [3, 5],
  ])('%i-of-%i: any t shares give Q, fewer do not', (t, n) => {
    const network = new KeygenNetwork(ceremony(t, n, `properties/${t}/${n}`)).run();
    const indices = Array.from({ length: n }, (_, i) => i + 1);
    const Q = toHex(network.epoch().publicKey);
    for (const quorum of subsets(indices, t)) {
      expect(toHex(curve.encode(curve.base(secretOf(network, quorum))))).toBe(Q);
    }
    const [few] = subsets(indices, t - 1);
    expect(toHex(curve.encode(curve.base(secretOf(network, few ?? [1]))))).not.toBe(Q);
    expect(new Set(indices.map((i) => toHex(network.keyshareAt(i).epochId))).size).toBe(1);
  });

  it('does not depend on the order, the number of copies or strangers among the messages', () => {
    const expected = new Map(CEREMONIES.map((setup) => [setup, toHex(honestRun(setup).epoch().epochId)]));
    const stranger = signerOf(ceremony(2, 3, 'stranger'), 1);
    fc.assert(
      fc.property(
        fc.constantFrom(...CEREMONIES),
        fc.array(fc.nat(), { minLength: 50, maxLength: 200 }),
        (setup, picks) => {
          let drawn = 0;
          const next = (): number => picks[drawn++ % picks.length] ?? 0;
          const network = new KeygenNetwork(setup, { pick: (length) => next() % length });
          network.start();
          let steps = 0;
          while (network.queue.length > 0) {
            const copied = network.queue[next() % network.queue.length];
            if (copied !== undefined && steps++ < 60) {
              network.queue.push(copied);
              network.queue.push({ ...copied, bytes: flip(copied.bytes, next() % copied.bytes.length) });
              const sid = copied.bytes.slice(7, 39);
              const fields = { type: copied.bytes[3] ?? 0, round: copied.bytes[4] ?? 0, from: copied.bytes[5] ?? 1 };
              const forged = encodeEnvelope(
                { ...fields, to: copied.bytes[6] ?? 0, sid, body: vec('forged', 64) },
                stranger.sign,
              );
              network.queue.push({ ...copied, bytes: forged });
            }
            network.step();
          }
          expect([...network.aborts.values()]).toEqual([]);
          expect(network.outputs.size).toBe(setup.pids.length);
          for (const { epoch } of network.outputs.values()) expect(toHex(epoch.epochId)).toBe(expected.get(setup));
        },
      ),
      { numRuns: 12 },
    );
  });

  it('whatever one corrupt party changes: no untyped error, no honest party blamed, no two results', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CEREMONIES),
        fc.nat(),
        fc.constantFrom([0x10, 1], [0x10, 2], [0x10, 3], [0x11, 3], [0x10, 4], [0x12, 5], [0x13, 6]),
        fc.option(fc.constantFrom(1, 2, 3, 4)),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (setup, who, [type = 0, round = 0], victim, at, mask) => {
          const corrupt = 1 + (who % setup.pids.length);
          const network = new KeygenNetwork(setup, {
            deliverAborts: true,
            corrupt: {
              pids: [corrupt],
              says: (fields, to) => {
                if (!is(fields, type, round) || (victim !== null && victim !== to)) return fields;
                const body = fields.body.slice();
                const i = at % body.length;
                body[i] = (body[i] ?? 0) ^ mask;
                return { ...fields, body };
              },
            },
          }).run();
          const blamed = [...network.aborts].filter(([pid]) => pid !== corrupt).flatMap(([, abort]) => abort.culprits);
          expect(blamed.filter((culprit) => culprit !== corrupt)).toEqual([]);
          const epochs = [...network.outputs]
            .filter(([pid]) => pid !== corrupt)
            .map(([, { epoch }]) => toHex(epoch.epochId));
          expect(new Set(epochs).size).toBeLessThan(2);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('zero and the identity (docs/protocol.md a.8)', () => {
  const setup = ceremony(2, 3);

  /** Parties with exactly these coefficients a_0, a_1; everything else as always. */
  function withCoefficients(coefficients: (index: number) => readonly [bigint, bigint]): KeygenNetwork {
    return new KeygenNetwork(setup, {
      random: (index) => {
        const rest = labelRandom(`zero/${index}`);
        const script = scriptedRandom(coefficients(index).map((value) => scalarDraw(mod(value))));
        let draws = 0;
        return { bytes: (length) => (draws++ < 2 ? script : rest).bytes(length) };
      },
    }).run();
  }

  const a = (index: number, k: number) => vscalar(`zero/${index}/${k}`);

  it('a share of 0 that fits its commitments is accepted', () => {
    // Dealer 1 gives party 1, which is another one, the value f(1) = 0.
    const receiver = pidOfIndex(setup.config, 1);
    expect(receiver).not.toBe(1);
    const network = withCoefficients((pid) => (pid === 1 ? [-a(1, 1), a(1, 1)] : [a(pid, 0), a(pid, 1)]));
    const sent = network.envelopes(0x11, 3, 1, receiver)[0];
    expect(readScalar(sent?.body.slice(32, 64) ?? new Uint8Array(0))).toBe(0n);
    expect(network.outputs.size).toBe(3);
  });

  it.each([
    ['Q', (index: number) => [index === 3 ? -(a(1, 0) + a(2, 0)) : a(index, 0), a(index, 1)] as const],
    ['F_1', (index: number) => [a(index, 0), index === 3 ? -(a(1, 1) + a(2, 1)) : a(index, 1)] as const],
    [
      'X_2',
      (index: number) =>
        [index === 3 ? -(a(1, 0) + a(2, 0) + 2n * (a(1, 1) + a(2, 1) + a(3, 1))) : a(index, 0), a(index, 1)] as const,
    ],
  ])('%s = O: a new attempt, nobody blamed', (_, coefficients) => {
    const network = withCoefficients(coefficients);
    for (const index of [1, 2, 3]) {
      expect(verdict(network, index)).toEqual({ failure: 'RESTART', check: 'K12', culprits: [] });
    }
    expect(network.records).toEqual([]);
  });

  it('a new share of 0 in a reshare: a new attempt, nobody blamed', () => {
    const from = new KeygenNetwork(setup).run();
    const reshare = reshareCeremony({ from, dealers: [1, 2], holders: [1, 2, 3], threshold: 2 });
    const [first = 0, second = 0] = dealerPids(reshare.config);
    // f(2) = sk + 2 (a + b) = 0.
    const slope = mod(-secretOf(from, [1, 2]) * invertScalar(2n));
    const slopes = new Map([
      [first, 5n],
      [second, mod(slope - 5n)],
    ]);
    const network = new KeygenNetwork(reshare, {
      random: (pid) => {
        const rest = labelRandom(`zero/reshare/${pid}`);
        const drawn = slopes.get(pid);
        const script = drawn === undefined ? rest : scriptedRandom([scalarDraw(drawn)]);
        let draws = 0;
        return { bytes: (length) => (draws++ < 1 ? script : rest).bytes(length) };
      },
    }).run();
    for (const pid of reshare.pids) {
      expect(verdict(network, pid)).toEqual({ failure: 'RESTART', check: 'K12', culprits: [] });
    }
    expect(network.records).toEqual([]);
  });

  it('a zero coefficient or nonce is drawn again', () => {
    const draws = [0n, 5n, 0n, 6n].map(scalarDraw);
    const rest = labelRandom('redraw');
    const script = scriptedRandom(draws);
    let count = 0;
    const random = { bytes: (length: number) => (count++ < 4 ? script : rest).bytes(length) };
    const network = new KeygenNetwork(setup, {
      random: (index) => (index === 1 ? random : labelRandom(`r${index}`)),
    }).run();
    expect(network.outputs.size).toBe(3);
    expect(toHex(network.envelopes(0x10, 2, 1)[0]?.body.slice(32, 65) ?? new Uint8Array(0))).toBe(
      toHex(curve.encode(curve.base(5n))),
    );
  });

  it('a Schnorr response of 0 is read; a proof for O or with T = O is none', () => {
    const proof = proveSchnorr('dkg/pok', vec('sid'), [vec('statement')], 5n, 7n);
    const read = readSchnorr(proof);
    expect(read && verifySchnorr('dkg/pok', vec('sid'), [vec('statement')], curve.base(5n), read)).toBe(true);
    expect(read && verifySchnorr('dkg/pok', vec('sid'), [vec('statement')], curve.identity, read)).toBe(false);
    expect(read && verifySchnorr('dkg/share-pok', vec('sid'), [vec('statement')], curve.base(5n), read)).toBe(false);
    const zero = readSchnorr(Uint8Array.of(...proof.slice(0, 33), ...new Uint8Array(32)));
    expect(zero?.response).toBe(0n);
    expect(zero && verifySchnorr('dkg/pok', vec('sid'), [vec('statement')], curve.base(5n), zero)).toBe(false);
    expect(readSchnorr(Uint8Array.of(...new Uint8Array(33), ...proof.slice(33)))).toBeUndefined();
    expect(readSchnorr(Uint8Array.of(...proof.slice(0, 33), ...new Uint8Array(32).fill(255)))).toBeUndefined();
    expect(readSchnorr(proof.slice(1))).toBeUndefined();
  });
});

describe('secrets of a run', () => {
  /** The chain code contribution is the one draw that stays in the buffer it was drawn into. */
  function watched(index: number, buffers: Map<number, Uint8Array>) {
    const random = labelRandom(`watched/${index}`);
    return {
      bytes(length: number): Uint8Array {
        const drawn = random.bytes(length);
        if (length === 32 && !buffers.has(index)) buffers.set(index, drawn);
        return drawn;
      },
    };
  }

  const zeros = toHex(new Uint8Array(32));

  it('are overwritten when the run ends well, is stopped, or aborts', () => {
    const setup = ceremony(2, 3);
    const finished = new Map<number, Uint8Array>();
    new KeygenNetwork(setup, { random: (index) => watched(index, finished) }).run();
    const stopped = new Map<number, Uint8Array>();
    const network = new KeygenNetwork(setup, { random: (index) => watched(index, stopped) });
    network.start();
    expect([...stopped.values()].map(toHex)).not.toContain(zeros);
    for (const machine of network.machines.values()) machine.stop();
    const aborted = new Map<number, Uint8Array>();
    const says = (fields: EnvelopeFields) => (is(fields, 0x10, 4) ? { ...fields, body: flip(fields.body, 0) } : fields);
    const bad = new KeygenNetwork(setup, {
      random: (index) => watched(index, aborted),
      corrupt: { pids: [1], says },
    }).run();
    expect(bad.aborts.size).toBe(2);
    for (const buffers of [finished, stopped, aborted]) {
      expect([...buffers.values()].map(toHex)).toEqual([zeros, zeros, zeros]);
    }
  });

  it('the bytes that the host got to send may be transferred away', () => {
    const network = new KeygenNetwork(ceremony(2, 3));
    const effects = [...network.machines].map(([index, machine]) => [index, machine.start()] as const);
    for (const [index, list] of effects) network.act(index, structuredClone(list));
    for (const effect of effects.flatMap(([, list]) => list)) if (effect.kind === 'send') effect.envelope.fill(0);
    network.settle();
    expect(network.outputs.size).toBe(3);
  });
});

describe('an own fault', () => {
  it('a share that does not fit the own commitments never leaves', () => {
    const setup = ceremony(2, 3);
    const network = new KeygenNetwork(setup).run();
    const run = runOf(setup, 1);
    const [round1, round2] = [1, 2].map((round) =>
      setup.pids.flatMap((pid) => network.envelopes(0x10, round, pid).slice(0, 1)),
    );
    if (round1 === undefined || round2 === undefined) throw new Error('two rounds');
    const random = labelRandom('network/1');
    const dealt = [randomScalar(random), randomScalar(random)];
    const round3With = (coefficients: readonly bigint[]) => {
      const secrets = { coefficients: new Secret(coefficients), chainCode: new Secret(vec('cc')) };
      const sid = network.outputs.get(1)?.epoch.sid ?? new Uint8Array(32);
      return round3(run, { secrets, sid, round1 }, round2);
    };
    expect(round3With(dealt).kind).toBe('next');
    const faulty = round3With([dealt[0] ?? 0n, (dealt[1] ?? 0n) + 1n]);
    expect(faulty.kind === 'abort' && [faulty.abort.failure, faulty.abort.culprits, faulty.outbox]).toEqual([
      'RESTART',
      [],
      undefined,
    ]);
  });
});

describe('messages that are not of this run (i.3, 62)', () => {
  const setup = ceremony(2, 3);
  const sid = setup.sessionId;

  it('messages of another attempt have no effect, although the same parties signed them', () => {
    const other = new KeygenNetwork(ceremony(2, 3, 'keygen', 2)).run();
    const network = new KeygenNetwork(setup);
    network.start();
    const machine = network.machine(1);
    for (const { bytes } of other.sent) expect(machine.deliver(bytes)).toEqual([]);
    expect(machine.accepts(other.ceremony.sessionId)).toBe(false);
    expect(machine.accepts(sid)).toBe(true);
    network.settle();
    expect(network.outputs.size).toBe(3);
  });

  it('an ABORT ends the run only if its sender has signed it; nobody is blamed', () => {
    const network = new KeygenNetwork(setup);
    network.start();
    const abort = (from: number, by: number, body = Uint8Array.of(0), to = 0) =>
      encodeEnvelope({ type: 0x40, round: 0, from, to, sid, body }, signerOf(setup, by).sign);
    const machine = network.machine(1);
    for (const bytes of [
      abort(3, 2),
      abort(1, 2),
      abort(1, 1),
      abort(9, 2),
      abort(2, 2, Uint8Array.of(1)),
      abort(2, 2, new Uint8Array(0)),
      abort(2, 2, Uint8Array.of(0), 1),
    ]) {
      expect(machine.deliver(bytes)).toEqual([]);
    }
    const effects = machine.deliver(abort(2, 2));
    expect(effects.map((effect) => effect.kind)).toEqual(['abort']);
    const [ended] = effects;
    expect(ended?.kind === 'abort' ? [ended.abort.failure, ended.abort.culprits] : []).toEqual(['BENIGN', []]);
    expect(machine.accepts(sid)).toBe(false);
    expect(machine.deliver(abort(3, 3))).toEqual([]);
  });

  it('from, to, type and round must fit together', () => {
    const network = new KeygenNetwork(setup).run();
    const fresh = new KeygenNetwork(setup);
    fresh.start();
    const machine = fresh.machine(1);
    for (const { from, envelope } of network.sent) {
      if (from === 1) continue;
      const { sign } = signerOf(setup, from);
      const wrong = [
        { ...envelope, to: envelope.to === 0 ? 2 : 0 },
        { ...envelope, round: envelope.round + 4 },
        { ...envelope, type: 0x20 },
        { ...envelope, type: 0x30 },
        { ...envelope, from: 4 },
        { ...envelope, sid: vec('unknown') },
      ];
      for (const fields of wrong) expect(machine.deliver(encodeEnvelope(fields, sign))).toEqual([]);
    }
    fresh.settle();
    expect(fresh.outputs.size).toBe(3);
  });
});

describe('a machine', () => {
  it('start twice, or anything after stop, does nothing', () => {
    const setup = ceremony(2, 3);
    const machine = createEpochRun(runOptions(setup, 1));
    expect(machine.start().length).toBe(1);
    expect(machine.start()).toEqual([]);
    machine.stop();
    expect(machine.start()).toEqual([]);
    expect(machine.accepts(setup.sessionId)).toBe(false);
    expect(machine.abandon()).toEqual([]);
  });
});
