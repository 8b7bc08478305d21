/**
 * The one path of docs/architecture.md, in memory, with every real part: keygen by two of three, an allowed transfer
 * signed, the Safe transaction of February 2025 refused; and each transcript audited with nothing but the roster.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { PairSetupMachine } from '../../protocol/threshold/pair-setup/machine.ts';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { runAll } from '../support/bus.ts';
import type { Moot } from '../support/moot.ts';
import { must } from '../support/must.ts';
import type { MootWallet } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { transfer, treasuryMoot, trojan } from '../support/treasury.ts';
import { labelRandom } from '../threshold/support/sign-network.ts';

/** Base OT between two parties, as two processes do it when they first meet. */
function meet(moot: Moot, { wallet, pairs }: MootWallet, i: number, j: number): void {
  const machineOf = (self: number, peer: number): PairSetupMachine =>
    new PairSetupMachine({
      epochId: wallet.epochId,
      rosterDigest: moot.roster.digest,
      self,
      peer,
      peerKey: moot.keyOf(`party:${peer}`).publicKey,
      counter: 0,
      isRefused: () => false,
      sign: moot.keyOf(`party:${self}`).sign,
      verify,
      random: labelRandom(`pair/${self}`),
    });
  const ran = runAll(
    new Map([
      [i, machineOf(i, j)],
      [j, machineOf(j, i)],
    ]),
  );
  for (const [self, peer] of [
    [i, j],
    [j, i],
  ] as const) {
    const prepared = ran.outputs.get(self);
    const pack = ran.outputs.get(peer)?.pack;
    if (prepared === undefined || pack === undefined) throw new Error('the pair setup gave nothing');
    pairs.get(self)?.prepare(prepared, 0);
    pairs.get(self)?.deliver(pack, 0);
  }
}

describe('the whole path', () => {
  const moot = treasuryMoot('whole path');
  const { roster } = moot;
  const history = new History();

  const keygen = moot.keygen('treasury');
  const from = keygen.wallet;
  if (from === undefined) throw new Error('the keygen gave no key');

  it('makes a key that only the three together know, and an auditor can follow', () => {
    const report = verifyTranscript(fileOf(keygen.lines), { roster, history });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, ending: 'completed', notes: [] });
    expect(report.wallet?.publicKey).toEqual(from.wallet.publicKey);
    for (const { body } of keygen.story.outcomes) expect(body.key?.publicKey).toEqual(from.wallet.publicKey);
  });

  it('signs a transfer that the policy allows', () => {
    meet(moot, from, 1, 2);
    const payload = transfer();
    const { lines, story } = moot.sign(from, { payload });
    const report = verifyTranscript(fileOf(lines), { roster, history });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, ending: 'completed', notes: [] });
    expect(story.verdicts.map(({ body }) => [body.decision, body.byHand])).toEqual([
      ['consent', false],
      ['consent', false],
      ['consent', false],
    ]);

    const { digest } = must(decode(payload));
    const { signature } = report;
    if (signature === undefined) throw new Error('no signature');
    const compact = Uint8Array.of(...signature.r, ...signature.s);
    expect(secp256k1.verify(compact, digest, from.wallet.publicKey, { prehash: false })).toBe(true);
  });

  it('refuses the payload that nobody was shown, with signed reasons', () => {
    const { lines, story } = moot.sign(from, { payload: trojan() });
    const report = verifyTranscript(fileOf(lines), { roster, history });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, ending: 'refused' });
    expect(report.signature).toBeUndefined();
    expect(story.start).toBeUndefined();
    for (const { body } of story.verdicts) {
      expect(body.decision).toBe('reject');
      expect(body.reasons.map((reason) => reason.code)).toContain('DELEGATECALL_UNTRUSTED');
    }
  });

  it('holds no secret of anybody', () => {
    const text = new TextDecoder().decode(fileOf(keygen.lines));
    for (const { share, chainCode } of from.shares.values()) {
      expect(text).not.toContain(share.use((x) => x.toString(16).padStart(64, '0')));
      expect(text).not.toContain(chainCode.use(toHex));
    }
  });
});
