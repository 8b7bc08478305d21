import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { type Signer, signerFromSeed, verify } from '../../protocol/ceremony/ed25519.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import type { Point } from '../../protocol/threshold/curve/curve.ts';
import { u8, u32 } from '../../protocol/threshold/encoding.ts';
import { H } from '../../protocol/threshold/hash.ts';
import {
  type ChooserValues,
  choose,
  hashToPoint,
  type PointHash,
  receive,
  transfer,
} from '../../protocol/threshold/pair-setup/base-ot.ts';
import type { PairDraws, PairSetupConfig } from '../../protocol/threshold/pair-setup/machine.ts';
import { readTransfer } from '../../protocol/threshold/pair-setup/messages.ts';
import { checkMirror, mirrorSid } from '../../protocol/threshold/pair-setup/mirror.ts';
import {
  type SelfTestValues,
  selfTestFrame,
  testExtend,
  testFinish,
  testMultiply,
} from '../../protocol/threshold/pair-setup/self-test.ts';
import { PairSetup } from '../../protocol/threshold/pair-setup/setup.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { bytes, vec, vscalar } from './support/labels.ts';
import { mirrorVectors } from './support/mirror-vectors.ts';
import { PairNetwork, pairConfig } from './support/pair-network.ts';
import { protocolVectors } from './support/protocol-vectors.ts';
import { expectSigned } from './support/sign-vectors.ts';

const { endemic, pairsetup, keygen } = protocolVectors;

/** The random oracle for which base OT has answers from outside. */
const rfc9380: PointHash = (message) => curve.hashToCurve(message, 'dkls-ts/v2/bot/h2c');

describe('base OT and self-test against the answers from outside', () => {
  it('base OT: the known rows among 128', () => {
    const known = new Map(endemic.rows.map((row) => [row.idx, row]));
    const bsid = vec('endemic/bsid');
    const delta = new Uint8Array(16);
    for (const row of endemic.rows)
      if (row.c === 0) delta[row.idx >> 3] = (delta[row.idx >> 3] ?? 0) | (1 << (row.idx & 7));
    // The rows without a vector get the inputs of the first one: they only have to be valid.
    const label = (r: number): string => `endemic/${known.has(r) ? r : 0}/`;
    const chooser = { delta, u: each((r) => vscalar(`${label(r)}u`)), unchosen: each((r) => vpoint(`${label(r)}R`)) };
    const message = must(choose(bsid, chooser, rfc9380));
    const v = each((r) => [vscalar(`${label(r)}v0`), vscalar(`${label(r)}v1`)] as const);
    const sent = must(transfer(bsid, message, { v }, rfc9380));
    const chosen = must(receive(bsid, chooser, message, sent.reply));
    for (const [r, row] of known) {
      expect(toHex(message.subarray(66 * r, 66 * r + 66))).toBe(row.R_0 + row.R_1);
      expect(toHex(sent.reply.subarray(66 * r, 66 * r + 66))).toBe(row.V_0 + row.V_1);
      expect(toHex(sent.keys.subarray(64 * r, 64 * r + 64))).toBe(row.K_0 + row.K_1);
      expect(toHex(chosen.subarray(32 * r, 32 * r + 32))).toBe(row.K_c);
    }
  });

  it('base OT in both directions and the self-test of a whole run without mirror, then a signature', () => {
    const { i, j } = pairsetup;
    const at = 'pairsetup/';
    const pairSid = H('pair/sid', bytes(keygen.epochId), u8(i), u8(j), u32(0), nonce(at, i), nonce(at, j));
    expect(toHex(pairSid)).toBe(pairsetup.pairSid);
    const other = new Map([
      [i, j],
      [j, i],
    ]);
    const body = (round: number, index: number): string | undefined =>
      pairsetup.messages[`PS${round}`]?.[index]?.bodySha256;
    const both = new Map<number, Uint8Array>();
    const sender = new Map<number, { readonly delta: Uint8Array; readonly seeds: Uint8Array }>();
    for (const [a, b] of other) {
      const bsid = H('bot/sid', pairSid, u8(b), u8(a));
      const chooser = {
        delta: vec(`${at}Delta/${a}`, 16),
        u: each((r) => vscalar(`${at}A${a}/${r}/u`)),
        unchosen: each((r) => vpoint(`${at}A${a}/${r}/R`)),
      };
      const points = must(choose(bsid, chooser, rfc9380));
      expect(hash(points)).toBe(body(2, a));
      const v = each((r) => [vscalar(`${at}B${b}/${r}/v0`), vscalar(`${at}B${b}/${r}/v1`)] as const);
      const sent = must(transfer(bsid, points, { v }, rfc9380));
      expect(hash(concat(sent.reply, vec(`${at}z/${b}`)))).toBe(body(3, b));
      expect(hash(sent.keys)).toBe(pairsetup.seedsSha256[`B${b}A${a}`]);
      both.set(b, sent.keys);
      sender.set(a, { delta: chooser.delta, seeds: must(receive(bsid, chooser, points, sent.reply)) });
    }
    const conf = H(
      'pair/confirm',
      pairSid,
      ...[1, 2, 3].flatMap((round) =>
        [i, j].map((index) => bytes(pairsetup.messages[`PS${round}`]?.[index]?.eh ?? '')),
      ),
    );
    const frame = selfTestFrame({
      epochId: bytes(keygen.epochId),
      rosterDigest: bytes(keygen.rosterDigest),
      pairSid,
      counter: 0,
      signers: [i, j],
      conf,
    });
    expect(toHex(frame.pairEpoch)).toBe(pairsetup.pairEpoch);
    for (const [a, b] of other) {
      const direction = { receiver: b, sender: a, receiverNonce: nonce(at, b) };
      const test = testExtend(frame, direction, must(both.get(b)), selfTest(at, b));
      expect(hash(concat(conf, test.ote))).toBe(body(4, b));
      const answer = testMultiply(frame, direction, must(sender.get(a)), test.ote, selfTest(at, a));
      if (typeof answer === 'string') throw new Error(answer);
      expect(hash(answer)).toBe(body(5, a));
      expect(testFinish(test, answer)).toBeUndefined();
    }
    const stores = new Map(
      [...other].map(([self, peer]) => {
        const store = new PairStore({ identityKey: (_, party) => identity('keygen/', party).publicKey, verify });
        const setup = PairSetup.of({
          self,
          peer,
          epochId: bytes(keygen.epochId),
          pairSid,
          pairEpoch: frame.pairEpoch,
          zeroSeed: bytes(pairsetup.zs),
          sender: must(sender.get(self)),
          receiverSeeds: must(both.get(self)),
        });
        store.prepare({ setup, pack: new Uint8Array(0), active: true }, 0);
        return [self, store];
      }),
    );
    expectSigned(keygen, pairsetup.signature, 'keygen', `${at}sign/`, stores);
  });
});

describe('PAIRSETUP vectors (docs/protocol.md p)', () => {
  const known = mirrorVectors;
  const { i, j } = known;
  const at = 'mirror/';
  const config = (self: number, peer: number): PairSetupConfig => ({
    ...pairConfig(self, peer),
    epochId: bytes(known.epochId),
    rosterDigest: bytes(known.rosterDigest),
    peerKey: identity(at, peer).publicKey,
    sign: (message: Uint8Array) => identity(at, self).sign(message),
    draws: knownDraws(at, self),
  });
  const network = new PairNetwork(config(i, j), config(j, i)).run();

  it('hashes to points', () => {
    for (const { message, point } of known.hashToPoint.cases)
      expect(toHex(curve.encode(hashToPoint(bytes(message))))).toBe(point);
  });

  it('a complete run, every message byte for byte', () => {
    const rounds = new Map([
      [i, [1, 2, 4, 5, 6]],
      [j, [1, 3, 4, 5, 6]],
    ]);
    for (const [index, expected] of rounds) {
      const sent = network.sent(index).map((message) => must(parseEnvelope(message)));
      expect(sent.map((one) => one.round)).toEqual(expected);
      for (const one of sent) {
        const message = known.messages[`PS${one.round}`]?.[index];
        expect(hash(one.body), `PS${one.round} of ${index}`).toBe(message?.bodySha256);
        expect(toHex(one.eh)).toBe(message?.eh);
        expect(toHex(one.signature)).toBe(message?.sig);
      }
    }
    const counted = Object.values(known.messages).flatMap((round) => Object.values(round));
    expect(counted).toHaveLength([...rounds.values()].flat().length);
  });

  it('both directions as the independent derivation has them', () => {
    for (const [self, peer] of [
      [i, j],
      [j, i],
    ] as const) {
      const { setup } = must(network.outputOf(self));
      expect(toHex(setup.pairSid)).toBe(known.pairSid);
      expect(toHex(setup.pairEpoch)).toBe(known.pairEpoch);
      expect(toHex(setup.zeroSeed)).toBe(known.zs);
      expect(toHex(setup.sender.delta)).toBe(known.Delta[self]);
      expect(hash(setup.sender.seeds)).toBe(known.chosenSha256[`B${peer}A${self}`]);
      expect(hash(setup.receiverSeeds)).toBe(known.bothSha256[`B${self}A${peer}`]);
    }
  });

  it('the mirror extension, and what its check refuses', () => {
    const ps3 = must(
      network
        .sent(j)
        .map((message) => must(parseEnvelope(message)))
        .find((one) => one.round === 3),
    );
    const { head, mirror } = must(readTransfer(ps3.body));
    const { sender, receiverSeeds } = must(network.outputOf(i)).setup;
    const sid = mirrorSid(bytes(known.pairSid), j, i, head);
    expect(toHex(sid)).toBe(known.mirrorSid);
    expect(hash(mirror)).toBe(known.mirror.bodySha256);
    expect(toHex(mirror.subarray(0, 32))).toBe(known.mirror.U_0);
    expect(toHex(mirror.subarray(4096, 4128))).toBe(known.mirror.xh + known.mirror.th_0);
    expect(toHex(receiverSeeds.subarray(0, 64))).toBe(known.mirror.K0_0 + known.mirror.K1_0);
    expect(checkMirror(sid, sender, mirror)).toEqual(receiverSeeds);
    const flips = [
      [0, 0],
      [63, 7],
      [4096, 0],
      [mirror.length - 1, 7],
    ] as const;
    for (const [n, [byte, bit]] of flips.entries()) {
      const changed = mirror.slice();
      changed[byte] = (changed[byte] ?? 0) ^ (1 << bit);
      expect(hash(changed)).toBe(known.mirror.negative[n]?.bodySha256);
      expect(checkMirror(sid, sender, changed)).toBeUndefined();
    }
  });
});

function knownDraws(at: string, self: number): PairDraws {
  const common = { z: vec(`${at}z/${self}`), selfTest: selfTest(at, self) };
  const chooser = (): ChooserValues => ({
    delta: vec(`${at}Delta`, 16),
    u: each((r) => vscalar(`${at}A/${r}/u`)),
    unchosen: each((r) => vpoint(`${at}A/${r}/R`)),
  });
  return {
    nonce: () => nonce(at, self),
    low: () => ({ ...common, chooser: chooser() }),
    high: () => ({
      ...common,
      transfer: { v: each((r) => [vscalar(`${at}B/${r}/v0`), vscalar(`${at}B/${r}/v1`)] as const) },
      mirror: concat(vec(`${at}choice`, 16), vec(`${at}choice-mask`, 16)),
    }),
  };
}

function selfTest(at: string, self: number): SelfTestValues {
  return {
    choice: concat(vec(`${at}beta/${self}`, 52), vec(`${at}mask/${self}`, 16)),
    inputs: [vscalar(`${at}a0/${self}`), vscalar(`${at}a1/${self}`)],
    mask: vscalar(`${at}ah/${self}`),
  };
}

function nonce(at: string, index: number): Uint8Array {
  return vec(`${at}nonce/${index}`);
}

function identity(at: string, index: number): Signer {
  return signerFromSeed(vec(`${at}identity/${index}`));
}

function each<T>(make: (r: number) => T): T[] {
  return Array.from({ length: 128 }, (_, r) => make(r));
}

function hash(value: Uint8Array): string {
  return toHex(sha256(value));
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing there');
  return value;
}

/** x from the first label that is on the curve, the sign from another. */
function vpoint(label: string): Point {
  const odd = ((vec(`${label}/sign`)[0] ?? 0) & 1) === 1;
  for (let t = 0; ; t++) {
    const point = curve.liftX(vec(`${label}/x/${t}`), odd);
    if (point !== undefined) return point;
  }
}
