/**
 * Round 4 (docs/protocol.md b.4), only after all round 3 messages pass K6 to K8 and K11: the share, the public key and
 * the digest of the result. Broadcast of a share holder: digest, proof of knowledge of the own share.
 */
import { concat, equalBytes } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import { u8 } from '../encoding.ts';
import type { Abort } from '../errors.ts';
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
    return { kind: 'abort', abort: toAbort(finding, received.broadcasts) };
  }
  const echoes = checkEchoes(echo, keep.round2, received.broadcasts);
  if (!echoes.ok) return { kind: 'abort', abort: toAbort(echoes.finding, echoes.evidence) };

  const bad = shares.find(({ body, dealing }) => !fitsCommitments(body.share, dealing, index));
  if (bad !== undefined) {
    const finding = blame('K7', [bad.dealer.pid], 'A share does not fit the commitments of its dealer.');
    const evidence = keep.round2.filter((envelope) => envelope.from === bad.dealer.pid);
    const complaint = { type: DKG_COMPLAINT, round: 8, from: pid, to: 0, sid, body: bad.envelope.bytes };
    return { kind: 'abort', abort: toAbort(finding, evidence), outbox: [complaint] };
  }
  const unopened = shares.filter((entry) => !opensChainCode(run, entry));
  if (unopened.length > 0) {
    const culprits = unopened.map((entry) => entry.dealer.pid);
    // Certain for us only, and never shown: the contribution is a secret of all parties.
    return { kind: 'abort', abort: toAbort(blame('K8', culprits, 'A chain code does not open its hash.'), []) };
  }

  const chainCode = resultingChainCode(run, keep, shares);
  const epoch = resultOf(run, keep, (publicKey) => hashChainCode(publicKey, chainCode));
  if (epoch === undefined) return { kind: 'abort', abort: identityFound() };
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

/**
 * In the place of round 4 for a member that gets no share: K6, and the public result, which it then waits to see
 * certified. `broadcasts`: the round 3 broadcast of every member, the own one included, by pid.
 */
export function observe(run: Run, keep: Keep3, broadcasts: readonly ParsedEnvelope[]): RoundResult<Epoch> {
  const echoes = checkEchoes(keep.echo, keep.round2, broadcasts);
  if (!echoes.ok) return { kind: 'abort', abort: toAbort(echoes.finding, echoes.evidence) };
  const epoch = resultOf(run, keep, () => run.config.chainCodeHash);
  return epoch === undefined ? { kind: 'abort', abort: identityFound() } : { kind: 'next', keep: epoch, outbox: [] };
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

/** K8: the contribution opens the dealer's hash; where the chain code is inherited, it is the one that ccPub binds. */
function opensChainCode(run: Run, { body, dealer, dealing }: ReceivedShare): boolean {
  const { chainCodeHash, publicKey, purpose } = run.config;
  return purpose === 'KEYGEN'
    ? equalBytes(hashContribution(run, dealer.pid, body.chainCode), dealing.chainCodeHash)
    : equalBytes(hashChainCode(publicKey, body.chainCode), chainCodeHash);
}

/** H over the dealers' contributions, by pid; or the inherited chain code, which all dealers have sent alike (K8). */
function resultingChainCode(run: Run, keep: Keep3, shares: readonly ReceivedShare[]): Uint8Array {
  const fields = run.dealers.map(({ pid }) => {
    const received = shares.find((entry) => entry.dealer.pid === pid);
    const chainCode = received?.body.chainCode ?? keep.own?.chainCode.use((own) => own.slice());
    if (chainCode === undefined) throw new BugError('BUG_KEYGEN_ROUND_3', 'Every dealer has sent a chain code.');
    return { pid, chainCode };
  });
  keep.own?.chainCode.wipe();
  const [first] = fields;
  if (run.config.purpose !== 'KEYGEN' && first !== undefined) return first.chainCode.slice();
  return H('cc/make', keep.sid, ...fields.map(({ pid, chainCode }) => concat(u8(pid), chainCode)));
}

/** `undefined` if a public value is the identity. */
function resultOf(run: Run, keep: Keep3, chainCodeHash: (publicKey: Uint8Array) => Uint8Array): Epoch | undefined {
  const epoch = makeEpoch(run.config, keep.sid, sumCommitments(run, keep.dealings), chainCodeHash);
  if (epoch !== undefined && run.config.purpose !== 'KEYGEN' && !equalBytes(epoch.publicKey, run.config.publicKey)) {
    throw new BugError('BUG_KEYGEN_INHERITED_KEY', 'After F1 the dealings add up to the known key.');
  }
  return epoch;
}

function identityFound(): Abort {
  const message = 'A public value is the identity.';
  return toAbort({ failure: 'RESTART', check: 'K12', culprits: [], message }, []);
}

function combineShare(keep: Keep3, shares: readonly ReceivedShare[]): bigint {
  return shares.reduce((sum, { body }) => {
    const value = readScalar(body.share);
    if (value === undefined) throw new BugError('BUG_KEYGEN_SHARE', 'Shares are summed after K7.');
    return mod(sum + value);
  }, keep.own?.share.take() ?? 0n);
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
