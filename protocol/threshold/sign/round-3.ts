/**
 * Signing, round 3 (docs/protocol.md d.3): check everything the peers sent in round 2, then give the own shares of
 * the signature to all signers. After this message has left, the payload counts as signed.
 */
import { equalBytes } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { mod, readScalar, scalarToBytes, weight } from '../math/scalar.ts';
import { finish, hasCanonicalScalars } from '../multiply/receiver.ts';
import type { EnvelopeFields, ParsedEnvelope } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { combineNonce, type NoncePoint } from './combine.ts';
import { type MulBody, type OpenBody, readCommit, readMul, readOpen, SIGN, writeShare } from './messages.ts';
import type { Round2Keep } from './round-2.ts';
import { failed, multiplicationId, nonceCommitment, type Received, type SignSession } from './session.ts';

/** Everybody's round 2, and the commitments of round 1. */
export interface Round2Inbox {
  readonly commits: Received;
  readonly openings: Received;
  readonly products: Received;
}

/** A weight for the checks of each peer's inputs, drawn after its messages are there. */
export type Round3Values = ReadonlyMap<number, bigint>;

export function drawRound3(random: Random, peers: readonly number[]): Round3Values {
  return new Map(peers.map((peer) => [peer, weight(random.bytes(16))]));
}

export interface Round3Keep {
  readonly nonce: NoncePoint;
  /** Own shares, as broadcast. */
  readonly u: bigint;
  readonly w: bigint;
}

interface Incoming {
  readonly peer: number;
  readonly commit: ParsedEnvelope;
  readonly opening: ParsedEnvelope;
  readonly open: OpenBody;
  readonly mul: MulBody;
}

/** What a peer's checked round 2 gives. */
interface Checked {
  readonly noncePoint: Point;
  readonly keyPoint: Point;
  readonly psi: bigint;
  /** du, dv. */
  readonly d: readonly [bigint, bigint];
}

type Failure = ReturnType<typeof failed>;
type Step<T> = { readonly kind: 'ok'; readonly value: T } | Failure;

export function round3(
  session: SignSession,
  keep: Round2Keep,
  inbox: Round2Inbox,
  values: Round3Values,
): RoundResult<Round3Keep> {
  const read = readAll(session, keep, inbox);
  if (read.kind === 'abort') return read;
  const peers = new Map<number, Checked>();
  for (const incoming of read.value) {
    const checked = check(session, keep, incoming, values);
    if (checked.kind === 'abort') return checked;
    peers.set(incoming.peer, checked.value);
  }
  const keySum = sum([keep.keyPoint, ...[...peers.values()].map((peer) => peer.keyPoint)]);
  if (!curve.equals(keySum, session.childKey)) return wrongKeySum(session, inbox);
  const nonce = combineNonce([keep.noncePoint, ...[...peers.values()].map((peer) => peer.noncePoint)]);
  if (nonce === undefined) return failed('RESTART', 'S7', [], 'The nonce point cannot be used.');
  const { u, w } = shares(session, keep, peers, nonce.r);
  const message: EnvelopeFields = {
    type: SIGN,
    round: 3,
    from: session.self,
    to: 0,
    sid: session.sessionId,
    body: writeShare({ u: scalarToBytes(u), w: scalarToBytes(w) }),
  };
  return { kind: 'next', keep: { nonce, u, w }, outbox: [message] };
}

/** Lengths (S1), then bh and echo (S0) for every peer before any check that could blame one. */
function readAll(session: SignSession, keep: Round2Keep, inbox: Round2Inbox): Step<readonly Incoming[]> {
  const all: Incoming[] = [];
  for (const peer of session.peers) {
    const commit = inbox.commits.get(peer);
    const opening = inbox.openings.get(peer);
    const product = inbox.products.get(peer);
    if (commit === undefined || opening === undefined || product === undefined) throw missing(peer);
    const open = readOpen(opening.body);
    const mul = readMul(product.body);
    if (open === undefined || mul === undefined) {
      return failed('CHEAT', 'S1', [peer], 'A round 2 message has the wrong length.', [commit, opening]);
    }
    if (!equalBytes(mul.bh, opening.eh)) {
      return failed('INCONSISTENT', 'S0', [], 'The parts of a round 2 belong to different runs.', [opening]);
    }
    if (!equalBytes(open.echo, keep.fullSid)) {
      const views = [...inbox.commits.values(), ...inbox.openings.values()];
      return failed('INCONSISTENT', 'S0', [], 'A signer has seen other round 1 messages.', views);
    }
    all.push({ peer, commit, opening, open, mul });
  }
  return { kind: 'ok', value: all };
}

/** S1 to S5 for one peer, in this order. */
function check(session: SignSession, keep: Round2Keep, incoming: Incoming, values: Round3Values): Step<Checked> {
  const { peer, open, mul } = incoming;
  // Broadcasts only: they prove S2 to anybody, the pairwise checks to nobody.
  const cheat = (name: string, message: string): Failure =>
    failed('CHEAT', name, [peer], message, [incoming.commit, incoming.opening]);

  const noncePoint = curve.decode(open.noncePoint);
  const keyPoint = curve.decode(open.keyPoint);
  const gu = curve.decode(mul.gu);
  const gv = curve.decode(mul.gv);
  const psi = readScalar(mul.psi);
  const canonical = hasCanonicalScalars(mul.mul);
  if (!canonical || noncePoint === undefined || keyPoint === undefined || gu === undefined || gv === undefined) {
    return cheat('S1', 'A round 2 message holds an invalid point or scalar.');
  }
  if (psi === undefined) return cheat('S1', 'A round 2 message holds an invalid scalar.');

  const commit = readCommit(incoming.commit.body);
  if (commit === undefined) throw missing(peer);
  const com = nonceCommitment(session.sessionId, peer, commit.nonce, open.noncePoint, open.blind);
  if (!equalBytes(com, commit.com)) return cheat('S2', 'The nonce point does not open its commitment.');

  const extension = keep.products.get(peer)?.extension;
  if (extension === undefined) throw missing(peer);
  const rvSid = multiplicationId(keep.fullSid, session.self, peer, extension.message);
  const d = finish(rvSid, extension.keep, mul.mul);
  if (d === undefined) return cheat('S3', 'The multiplication check failed.');

  const chi = extension.keep.b;
  const rho = values.get(peer);
  if (rho === undefined) throw missing(peer);
  // S4 + rho S5: if it holds, so do both, but for one rho of 2^128. If not, it is asked which one fails.
  const point = curve.add(noncePoint, curve.multiplyPublic(keyPoint, rho));
  const gc = curve.add(gu, curve.multiplyPublic(gv, rho));
  if (multipliedBy(chi, point, mod(d[0] + rho * d[1]), gc)) {
    return { kind: 'ok', value: { noncePoint, keyPoint, psi, d } };
  }
  return multipliedBy(chi, noncePoint, d[0], gu)
    ? cheat('S5', 'The key share was not what was multiplied.')
    : cheat('S4', 'The nonce was not what was multiplied.');
}

/** chi P = d G + Gc. */
function multipliedBy(chi: bigint, point: Point, d: bigint, gc: Point): boolean {
  return curve.equals(curve.multiply(point, chi), curve.add(curve.base(d), gc));
}

/** S6: with one peer it is the peer; with more nobody can tell who. */
function wrongKeySum(session: SignSession, inbox: Round2Inbox): Failure {
  const message = 'The key shares do not add up to the public key.';
  const evidence = [...inbox.openings.values()];
  if (session.peers.length === 1) return failed('CHEAT', 'S6', session.peers, message, evidence);
  return failed('GROUP', 'S6', [], message, evidence);
}

function shares(
  session: SignSession,
  keep: Round2Keep,
  peers: ReadonlyMap<number, Checked>,
  r: bigint,
): { readonly u: bigint; readonly w: bigint } {
  let f = keep.phi;
  let u = 0n;
  let v = 0n;
  for (const [peer, { psi, d }] of peers) {
    const c = keep.products.get(peer)?.c;
    if (c === undefined) throw missing(peer);
    f += psi;
    u += c[0] + d[0];
    v += c[1] + d[1];
  }
  f = mod(f);
  u = mod(u + keep.r * f);
  v = mod(v + keep.sk * f);
  return { u, w: mod(session.m * keep.phi + r * v) };
}

function sum(points: readonly Point[]): Point {
  return points.reduce((total, point) => curve.add(total, point), curve.identity);
}

function missing(peer: number): BugError {
  return new BugError('BUG_SIGN_PEER', `Round 3 ran without everything from party ${peer}.`);
}
