import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { signerFromSeed, verify } from '../../protocol/ceremony/ed25519.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import type { Point } from '../../protocol/threshold/curve/curve.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { choose, receive, transfer } from '../../protocol/threshold/pair-setup/base-ot.ts';
import type { PairDraws, PairSetupConfig } from '../../protocol/threshold/pair-setup/machine.ts';
import type { PairValues } from '../../protocol/threshold/pair-setup/run.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { bytes, vec, vscalar } from './support/labels.ts';
import { PairNetwork, pairConfig } from './support/pair-network.ts';
import { protocolVectors } from './support/protocol-vectors.ts';
import { expectSigned } from './support/sign-vectors.ts';

const { endemic, pairsetup, keygen } = protocolVectors;

describe('PAIRSETUP vectors (docs/protocol.md p)', () => {
  it('base OT: the known rows among 128', () => {
    const known = new Map(endemic.rows.map((row) => [row.idx, row]));
    const bsid = vec('endemic/bsid');
    const indices = Array.from({ length: 128 }, (_, r) => r);
    const delta = new Uint8Array(16);
    for (const row of endemic.rows)
      if (row.c === 0) delta[row.idx >> 3] = (delta[row.idx >> 3] ?? 0) | (1 << (row.idx & 7));
    // The rows without a vector get the inputs of the first one: they only have to be valid.
    const label = (r: number): string => `endemic/${known.has(r) ? r : 0}/`;
    const chooser = {
      delta,
      u: indices.map((r) => vscalar(`${label(r)}u`)),
      unchosen: indices.map((r) => vpoint(`${label(r)}R`)),
    };
    const message = choose(bsid, chooser) ?? new Uint8Array(0);
    const sent = transfer(bsid, message, {
      v: indices.map((r) => [vscalar(`${label(r)}v0`), vscalar(`${label(r)}v1`)]),
    });
    const chosen = receive(bsid, chooser, message, sent?.reply ?? new Uint8Array(0));
    for (const [r, row] of known) {
      expect(toHex(message.subarray(66 * r, 66 * r + 66))).toBe(row.R_0 + row.R_1);
      expect(toHex(sent?.reply.subarray(66 * r, 66 * r + 66) ?? new Uint8Array(0))).toBe(row.V_0 + row.V_1);
      expect(toHex(sent?.keys.subarray(64 * r, 64 * r + 64) ?? new Uint8Array(0))).toBe(row.K_0 + row.K_1);
      expect(toHex(chosen?.subarray(32 * r, 32 * r + 32) ?? new Uint8Array(0))).toBe(row.K_c);
    }
  });

  it('a complete run, every message byte for byte, then a signature with the setup', () => {
    const { i, j } = pairsetup;
    const identity = (index: number): ReturnType<typeof signerFromSeed> =>
      signerFromSeed(vec(`keygen/identity/${index}`));
    const config = (self: number, peer: number): PairSetupConfig => ({
      ...pairConfig(self, peer),
      epochId: bytes(keygen.epochId),
      rosterDigest: bytes(keygen.rosterDigest),
      peerKey: identity(peer).publicKey,
      sign: (message: Uint8Array) => identity(self).sign(message),
      draws: knownDraws(self),
    });
    const network = new PairNetwork(config(i, j), config(j, i)).run();
    for (const index of [i, j]) {
      const rounds = network.sent(index).map((sent) => parseEnvelope(sent));
      expect(rounds.map((one) => one?.round)).toEqual([1, 2, 3, 4, 5, 6]);
      for (const one of rounds) {
        const known = pairsetup.messages[`PS${one?.round}`]?.[index];
        expect(one && toHex(sha256(one.body)), `PS${one?.round} of ${index}`).toBe(known?.bodySha256);
        expect(one && toHex(one.eh)).toBe(known?.eh);
        expect(one && toHex(one.signature)).toBe(known?.sig);
      }
      const output = network.outputOf(index);
      const peer = index === i ? j : i;
      expect(output && toHex(output.setup.pairEpoch)).toBe(pairsetup.pairEpoch);
      expect(output && toHex(output.setup.zeroSeed)).toBe(pairsetup.zs);
      expect(output && toHex(output.setup.sender.delta)).toBe(pairsetup.Delta[index]);
      expect(output && toHex(sha256(output.setup.receiverSeeds))).toBe(pairsetup.seedsSha256[`B${index}A${peer}`]);
    }
    const stores = new Map(
      [i, j].map((index) => {
        const store = new PairStore({ identityKey: (_, peer) => identity(peer).publicKey, verify });
        const output = network.outputOf(index);
        if (output !== undefined) store.prepare({ ...output, active: true }, 0);
        return [index, store];
      }),
    );
    expectSigned(keygen, pairsetup.signature, 'keygen', 'pairsetup/sign/', stores);
  });
});

function knownDraws(self: number): PairDraws {
  const at = 'pairsetup/';
  const each = <T>(make: (r: number) => T): T[] => Array.from({ length: 128 }, (_, r) => make(r));
  return {
    nonce: () => vec(`${at}nonce/${self}`),
    values: (): PairValues => ({
      chooser: {
        delta: vec(`${at}Delta/${self}`, 16),
        u: each((r) => vscalar(`${at}A${self}/${r}/u`)),
        unchosen: each((r) => vpoint(`${at}A${self}/${r}/R`)),
      },
      transfer: { v: each((r) => [vscalar(`${at}B${self}/${r}/v0`), vscalar(`${at}B${self}/${r}/v1`)] as const) },
      z: vec(`${at}z/${self}`),
      selfTest: {
        choice: concat(vec(`${at}beta/${self}`, 52), vec(`${at}mask/${self}`, 16)),
        inputs: [vscalar(`${at}a0/${self}`), vscalar(`${at}a1/${self}`)],
        mask: vscalar(`${at}ah/${self}`),
      },
    }),
  };
}

/** x from the first label that is on the curve, the sign from another. */
function vpoint(label: string): Point {
  const odd = ((vec(`${label}/sign`)[0] ?? 0) & 1) === 1;
  for (let t = 0; ; t++) {
    const point = curve.liftX(vec(`${label}/x/${t}`), odd);
    if (point !== undefined) return point;
  }
}
