/**
 * The checks of KEYGEN, IMPORT and RESHARE that need broadcasts only (docs/protocol.md b.6, f.1), shared by the rounds
 * and by anybody who re-checks a finished run. Lists of messages hold one per pid, ascending, already authenticated.
 */
import { concat, equalBytes } from '../../common/bytes.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { u8, u32 } from '../encoding.ts';
import { Abort, type FailureClass } from '../errors.ts';
import { H, ZERO_SID } from '../hash.ts';
import { lagrange } from '../math/polynomial.ts';
import { readSchnorr, type SchnorrProof, verifySchnorr } from '../proof/schnorr.ts';
import type { ParsedEnvelope } from '../rounds/envelope.ts';
import type { Frame, Member } from './config.ts';
import type { Epoch } from './epoch.ts';
import { type Round1Body, type Round2Body, readRound1, readRound2, readRound4 } from './messages.ts';

/** A failed check, before it becomes an `Abort`. */
export interface Finding {
  readonly failure: FailureClass;
  readonly check: string;
  /** pids. */
  readonly culprits: readonly number[];
  readonly message: string;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly finding: Finding; readonly evidence: readonly ParsedEnvelope[] };

/** What one dealer has opened in round 2. */
export interface Dealing {
  readonly pid: number;
  /** A_0..A_{t'-1}. */
  readonly points: readonly Point[];
  /** hc; `ZERO_SID` where the chain code is inherited. */
  readonly chainCodeHash: Uint8Array;
}

export function toAbort(finding: Finding, evidence: readonly ParsedEnvelope[]): Abort {
  return new Abort({
    failure: finding.failure,
    check: finding.check,
    message: finding.message,
    culprits: finding.culprits,
    evidence: evidence.map((envelope) => envelope.bytes),
  });
}

export function blame(check: string, culprits: readonly number[], message: string): Finding {
  return { failure: 'BLAME', check, culprits, message };
}

/** Nobody is blamed unless the two different signed messages are at hand. */
export function inconsistent(check: string, message: string): Finding {
  return { failure: 'INCONSISTENT', check, culprits: [], message };
}

export function failed(finding: Finding, evidence: readonly ParsedEnvelope[]): Checked<never> {
  return { ok: false, finding, evidence };
}

/** sid = H over everybody's round 1. `undefined` for a body of the wrong length. */
export function deriveSid(frame: Frame, round1: readonly ParsedEnvelope[]): Uint8Array | undefined {
  const fields = round1.flatMap((envelope) => {
    const body = readRound1(envelope.body);
    return body === undefined ? [] : [concat(u8(envelope.from), body.nonce, body.com)];
  });
  return fields.length === frame.members.length ? H('dkg/sid', frame.sessionId, ...fields) : undefined;
}

/** The commitment of round 1. `commitments` is one field: all A_k. */
export function commitDealing(
  frame: Frame,
  pid: number,
  parts: {
    readonly nonce: Uint8Array;
    readonly commitments: readonly Uint8Array[];
    readonly chainCodeHash: Uint8Array;
    readonly blind: Uint8Array;
  },
): Uint8Array {
  return H(
    'dkg/com',
    frame.sessionId,
    u8(pid),
    parts.nonce,
    concat(...parts.commitments),
    parts.chainCodeHash,
    parts.blind,
  );
}

/** hc of a dealer's chain code contribution. */
export function hashContribution(frame: Frame, pid: number, chainCode: Uint8Array): Uint8Array {
  return H('cc/hash', frame.sessionId, u8(pid), chainCode);
}

/** Hash fields before T of the proof for A_k. */
export function commitmentStatement(pid: number, k: number, commitment: Uint8Array): readonly Uint8Array[] {
  return [u8(pid), u32(k), commitment];
}

/** Hash fields before T of the proof for X_j. */
export function shareStatement(digest: Uint8Array, pid: number, publicShare: Uint8Array): readonly Uint8Array[] {
  return [digest, u8(pid), publicShare];
}

interface Opened {
  readonly envelope: ParsedEnvelope;
  readonly commitment: Round1Body;
  readonly body: Round2Body;
  readonly points: readonly Point[];
  readonly proofs: readonly SchnorrProof[];
}

/**
 * K1 (what deals nothing commits to nothing), K2 to K5 and F1, in this order over all members, so that the outcome
 * does not depend on who was looked at first. A party does not verify its `own` proofs again: they left before this
 * check could stop them.
 */
export function openDealings(
  frame: Frame,
  sid: Uint8Array,
  round1: readonly ParsedEnvelope[],
  round2: readonly ParsedEnvelope[],
  own?: number,
): Checked<readonly Dealing[]> {
  const from = (pid: number): readonly ParsedEnvelope[] =>
    [...round1, ...round2].filter((envelope) => envelope.from === pid);

  const split = frame.members.filter((member) => !equalBytes(echoOf(round2, member), sid));
  if (split.length > 0) {
    return failed(inconsistent('K2', 'A member has seen other round 1 messages.'), [...round1, ...round2]);
  }

  const empty = frame.members.filter((member) => !member.dealer && !commitsToNothing(member, round1));
  if (empty.length > 0) {
    const pids = empty.map((member) => member.pid);
    return failed(blame('K1', pids, 'A member that does not deal has sent a commitment.'), pids.flatMap(from));
  }

  const opened: Opened[] = [];
  const malformed: number[] = [];
  for (const { pid } of frame.dealers) {
    const entry = open(frame, pid, round1, round2);
    if (entry === undefined) malformed.push(pid);
    else opened.push(entry);
  }
  if (malformed.length > 0) {
    return failed(
      blame('K3', malformed, 'A dealing holds an invalid point, proof or chain code hash.'),
      malformed.flatMap(from),
    );
  }

  const unopened = opened.filter(({ envelope, commitment, body }) => {
    const com = commitDealing(frame, envelope.from, { ...body, nonce: commitment.nonce });
    return !equalBytes(com, commitment.com);
  });
  if (unopened.length > 0) {
    const pids = unopened.map((entry) => entry.envelope.from);
    return failed(blame('K4', pids, 'A dealing does not open its commitment.'), pids.flatMap(from));
  }

  const unproven = opened.filter((entry) => entry.envelope.from !== own && !provesAll(sid, entry));
  if (unproven.length > 0) {
    const pids = unproven.map((entry) => entry.envelope.from);
    const evidence = [...round1, ...unproven.map((entry) => entry.envelope)];
    return failed(blame('K5', pids, 'A proof of knowledge does not verify.'), evidence);
  }

  const strange = opened.filter((entry) => !fitsInheritedKey(frame, entry));
  if (strange.length > 0) {
    const pids = strange.map((entry) => entry.envelope.from);
    const evidence = strange.map((entry) => entry.envelope);
    return failed(blame('F1', pids, 'A dealing does not have the constant that the key prescribes.'), evidence);
  }
  return {
    ok: true,
    value: opened.map((entry) => ({
      pid: entry.envelope.from,
      points: entry.points,
      chainCodeHash: entry.body.chainCodeHash,
    })),
  };
}

function commitsToNothing(member: Member, round1: readonly ParsedEnvelope[]): boolean {
  const envelope = round1.find((candidate) => candidate.from === member.pid);
  const body = envelope && readRound1(envelope.body);
  return body !== undefined && equalBytes(body.com, ZERO_SID);
}

/** F1: A_0 = lambda_i^D X_i of the parent epoch; in IMPORT, A_0 = Q. KEYGEN prescribes nothing. */
function fitsInheritedKey(frame: Frame, { envelope, points }: Opened): boolean {
  if (frame.config.purpose === 'KEYGEN') return true;
  const dealer = frame.members[envelope.from - 1];
  const [constant] = points;
  if (dealer === undefined || constant === undefined) return false;
  return curve.equals(constant, inheritedConstant(frame, dealer));
}

/** The constant term that a dealer's commitments must have, as a point. */
function inheritedConstant(frame: Frame, dealer: Member): Point {
  const isImport = frame.config.purpose === 'IMPORT';
  const bytes = isImport ? frame.config.publicKey : frame.parent?.publicShares[dealer.oldIndex - 1];
  const point = bytes && curve.decode(bytes);
  if (point === undefined) throw new BugError('BUG_KEYGEN_PARENT', 'Dealings of a known key are judged by its epoch.');
  return isImport ? point : curve.multiplyPublic(point, dealerWeight(frame, dealer));
}

/** lambda_i^D over the old indices of the dealers. */
export function dealerWeight(frame: Frame, dealer: Member): bigint {
  const indices = frame.dealers.map((member) => member.oldIndex);
  return lagrange(dealer.oldIndex, indices);
}

function echoOf(round2: readonly ParsedEnvelope[], member: Member): Uint8Array {
  const envelope = round2.find((candidate) => candidate.from === member.pid);
  return envelope === undefined ? new Uint8Array(0) : envelope.body.subarray(0, 32);
}

function open(
  frame: Frame,
  pid: number,
  round1: readonly ParsedEnvelope[],
  round2: readonly ParsedEnvelope[],
): Opened | undefined {
  const first = round1.find((candidate) => candidate.from === pid);
  const envelope = round2.find((candidate) => candidate.from === pid);
  const commitment = first && readRound1(first.body);
  const body = envelope && readRound2(envelope.body, frame.threshold);
  if (envelope === undefined || commitment === undefined || body === undefined) return undefined;
  const points = body.commitments.flatMap((bytes) => curve.decode(bytes) ?? []);
  const proofs = body.proofs.flatMap((bytes) => readSchnorr(bytes) ?? []);
  const inherited = frame.config.purpose !== 'KEYGEN';
  const complete = points.length === frame.threshold && proofs.length === frame.threshold;
  return complete && (!inherited || equalBytes(body.chainCodeHash, ZERO_SID))
    ? { envelope, commitment, body, points, proofs }
    : undefined;
}

/** One proof for each of the t' commitments: iterated over the points, so a short list of proofs fails. */
function provesAll(sid: Uint8Array, { envelope, body, points, proofs }: Opened): boolean {
  return points.every((point, k) => {
    const commitment = body.commitments[k];
    const proof = proofs[k];
    if (commitment === undefined || proof === undefined) return false;
    return verifySchnorr('dkg/pok', sid, commitmentStatement(envelope.from, k, commitment), point, proof);
  });
}

/** echo2: hash of everybody's round 2 broadcast. */
export function deriveEcho(sid: Uint8Array, round2: readonly ParsedEnvelope[]): Uint8Array {
  return H('dkg/echo2', sid, ...round2.map((envelope) => concat(u8(envelope.from), envelope.eh)));
}

/** K6. */
export function checkEchoes(
  echo: Uint8Array,
  round2: readonly ParsedEnvelope[],
  round3: readonly ParsedEnvelope[],
): Checked<undefined> {
  return round3.every((envelope) => equalBytes(envelope.body, echo))
    ? { ok: true, value: undefined }
    : failed(inconsistent('K6', 'A member has seen other round 2 messages.'), [...round2, ...round3]);
}

/** F_k = sum over dealers of A_{p,k}. */
export function sumCommitments(frame: Frame, dealings: readonly Dealing[]): readonly Point[] {
  return Array.from({ length: frame.threshold }, (_, k) =>
    dealings.reduce((sum, dealing) => curve.add(sum, dealing.points[k] ?? curve.identity), curve.identity),
  );
}

/** K9 over all holders, then K10. `history`: all round 1 and 2 broadcasts, from which the statement follows. */
export function checkConfirmations(
  frame: Frame,
  epoch: Epoch,
  history: readonly ParsedEnvelope[],
  round4: readonly ParsedEnvelope[],
): Checked<undefined> {
  const other: ParsedEnvelope[] = [];
  const unproven: ParsedEnvelope[] = [];
  for (const { pid, index } of frame.holders) {
    const envelope = round4.find((candidate) => candidate.from === pid);
    if (envelope === undefined) return failed(blame('K9', [pid], 'A confirmation is missing.'), []);
    const body = readRound4(envelope.body);
    if (body === undefined || !equalBytes(body.digest, epoch.digest)) {
      other.push(envelope);
      continue;
    }
    const bytes = epoch.publicShares[index - 1];
    const point = bytes && curve.decode(bytes);
    const proof = readSchnorr(body.proof);
    const proven =
      bytes !== undefined &&
      point !== undefined &&
      proof !== undefined &&
      verifySchnorr('dkg/share-pok', epoch.sid, shareStatement(epoch.digest, pid, bytes), point, proof);
    if (!proven) unproven.push(envelope);
  }
  if (other.length > 0) {
    const pids = other.map((envelope) => envelope.from);
    return failed(blame('K9', pids, 'A member confirms another result.'), [...history, ...other]);
  }
  if (unproven.length > 0) {
    const pids = unproven.map((envelope) => envelope.from);
    return failed(blame('K10', pids, 'A member does not prove knowledge of its share.'), [...history, ...unproven]);
  }
  return { ok: true, value: undefined };
}
