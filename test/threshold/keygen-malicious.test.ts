/** One corrupt party against KEYGEN (docs/protocol.md i.3, 1-15): the right check, the right culprit, at every honest party. */
import { describe, expect, it } from 'vitest';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { chunks } from '../../protocol/threshold/encoding.ts';
import { commitDealing, commitmentStatement } from '../../protocol/threshold/keygen/checks.ts';
import { makeFrame } from '../../protocol/threshold/keygen/config.ts';
import { mod, ORDER, readScalar, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { proveSchnorr } from '../../protocol/threshold/proof/schnorr.ts';
import { randomScalar } from '../../protocol/threshold/random.ts';
import { encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import {
  CEREMONIES,
  change,
  equivocators,
  expectVerdict,
  honestOf,
  honestSid,
  is,
  publicBytes,
  round2Layout,
  runCorrupt,
  signAs,
  verdict,
  withEcho,
} from './support/keygen-attacks.ts';
import { ceremony, flip, KeygenNetwork, labelRandom, patch, pidOf } from './support/keygen-network.ts';
import { vec, vscalar } from './support/labels.ts';

const roles = CEREMONIES.flatMap((setup) =>
  setup.parties.map(({ index }) => ({ setup, corrupt: index, t: setup.threshold, n: setup.parties.length })),
);

/** The same ceremony without any corruption: what each party says is the same every time. */
const honestRuns = new Map(CEREMONIES.map((setup) => [setup, new KeygenNetwork(setup).run()]));

describe.each(roles)('$t-of-$n, party $corrupt is corrupt', ({ setup, corrupt, t }) => {
  const layout = round2Layout(t);
  const pid = pidOf(setup, corrupt);
  const honest = setup.parties.map(({ index }) => index).filter((index) => index !== corrupt);
  const [victim = 0, bystander = 0] = honest;
  const dry = honestRuns.get(setup) ?? new KeygenNetwork(setup).run();
  const said = (type: number, round: number, from: number): Uint8Array =>
    dry.envelopes(type, round, from)[0]?.body ?? new Uint8Array(0);
  const shareOf = (network: KeygenNetwork, from: number, to: number): Uint8Array =>
    network.envelopes(0x11, 3, from, to)[0]?.bytes ?? new Uint8Array(0);
  const otherAttempt = new KeygenNetwork(ceremony(t, setup.parties.length, 'keygen', 2)).run();
  const blamed = (check: string) => ({ failure: 'BLAME', check, culprits: [corrupt] }) as const;

  it('1: a flipped commitment does not open', () => {
    const network = runCorrupt(setup, corrupt, (fields, _, net) => {
      if (is(fields, 0x10, 1)) return { ...fields, body: flip(fields.body, 40) };
      return is(fields, 0x10, 2) ? { ...fields, body: withEcho(net, fields.body) } : fields;
    });
    expectVerdict(network, honest, blamed('K4'));
  });

  it('2: an equivocated round 1 is found by swapping evidence', () => {
    const network = runCorrupt(
      setup,
      corrupt,
      change(0x10, 1, (body) => flip(body, 3), victim),
    );
    expectVerdict(network, honest, { failure: 'INCONSISTENT', check: 'K2', culprits: [] });
    expect(equivocators(network)).toEqual([corrupt]);
  });

  it('2: a party that gets both messages names the sender at once', () => {
    const network = runCorrupt(setup, corrupt, (fields, to) => {
      if (!is(fields, 0x10, 1)) return fields;
      const other = { ...fields, body: flip(fields.body, 3) };
      return to === victim ? [other, fields] : fields;
    });
    expect(verdict(network, victim)).toEqual({ failure: 'INCONSISTENT', check: 'K2', culprits: [corrupt] });
    expect(verdict(network, bystander)).toEqual({ failure: 'INCONSISTENT', check: 'K2', culprits: [] });
  });

  it('3: a copied commitment blames the copier', () => {
    const network = runCorrupt(setup, corrupt, (fields, _, net) => {
      if (is(fields, 0x10, 1)) return { ...fields, body: said(0x10, 1, victim) };
      return is(fields, 0x10, 2) ? { ...fields, body: withEcho(net, said(0x10, 2, victim)) } : fields;
    });
    expectVerdict(network, honest, blamed('K4'));
  });

  it('4: one point too many or too few, or no proofs', () => {
    const points = (body: Uint8Array) => chunks(body.subarray(32, 32 + 33 * t), 33);
    for (const resize of [
      (body: Uint8Array) =>
        concat(body.subarray(0, 32), ...points(body), ...points(body).slice(0, 1), body.subarray(32 + 33 * t)),
      (body: Uint8Array) => concat(body.subarray(0, 32), ...points(body).slice(1), body.subarray(32 + 33 * t)),
      (body: Uint8Array) => body.subarray(0, layout.proof(0)),
      (body: Uint8Array) => body.subarray(0, layout.proof(t - 1)),
    ]) {
      expectVerdict(runCorrupt(setup, corrupt, change(0x10, 2, resize)), honest, blamed('K3'));
    }
  });

  it('5: a proof of another coefficient, party or sid', () => {
    const own = (body: Uint8Array, k: number) => body.subarray(layout.proof(k), layout.proof(k) + 65);
    const swapped = change(0x10, 2, (body) =>
      patch(patch(body, layout.proof(0), own(body, 1)), layout.proof(1), own(body, 0)),
    );
    const copied = change(0x10, 2, (body) => patch(body, layout.proof(0), own(said(0x10, 2, victim), 0)));
    const otherSid = proveSchnorr(
      'dkg/pok',
      vec('other sid'),
      commitmentStatement(pid, 0, said(0x10, 2, corrupt).slice(32, 65)),
      randomScalar(labelRandom(`network/${corrupt}`)),
      7n,
    );
    const replayed = change(0x10, 2, (body) => patch(body, layout.proof(0), otherSid));
    for (const says of [swapped, copied, replayed]) {
      expectVerdict(runCorrupt(setup, corrupt, says), honest, blamed('K5'));
    }
  });

  it('6, 60: a point or proof that is none', () => {
    const offCurve = Uint8Array.of(2, ...vec('off/0'));
    expect(curve.decode(offCurve)).toBeUndefined();
    const order = scalarToBytes(ORDER - 1n).map((byte, i) => (i === 31 ? byte + 1 : byte));
    expect(readScalar(order)).toBeUndefined();
    for (const [at, part] of [
      [layout.point(1), new Uint8Array(33)],
      [layout.point(0), offCurve],
      [layout.point(t - 1), Uint8Array.of(4)],
      [layout.proof(0), new Uint8Array(33)],
      [layout.proof(t - 1), offCurve],
      [layout.proof(1) + 33, order],
    ] as const) {
      const network = runCorrupt(
        setup,
        corrupt,
        change(0x10, 2, (body) => patch(body, at, part)),
      );
      expectVerdict(network, honest, blamed('K3'));
    }
    const long = change(0x10, 2, (body) => concat(body.subarray(0, 32), new Uint8Array(65).fill(4), body.subarray(65)));
    expectVerdict(runCorrupt(setup, corrupt, long), honest, blamed('K3'));
  });

  it('7: a rogue constant term, not committed or committed', () => {
    const rogue = curve.encode(curve.hashToCurve(vec('rogue'), 'test'));
    const late = change(0x10, 2, (body) => patch(body, layout.point(0), rogue));
    expectVerdict(runCorrupt(setup, corrupt, late), honest, blamed('K4'));

    const frame = makeFrame(setup.sessionId, setup.config);
    const body = said(0x10, 2, corrupt);
    const commitments = [rogue, ...chunks(body.slice(65, 32 + 33 * t), 33)];
    const network = runCorrupt(setup, corrupt, (fields, _, net) => {
      if (is(fields, 0x10, 1)) {
        const nonce = fields.body.slice(0, 32);
        const chainCodeHash = body.slice(layout.chainCodeHash, layout.blind);
        const blind = body.slice(layout.blind, layout.proof(0));
        return {
          ...fields,
          body: concat(nonce, commitDealing(frame, pid, { nonce, commitments, chainCodeHash, blind })),
        };
      }
      return is(fields, 0x10, 2)
        ? { ...fields, body: patch(withEcho(net, fields.body), layout.point(0), rogue) }
        : fields;
    });
    expectVerdict(network, honest, blamed('K5'));
  });

  it('8: another chain code hash for one party does not open; two valid round 2 messages end at the echo', () => {
    const network = runCorrupt(
      setup,
      corrupt,
      change(0x10, 2, (body) => flip(body, layout.chainCodeHash), victim),
    );
    expectVerdict(network, [victim], blamed('K4'));

    const random = labelRandom(`network/${corrupt}`);
    const coefficients = Array.from({ length: t }, () => randomScalar(random));
    const split = runCorrupt(setup, corrupt, (fields, to, net) => {
      if (!is(fields, 0x10, 2) || to !== victim) return fields;
      const proofs = coefficients.map((coefficient, k) => {
        const commitment = fields.body.slice(layout.point(k), layout.point(k + 1));
        return proveSchnorr(
          'dkg/pok',
          honestSid(net),
          commitmentStatement(pid, k, commitment),
          coefficient,
          vscalar(`other/${k}`),
        );
      });
      return { ...fields, body: patch(fields.body, layout.proof(0), concat(...proofs)) };
    });
    expectVerdict(split, honest, { failure: 'INCONSISTENT', check: 'K6', culprits: [] });
    expect(equivocators(split)).toEqual([corrupt]);
  });

  it('9, 10: a wrong share, or one that is not below q, is shown to all in a COMPLAINT', () => {
    const plusOne = (share: Uint8Array) => scalarToBytes(mod((readScalar(share) ?? 0n) + 1n));
    const huge = () => new Uint8Array(32).fill(255);
    for (const wrong of [plusOne, huge]) {
      const network = runCorrupt(
        setup,
        corrupt,
        change(0x11, 3, (body) => patch(body, 32, wrong(body.subarray(32, 64))), victim),
      );
      expectVerdict(network, honest, blamed('K7'));
      const complaints = network.envelopes(0x15, 8, victim);
      expect(complaints.length).toBe(setup.parties.length - 1);
      for (const index of honest) {
        expect(network.aborts.get(index)?.evidence.map(toHex)).toContain(
          toHex(complaints[0]?.bytes ?? new Uint8Array(0)),
        );
      }
    }
  });

  it('11: a chain code that does not open its hash is certain for the victim only and stays secret', () => {
    const network = runCorrupt(
      setup,
      corrupt,
      change(0x11, 3, (body) => flip(body, 64), victim),
    );
    expectVerdict(network, [victim], blamed('K8'));
    expect(network.aborts.get(victim)?.evidence).toEqual([]);
    expect(network.envelopes(0x15, 8, victim)).toEqual([]);
  });

  it('12: parts of two runs crossed blame nobody, also if the share is wrong', () => {
    for (const cross of [(body: Uint8Array) => flip(body, 0), (body: Uint8Array) => flip(flip(body, 0), 40)]) {
      const network = runCorrupt(setup, corrupt, change(0x11, 3, cross, victim));
      expectVerdict(network, [victim], { failure: 'INCONSISTENT', check: 'K11', culprits: [] });
      expect(network.envelopes(0x15, 8, victim)).toEqual([]);
    }
  });

  it('13: a false COMPLAINT blames the complainer', () => {
    const sign = signAs(setup, corrupt);
    for (const show of [
      (share: Uint8Array) => share,
      (share: Uint8Array) => flip(share, 80),
      (share: Uint8Array) => flip(share, share.length - 1),
      (share: Uint8Array) => flip(share, 0),
      () => vec('no envelope', 203),
      // What an accomplice got, and what the same dealer sent in another attempt: both fail the own commitments.
      (_: Uint8Array, net: KeygenNetwork) => shareOf(net, victim, bystander),
      () => shareOf(otherAttempt, victim, corrupt),
      (share: Uint8Array, net: KeygenNetwork) =>
        encodeEnvelope(
          { type: 0x11, round: 3, from: pid, to: pid, sid: honestSid(net), body: share.slice(43, 139) },
          sign,
        ),
    ]) {
      const network = runCorrupt(setup, corrupt, (fields, _, net) => {
        if (!is(fields, 0x10, 4)) return fields;
        const share = net.envelopes(0x11, 3, victim, corrupt)[0]?.bytes ?? new Uint8Array(203);
        return { ...fields, type: 0x15, round: 8, body: show(share, net) };
      });
      expectVerdict(network, honest, blamed('K7'));
    }
  });

  it('13: a COMPLAINT with a share of another view blames nobody', () => {
    const network = runCorrupt(setup, corrupt, (fields, _, net) => {
      if (!is(fields, 0x10, 4)) return fields;
      const share = net.envelopes(0x11, 3, victim, corrupt)[0];
      if (share === undefined) return fields;
      const crossed = encodeEnvelope({ ...share, body: flip(share.body, 0) }, signAs(setup, victim));
      return { ...fields, type: 0x15, round: 8, body: crossed };
    });
    expectVerdict(network, honest, { failure: 'INCONSISTENT', check: 'K11', culprits: [] });
  });

  it('14: another digest; a proof that does not verify or is none', () => {
    for (const [at, check] of [
      [0, 'K9'],
      [96, 'K10'],
      [32, 'K10'],
      [40, 'K10'],
    ] as const) {
      expectVerdict(
        runCorrupt(
          setup,
          corrupt,
          change(0x10, 4, (body) => flip(body, at)),
        ),
        honest,
        blamed(check),
      );
    }
  });

  it('a signed message of the wrong length blames its sender, in every round', () => {
    for (const [type, round, check] of [
      [0x10, 1, 'K1'],
      [0x10, 2, 'K3'],
      [0x10, 3, 'K1'],
      [0x11, 3, 'K1'],
      [0x10, 4, 'K1'],
    ] as const) {
      for (const resize of [
        (body: Uint8Array) => body.subarray(1),
        (body: Uint8Array) => concat(body, Uint8Array.of(0)),
      ]) {
        expectVerdict(runCorrupt(setup, corrupt, change(type, round, resize)), honest, blamed(check));
      }
    }
  });

  it('a withheld message leaves everybody waiting, and nobody with a key', () => {
    const network = runCorrupt(setup, corrupt, (fields, to) =>
      is(fields, 0x11, 3) && to === victim ? undefined : fields,
    );
    expect(network.outputs.size).toBe(0);
    expect(network.aborts.size).toBe(0);
    for (const index of honestOf(network, corrupt)) network.machine(index).stop();
    expect(network.records).toEqual([]);
  });
});

describe('what leaves in the open', () => {
  it.each([...honestRuns.entries()])('15: holds no chain code, contribution or share', (setup, network) => {
    const open = publicBytes(network);
    for (const { index } of setup.parties) {
      const random = labelRandom(`network/${index}`);
      const coefficients = setup.parties.slice(0, setup.threshold).map(() => scalarToBytes(randomScalar(random)));
      const keyshare = network.keyshares.get(index);
      if (keyshare === undefined) throw new Error('no key share');
      const secrets = [
        ...coefficients,
        random.bytes(32),
        keyshare.share.use(scalarToBytes),
        keyshare.chainCode.use((code) => code.slice()),
      ];
      for (const secret of secrets) expect(open.includes(toHex(secret))).toBe(false);
    }
  });
});
