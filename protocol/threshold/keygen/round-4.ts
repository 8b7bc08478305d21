/**
 * KEYGEN round 4 (docs/protocol.md b.4), only after all round 3 messages pass K6 to K8 and K11: the share, the public
 * key and the digest of the result. Broadcast: digest, proof of knowledge of the own share.
 */
import { concat, equalBytes } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import { u8 } from '../encoding.ts';
import { H } from '../hash.ts';
import { evaluateCommitment, interpolateCommitment } from '../math/polynomial.ts';
import { mod, readScalar } from '../math/scalar.ts';
import { proveSchnorr } from '../proof/schnorr.ts';
import { randomScalar } from '../random.ts';
import { envelopeHash, type ParsedEnvelope } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { Secret } from '../secret.ts';
import {
  blame,
  checkEchoes,
  type Dealing,
  hashContribution,
  inconsistent,
  shareStatement,
  sumCommitments,
  toAbort,
} from './checks.ts';
import type { Member, Run } from './config.ts';
import { type Epoch, hashChainCode, makeEpoch } from './epoch.ts';
import { DKG_BROADCAST, DKG_COMPLAINT, readShare, type ShareBody, writeRound4 } from './messages.ts';
import { type Keep3, round3Broadcast } from './round-3.ts';

/** Nonce of the proof for the own X_j, in 1..q-1. */
export interface Round4Sample {
  readonly proofNonce: Secret<bigint>;
}

export interface Keep4 {
  readonly epoch: Epoch;
  readonly share: Secret<bigint>;
  readonly chainCode: Secret<Uint8Array>;
  /** All round 1 and round 2 broadcasts: what the result follows from. */
  readonly history: readonly ParsedEnvelope[];
}

export interface Round3Received {
  /** Every member, the own one included, by pid. */
  readonly broadcasts: readonly ParsedEnvelope[];
  /** Every other dealer, by pid. */
  readonly shares: readonly ParsedEnvelope[];
}

interface ReceivedShare {
  readonly dealer: Member;
  readonly dealing: Dealing;
  readonly envelope: ParsedEnvelope;
  readonly body: ShareBody;
}

export function sampleRound4(random: Random): Round4Sample {
  return { proofNonce: new Secret(randomScalar(random)) };
}

export function round4(run: Run, keep: Keep3, received: Round3Received, sample: Round4Sample): RoundResult<Keep4> {
  const { pid, index } = run.self;
  const { sid, echo } = keep;
  const shares = pairShares(run, keep, received.shares);

  // K11 before anything cryptographic: parts of two honest runs must not look like a bad share.
  const crossed = shares.some(({ body, envelope }) => {
    const broadcast = received.broadcasts.find((candidate) => candidate.from === envelope.from);
    return broadcast === undefined || !equalBytes(broadcast.eh, body.broadcastHash);
  });
  if (crossed) {
    const finding = inconsistent('K11', 'A share belongs to another round 3 broadcast of its sender.');
    return { kind: 'abort', abort: toAbort(run, finding, received.broadcasts) };
  }
  const echoes = checkEchoes(echo, keep.round2, received.broadcasts);
  if (!echoes.ok) return { kind: 'abort', abort: toAbort(run, echoes.finding, echoes.evidence) };

  const bad = shares.find(({ body, dealing }) => !fitsCommitments(body.share, dealing, index));
  if (bad !== undefined) {
    const finding = blame('K7', [bad.dealer.pid], 'A share does not fit the commitments of its dealer.');
    const evidence = keep.round2.filter((envelope) => envelope.from === bad.dealer.pid);
    const complaint = { type: DKG_COMPLAINT, round: 8, from: pid, to: 0, sid, body: bad.envelope.bytes };
    return { kind: 'abort', abort: toAbort(run, finding, evidence), outbox: [complaint] };
  }
  const unopened = shares.filter(
    ({ dealer, dealing, body }) =>
      !equalBytes(hashContribution(run, dealer.pid, body.chainCode), dealing.chainCodeHash),
  );
  if (unopened.length > 0) {
    const culprits = unopened.map((entry) => entry.dealer.pid);
    // Certain for us only, and never shown: the contribution is a secret of all parties.
    return { kind: 'abort', abort: toAbort(run, blame('K8', culprits, 'A chain code does not open its hash.'), []) };
  }

  const points = sumCommitments(run, keep.dealings);
  const chainCode = combineChainCode(run, keep, shares);
  const epoch = makeEpoch(run.config, sid, points, (publicKey) => hashChainCode(publicKey, chainCode));
  if (epoch === undefined) {
    const finding = {
      failure: 'RESTART',
      check: 'K12',
      culprits: [],
      message: 'A public value is the identity.',
    } as const;
    return { kind: 'abort', abort: toAbort(run, finding, []) };
  }
  requireInterpolation(run, epoch);

  const share = combineShare(keep, shares);
  const publicShare = epoch.publicShares[index - 1];
  if (publicShare === undefined) throw new BugError('BUG_KEYGEN_HOLDER', 'Round 4 is for share holders.');
  const statement = shareStatement(epoch.digest, pid, publicShare);
  const proof = proveSchnorr('dkg/share-pok', sid, statement, share, sample.proofNonce.take());
  return {
    kind: 'next',
    keep: {
      epoch,
      share: new Secret(share),
      chainCode: new Secret(chainCode),
      history: [...keep.round1, ...keep.round2],
    },
    outbox: [
      { type: DKG_BROADCAST, round: 4, from: pid, to: 0, sid, body: writeRound4({ digest: epoch.digest, proof }) },
    ],
  };
}

/** f(index)G = sum_k index^k A_k; also false for a share that is not below q. */
export function fitsCommitments(share: Uint8Array, dealing: Dealing, index: number): boolean {
  const value = readScalar(share);
  return value !== undefined && curve.equals(curve.base(value), evaluateCommitment(dealing.points, index));
}

/** bh that a share of `pid` must carry in a run where all echoes match. */
export function expectedBroadcastHash(sid: Uint8Array, pid: number, echo: Uint8Array): Uint8Array {
  return envelopeHash(round3Broadcast(sid, pid, echo));
}

function pairShares(run: Run, keep: Keep3, envelopes: readonly ParsedEnvelope[]): readonly ReceivedShare[] {
  return run.dealers.flatMap((dealer) => {
    if (dealer.pid === run.self.pid) return [];
    const dealing = keep.dealings.find((candidate) => candidate.pid === dealer.pid);
    const envelope = envelopes.find((candidate) => candidate.from === dealer.pid);
    const body = envelope && readShare(envelope.body);
    if (dealing === undefined || envelope === undefined || body === undefined) {
      throw new BugError('BUG_KEYGEN_ROUND_3', 'Round 4 starts with one well-formed share a dealer.');
    }
    return [{ dealer, dealing, envelope, body }];
  });
}

/** chainCode = H over the dealers' contributions, by pid. */
function combineChainCode(run: Run, keep: Keep3, shares: readonly ReceivedShare[]): Uint8Array {
  const fields = run.dealers.map(({ pid }) => {
    const received = shares.find((entry) => entry.dealer.pid === pid);
    if (received !== undefined) return concat(u8(pid), received.body.chainCode);
    return keep.ownChainCode.use((own) => concat(u8(pid), own));
  });
  keep.ownChainCode.wipe();
  return H('cc/make', keep.sid, ...fields);
}

function combineShare(keep: Keep3, shares: readonly ReceivedShare[]): bigint {
  return shares.reduce((sum, { body }) => {
    const value = readScalar(body.share);
    if (value === undefined) throw new BugError('BUG_KEYGEN_SHARE', 'Shares are summed after K7.');
    return mod(sum + value);
  }, keep.ownShare.take());
}

/** K12, second half: cannot fail unless our own arithmetic does. */
function requireInterpolation(run: Run, epoch: Epoch): void {
  const quorum = run.holders.slice(0, run.threshold).flatMap(({ index }) => {
    const point = curve.decode(epoch.publicShares[index - 1] ?? new Uint8Array(0));
    return point === undefined ? [] : [[index, point] as const];
  });
  const publicKey = curve.decode(epoch.publicKey);
  if (publicKey === undefined || !curve.equals(interpolateCommitment(new Map(quorum)), publicKey)) {
    throw new BugError('BUG_KEYGEN_INTERPOLATION', 'The public shares do not interpolate to the public key.');
  }
}
