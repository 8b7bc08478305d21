/**
 * One corrupt member against KEYGEN, RESHARE, REMOVE and IMPORT (docs/protocol.md i.3, 1-15): the right check, the
 * right culprit, at every honest member.
 */
import { describe, expect, it } from 'vitest';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { chunks } from '../../protocol/threshold/encoding.ts';
import { commitDealing, commitmentStatement } from '../../protocol/threshold/keygen/checks.ts';
import { mod, ORDER, readScalar, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { proveSchnorr } from '../../protocol/threshold/proof/schnorr.ts';
import { encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import {
  CEREMONIES,
  change,
  coefficientsOf,
  equivocators,
  expectVerdict,
  honestMembers,
  honestRun,
  honestSid,
  is,
  isNew,
  publicBytes,
  ROLES,
  round2Layout,
  runCorrupt,
  runOf,
  signAs,
  verdict,
  withEcho,
} from './support/keygen-attacks.ts';
import { flip, type KeygenNetwork, labelRandom, patch } from './support/keygen-network.ts';
import { vec, vscalar } from './support/labels.ts';

const blaming = (corrupt: number) => (check: string) => ({ failure: 'BLAME', check, culprits: [corrupt] }) as const;

describe.each(ROLES)('$name, member $corrupt is corrupt', ({ setup, corrupt, deals, holds }) => {
  const { honest, holders } = honestMembers(setup, corrupt);
  const [victim = 0, bystander = 0] = honest;
  const blamed = blaming(corrupt);

  it('2: an equivocated round 1 is found by swapping evidence', () => {
    const network = runCorrupt(
      setup,
      corrupt,
      change(0x10, 1, (body) => flip(body, 3), victim),
    );
    expectVerdict(network, honest, { failure: 'INCONSISTENT', check: 'K2', culprits: [] });
    expect(equivocators(network)).toEqual([corrupt]);
  });

  it('2: a member that gets both messages names the sender at once', () => {
    const network = runCorrupt(setup, corrupt, (fields, to) => {
      if (!is(fields, 0x10, 1)) return fields;
      const other = { ...fields, body: flip(fields.body, 3) };
      return to === victim ? [other, fields] : fields;
    });
    expect(verdict(network, victim)).toEqual({ failure: 'INCONSISTENT', check: 'K2', culprits: [corrupt] });
    expect(verdict(network, bystander)).toEqual({ failure: 'INCONSISTENT', check: 'K2', culprits: [] });
  });

  it('a signed message of the wrong length blames its sender, in every round', () => {
    for (const [type, round, check, sent, heard] of [
      [0x10, 1, 'K1', true, honest],
      [0x10, 2, 'K3', true, honest],
      [0x10, 3, 'K1', true, honest],
      [0x11, 3, 'K1', deals, holders],
      [0x10, 4, 'K1', holds, holders],
    ] as const) {
      for (const resize of [
        (body: Uint8Array) => body.subarray(1),
        (body: Uint8Array) => concat(body, Uint8Array.of(0)),
      ]) {
        if (sent) expectVerdict(runCorrupt(setup, corrupt, change(type, round, resize)), heard, blamed(check));
      }
    }
  });

  it('13: a COMPLAINT that shows nothing blames the complainer, whoever it is', () => {
    // In the place of round 3, so that it comes before anybody is done.
    const network = runCorrupt(setup, corrupt, (fields, _, net) =>
      is(fields, 0x10, 3)
        ? { ...fields, type: 0x15, round: 8, sid: honestSid(net), body: vec('no envelope', 203) }
        : fields,
    );
    expectVerdict(network, honest, blamed('K7'));
  });
});

describe.each(ROLES.filter((role) => role.deals))('$name, dealer $corrupt is corrupt', (role) => {
  const { setup, corrupt } = role;
  const t = setup.threshold;
  const layout = round2Layout(t);
  const { honest, holders } = honestMembers(setup, corrupt);
  const [victim = 0] = holders;
  const dry = honestRun(setup);
  const said = (type: number, round: number, from: number): Uint8Array =>
    dry.envelopes(type, round, from)[0]?.body ?? new Uint8Array(0);
  const others = setup.pids.filter((pid) => pid !== corrupt && setup.config.parties[pid - 1]?.dealer);
  const blamed = blaming(corrupt);

  it('1: a flipped commitment does not open', () => {
    const network = runCorrupt(setup, corrupt, (fields, _, net) => {
      if (is(fields, 0x10, 1)) return { ...fields, body: flip(fields.body, 40) };
      return is(fields, 0x10, 2) ? { ...fields, body: withEcho(net, fields.body) } : fields;
    });
    expectVerdict(network, honest, blamed('K4'));
  });

  it('3: a copied commitment blames the copier', () => {
    for (const copied of others) {
      const network = runCorrupt(setup, corrupt, (fields, _, net) => {
        if (is(fields, 0x10, 1)) return { ...fields, body: said(0x10, 1, copied) };
        return is(fields, 0x10, 2) ? { ...fields, body: withEcho(net, said(0x10, 2, copied)) } : fields;
      });
      expectVerdict(network, honest, blamed('K4'));
    }
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
    const copied = others.map((other) =>
      change(0x10, 2, (body) => patch(body, layout.proof(0), own(said(0x10, 2, other), 0))),
    );
    const otherSid = proveSchnorr(
      'dkg/pok',
      vec('other sid'),
      commitmentStatement(corrupt, 0, said(0x10, 2, corrupt).slice(32, 65)),
      coefficientsOf(setup, corrupt)[0] ?? 0n,
      7n,
    );
    const replayed = change(0x10, 2, (body) => patch(body, layout.proof(0), otherSid));
    for (const says of [swapped, ...copied, replayed]) {
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

    const run = runOf(setup, corrupt);
    const body = said(0x10, 2, corrupt);
    const commitments = [rogue, ...chunks(body.slice(65, 32 + 33 * t), 33)];
    const network = runCorrupt(setup, corrupt, (fields, _, net) => {
      if (is(fields, 0x10, 1)) {
        const nonce = fields.body.slice(0, 32);
        const chainCodeHash = body.slice(layout.chainCodeHash, layout.blind);
        const blind = body.slice(layout.blind, layout.proof(0));
        return {
          ...fields,
          body: concat(nonce, commitDealing(run, corrupt, { nonce, commitments, chainCodeHash, blind })),
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
    // Where the chain code is inherited there is nothing to commit to, and the field is zero.
    expectVerdict(network, [victim], blamed(isNew(setup) ? 'K4' : 'K3'));

    const coefficients = coefficientsOf(setup, corrupt);
    const split = runCorrupt(setup, corrupt, (fields, to, net) => {
      if (!is(fields, 0x10, 2) || to !== victim) return fields;
      const proofs = coefficients.map((coefficient, k) => {
        const commitment = fields.body.slice(layout.point(k), layout.point(k + 1));
        return proveSchnorr(
          'dkg/pok',
          honestSid(net),
          commitmentStatement(corrupt, k, commitment),
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
      expect(complaints.length).toBe(setup.pids.length - 1);
      for (const pid of honest) {
        expect(network.aborts.get(pid)?.evidence.map(toHex)).toContain(
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

  it('a withheld share leaves everybody waiting, and nobody with a key', () => {
    const network = runCorrupt(setup, corrupt, (fields, to) =>
      is(fields, 0x11, 3) && to === victim ? undefined : fields,
    );
    expect(network.outputs.size).toBe(0);
    expect(network.aborts.size).toBe(0);
    for (const pid of honest) network.machine(pid).stop();
    expect(network.records).toEqual([]);
  });
});

describe.each(ROLES.filter((role) => role.holds))('$name, holder $corrupt is corrupt', (role) => {
  const { setup, other, corrupt } = role;
  const { honest, holders } = honestMembers(setup, corrupt);
  const dealers = honest.filter((pid) => setup.config.parties[pid - 1]?.dealer);
  const [victim = 0, accomplice] = dealers;
  const blamed = blaming(corrupt);
  const shareOf = (network: KeygenNetwork, from: number, to: number): Uint8Array =>
    network.envelopes(0x11, 3, from, to)[0]?.bytes ?? new Uint8Array(0);

  it('13: a false COMPLAINT blames the complainer', () => {
    const sign = signAs(setup, corrupt);
    for (const show of [
      (share: Uint8Array) => share,
      (share: Uint8Array) => flip(share, 80),
      (share: Uint8Array) => flip(share, share.length - 1),
      (share: Uint8Array) => flip(share, 0),
      () => vec('no envelope', 203),
      // What another party got, and what the same dealer sent in another attempt: both fail the own commitments.
      (_: Uint8Array, net: KeygenNetwork) => shareOf(net, victim, accomplice ?? victim),
      () => shareOf(honestRun(other), victim, corrupt),
      (share: Uint8Array, net: KeygenNetwork) =>
        encodeEnvelope(
          { type: 0x11, round: 3, from: corrupt, to: corrupt, sid: honestSid(net), body: share.slice(43, 139) },
          sign,
        ),
    ]) {
      const network = runCorrupt(setup, corrupt, (fields, _, net) => {
        if (!is(fields, 0x10, 4)) return fields;
        const share = net.envelopes(0x11, 3, victim, corrupt)[0]?.bytes ?? new Uint8Array(203);
        return { ...fields, type: 0x15, round: 8, body: concat(show(share, net), new Uint8Array(203)).slice(0, 203) };
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
      const says = change(0x10, 4, (body) => flip(body, at));
      expectVerdict(runCorrupt(setup, corrupt, says), holders, blamed(check));
    }
  });
});

describe('what leaves in the open', () => {
  it.each(CEREMONIES.map((setup) => [setup.name, setup] as const))(
    '15: %s holds no chain code or share',
    (_, setup) => {
      const network = honestRun(setup);
      const open = publicBytes(network);
      const secrets = [...network.keyshares.values()].flatMap((keyshare) => [
        keyshare.share.use(scalarToBytes),
        keyshare.chainCode.use((code) => code.slice()),
      ]);
      for (const pid of setup.pids.filter((member) => setup.config.parties[member - 1]?.dealer)) {
        secrets.push(...coefficientsOf(setup, pid).map(scalarToBytes));
        const dealt = setup.dealt(pid);
        if (dealt !== undefined) secrets.push(scalarToBytes(dealt.secret.take()), dealt.chainCode.take());
        if (isNew(setup)) {
          const random = labelRandom(`network/${pid}`);
          for (let k = 0; k < setup.threshold; k++) random.bytes(48);
          secrets.push(random.bytes(32));
        }
      }
      for (const secret of secrets) expect(open.includes(toHex(secret))).toBe(false);
    },
  );
});
