/**
 * Signing, round 2 (docs/protocol.md d.2): check every peer's OT extension, then multiply the own (r_i, sk_i) with
 * the peer's random factor as role A, and open the nonce commitment. A failed C1 means that a bit of Delta may be
 * known to the peer: then round 2 goes to nobody.
 */
import { equalBytes } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { H, hot } from '../hash.ts';
import { lagrange } from '../math/polynomial.ts';
import { mod, scalarFromHash, scalarToBytes } from '../math/scalar.ts';
import { checkExtension, multiply, type SenderKeep } from '../multiply/sender.ts';
import type { PairSetup } from '../pair-setup/setup.ts';
import { randomScalar } from '../random.ts';
import { type EnvelopeFields, envelopeHash, type ParsedEnvelope } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { type OteBody, readCommit, readOte, SIGN, SIGN_PAIR, writeMul, writeOpen } from './messages.ts';
import type { Extension, Round1Keep } from './round-1.ts';
import { extensionId, failed, fullSessionId, multiplicationId, type Received, type SignSession } from './session.ts';

/** Everybody's round 1. */
export interface Round1Inbox {
  readonly commits: Received;
  readonly extensions: Received;
}

/** ah towards each peer: the random scalar of the check column. */
export type Round2Values = ReadonlyMap<number, bigint>;

export function drawRound2(random: Random, peers: readonly number[]): Round2Values {
  return new Map(peers.map((peer) => [peer, randomScalar(random)]));
}

/** Both roles towards one peer. */
export interface Products {
  /** Role A: the own shares of r_i chi_{j,i} and sk_i chi_{j,i}. */
  readonly c: readonly [bigint, bigint];
  /** Role B, from round 1. */
  readonly extension: Extension;
}

export interface Round2Keep {
  readonly r: bigint;
  readonly phi: bigint;
  readonly sk: bigint;
  readonly noncePoint: Point;
  /** pk_i. */
  readonly keyPoint: Point;
  readonly fullSid: Uint8Array;
  readonly products: ReadonlyMap<number, Products>;
}

/** x_i + tau enters here and nowhere else. */
export interface SigningShare {
  /** x_i. */
  readonly share: bigint;
  /** Sum of the derivation tweaks; 0 for the root key. */
  readonly tau: bigint;
}

/** A peer's extension after the checks that need no secret. */
interface Incoming {
  readonly peer: number;
  readonly setup: PairSetup;
  readonly broadcast: ParsedEnvelope;
  readonly body: Uint8Array;
  readonly ote: OteBody;
  readonly oteSid: Uint8Array;
}

type Failure = ReturnType<typeof failed>;
type Step<T> = { readonly kind: 'ok'; readonly value: T } | Failure;

/**
 * `usable(peer)` is asked under the pair lock, right before C1: false once the peer is banned or its setup is gone.
 * LEAK and CHEAT name one culprit; the caller burns and bans before anything becomes visible.
 */
export function round2(
  session: SignSession,
  key: SigningShare,
  setups: ReadonlyMap<number, PairSetup>,
  keep: Round1Keep,
  inbox: Round1Inbox,
  values: Round2Values,
  usable: (peer: number) => boolean,
): RoundResult<Round2Keep> {
  const read = readAll(session, setups, inbox);
  if (read.kind === 'abort') return read;
  const checked = checkAll(read.value, usable);
  if (checked.kind === 'abort') return checked;
  const fullSid = sessionIdOfAll(session, keep, inbox);
  const sk = signingKeyShare(session, key, setups, fullSid);
  if (sk === 0n) return failed('RESTART', 'own-zero', [], 'The own key share of this session is zero.');
  const keyPoint = curve.base(sk);
  const { noncePoint, blind } = keep;
  const broadcast: EnvelopeFields = {
    type: SIGN,
    round: 2,
    from: session.self,
    to: 0,
    sid: session.sessionId,
    body: writeOpen({
      echo: fullSid,
      noncePoint: curve.encode(noncePoint),
      blind,
      keyPoint: curve.encode(keyPoint),
    }),
  };
  const outbox: EnvelopeFields[] = [broadcast];
  const products = new Map<number, Products>();
  for (const incoming of read.value) {
    const zeta = checked.value.get(incoming.peer);
    const product = multiplyWith(session, incoming, zeta, { r: keep.r, sk }, keep, values, fullSid, broadcast);
    if (product.kind === 'abort') return product;
    products.set(incoming.peer, product.value.products);
    outbox.push(product.value.message);
  }
  return {
    kind: 'next',
    keep: { r: keep.r, phi: keep.phi, sk, noncePoint, keyPoint, fullSid, products },
    outbox,
  };
}

/** Sizes, bh, pairEpoch for every peer before C1 of any: those failures must not cost a check of Delta. */
function readAll(
  session: SignSession,
  setups: ReadonlyMap<number, PairSetup>,
  inbox: Round1Inbox,
): Step<readonly Incoming[]> {
  const all: Incoming[] = [];
  for (const peer of session.peers) {
    const broadcast = inbox.commits.get(peer);
    const envelope = inbox.extensions.get(peer);
    const setup = setups.get(peer);
    if (broadcast === undefined || envelope === undefined || setup === undefined) throw missing(peer);
    const commit = readCommit(broadcast.body);
    const ote = readOte(envelope.body);
    if (commit === undefined || ote === undefined) {
      return failed('CHEAT', 'd.2-size', [peer], 'A round 1 message has the wrong length.', [broadcast]);
    }
    if (!equalBytes(ote.bh, broadcast.eh)) {
      return failed('INCONSISTENT', 'bh', [], 'The parts of a round 1 belong to different runs.', [broadcast]);
    }
    if (!equalBytes(ote.pairEpoch, setup.pairEpoch)) {
      return failed('INCONSISTENT', 'pairEpoch', [], 'Two parties use different pair setups.', [broadcast]);
    }
    const oteSid = extensionId(session, setup.pairEpoch, peer, session.self, commit.nonce);
    all.push({ peer, setup, broadcast, body: envelope.body, ote, oteSid });
  }
  return { kind: 'ok', value: all };
}

/** Ban check, then C1, peer by peer. What is kept of the peers before a failure is wiped. */
function checkAll(all: readonly Incoming[], usable: (peer: number) => boolean): Step<Map<number, SenderKeep>> {
  const kept = new Map<number, SenderKeep>();
  const drop = (failure: Failure): Failure => {
    for (const zeta of kept.values()) zeta.fill(0);
    return failure;
  };
  for (const { peer, setup, broadcast, ote, oteSid } of all) {
    if (setup.wiped || !usable(peer)) return drop(failed('BENIGN', 'ban', [], 'The pair setup is no longer usable.'));
    const zeta = checkExtension(oteSid, setup.sender, ote.ote);
    if (zeta === undefined) return drop(failed('LEAK', 'C1', [peer], 'The OT extension check failed.', [broadcast]));
    kept.set(peer, zeta);
  }
  return { kind: 'ok', value: kept };
}

function sessionIdOfAll(session: SignSession, keep: Round1Keep, inbox: Round1Inbox): Uint8Array {
  const commits = session.signers.map((index) => {
    const body = index === session.self ? keep.commit : inbox.commits.get(index)?.body;
    if (body === undefined) throw missing(index);
    return { index, body };
  });
  return fullSessionId(session.sessionId, commits);
}

/** sk_i = lambda_i (x_i + tau) + zeta_i; zeta sums to 0 over S. */
function signingKeyShare(
  session: SignSession,
  key: SigningShare,
  setups: ReadonlyMap<number, PairSetup>,
  fullSid: Uint8Array,
): bigint {
  let sum = lagrange(session.self, session.signers) * (key.share + key.tau);
  for (const [peer, setup] of setups) {
    const share = scalarFromHash(hot('zs/prf', fullSid, setup.zeroSeed));
    sum += peer < session.self ? share : -share;
  }
  return mod(sum);
}

/** c.2 steps 3 to 8 towards one peer. */
function multiplyWith(
  session: SignSession,
  incoming: Incoming,
  zeta: SenderKeep | undefined,
  inputs: { readonly r: bigint; readonly sk: bigint },
  keep: Round1Keep,
  values: Round2Values,
  fullSid: Uint8Array,
  broadcast: EnvelopeFields,
): Step<{ readonly products: Products; readonly message: EnvelopeFields }> {
  const { peer, oteSid } = incoming;
  const mask = values.get(peer);
  const extension = keep.extensions.get(peer);
  if (zeta === undefined || mask === undefined || extension === undefined) throw missing(peer);
  const rvSid = multiplicationId(fullSid, peer, session.self, H('ote/msg', oteSid, incoming.body));
  const ids = { oteSid, rvSid };
  const { message, c } = multiply(ids, incoming.setup.sender.delta, zeta, [inputs.r, inputs.sk], mask);
  if (c[0] === 0n || c[1] === 0n) return failed('RESTART', 'own-zero', [], 'An own product share is zero.');
  const body = writeMul({
    bh: envelopeHash(broadcast),
    mul: message,
    gu: curve.encode(curve.base(c[0])),
    gv: curve.encode(curve.base(c[1])),
    psi: scalarToBytes(keep.phi - extension.keep.b),
  });
  return {
    kind: 'ok',
    value: {
      products: { c, extension },
      message: { type: SIGN_PAIR, round: 2, from: session.self, to: peer, sid: session.sessionId, body },
    },
  };
}

/** The eh of every round 1 message received, for the record that precedes round 2. */
export function receivedHashes(inbox: Round1Inbox): readonly Uint8Array[] {
  const hashes = (part: Received): readonly Uint8Array[] => [...part.values()].map((one: ParsedEnvelope) => one.eh);
  return [...hashes(inbox.commits), ...hashes(inbox.extensions)];
}

function missing(peer: number): BugError {
  return new BugError('BUG_SIGN_PEER', `Round 2 ran without everything from party ${peer}.`);
}
