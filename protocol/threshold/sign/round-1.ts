/**
 * Signing, round 1 (docs/protocol.md d.1): commit to the nonce point R_i; as role B of every pair send the OT
 * extension, which fixes the random factor chi_{i,j} that will check the peer's inputs.
 */
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { H } from '../hash.ts';
import { extend, RECEIVER_RANDOM_BYTES, type ReceiverKeep } from '../multiply/receiver.ts';
import type { PairSetup } from '../pair-setup/setup.ts';
import { randomScalar } from '../random.ts';
import { type EnvelopeFields, envelopeHash } from '../rounds/envelope.ts';
import { SIGN, SIGN_PAIR, writeCommit, writeOte } from './messages.ts';
import { extensionId, nonceCommitment, type SignSession } from './session.ts';

/** The secrets of round 1. Never used for a second session: one nonce used twice gives the key away. */
export interface Round1Values {
  /** r_i and phi_i, not 0. */
  readonly r: bigint;
  readonly phi: bigint;
  readonly blind: Uint8Array;
  /** Public freshness, 32 bytes. */
  readonly nonce: Uint8Array;
  /** beta and mask of the extension with each peer, 68 bytes. */
  readonly choices: ReadonlyMap<number, Uint8Array>;
}

export function drawRound1(random: Random, peers: readonly number[]): Round1Values {
  return {
    r: randomScalar(random),
    phi: randomScalar(random),
    blind: random.bytes(32),
    nonce: random.bytes(32),
    choices: new Map(peers.map((peer) => [peer, random.bytes(RECEIVER_RANDOM_BYTES)])),
  };
}

/** Role B towards one peer. */
export interface Extension {
  readonly keep: ReceiverKeep;
  /** H(ote/msg) of the own OTE body. */
  readonly message: Uint8Array;
}

export interface Round1Keep {
  readonly r: bigint;
  readonly phi: bigint;
  readonly blind: Uint8Array;
  /** R_i. */
  readonly noncePoint: Point;
  /** Own round 1 body. */
  readonly commit: Uint8Array;
  readonly extensions: ReadonlyMap<number, Extension>;
}

export function round1(
  session: SignSession,
  setups: ReadonlyMap<number, PairSetup>,
  values: Round1Values,
): { readonly keep: Round1Keep; readonly outbox: readonly EnvelopeFields[] } {
  const { sessionId, self } = session;
  const { r, phi, blind, nonce } = values;
  const noncePoint = curve.base(r);
  const commit = writeCommit({ nonce, com: nonceCommitment(sessionId, self, nonce, curve.encode(noncePoint), blind) });
  const broadcast: EnvelopeFields = { type: SIGN, round: 1, from: self, to: 0, sid: sessionId, body: commit };
  const bh = envelopeHash(broadcast);
  const outbox: EnvelopeFields[] = [broadcast];
  const extensions = new Map<number, Extension>();
  for (const peer of session.peers) {
    const setup = setups.get(peer);
    const choice = values.choices.get(peer);
    if (setup === undefined || choice === undefined) throw new BugError('BUG_SIGN_PEER', `No setup for party ${peer}.`);
    const oteSid = extensionId(session, setup.pairEpoch, self, peer, nonce);
    const { message, keep } = extend(oteSid, setup.receiverSeeds, choice);
    const body = writeOte({ bh, pairEpoch: setup.pairEpoch, ote: message });
    extensions.set(peer, { keep, message: H('ote/msg', oteSid, body) });
    outbox.push({ type: SIGN_PAIR, round: 1, from: self, to: peer, sid: sessionId, body });
  }
  return { keep: { r, phi, blind, noncePoint, commit, extensions }, outbox };
}
