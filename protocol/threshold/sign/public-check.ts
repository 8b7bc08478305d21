/**
 * What an auditor can check of a signing session from its public part (docs/protocol.md d, h): all signers'
 * broadcasts lead, step by step, to the one signature. The pairwise checks cannot be repeated by anybody else.
 */
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { strictlyAscending } from '../encoding.ts';
import { readScalar, scalarFromHash } from '../math/scalar.ts';
import { type ParsedEnvelope, parseEnvelope, type VerifySignature, verifyEnvelope } from '../rounds/envelope.ts';
import { combineNonce, combineShares, type NoncePoint, type Signature } from './combine.ts';
import { type CommitBody, type OpenBody, readCommit, readOpen, readShare, SIGN } from './messages.ts';
import { fullSessionId, nonceCommitment } from './session.ts';

export interface SignBroadcasts {
  readonly sessionId: Uint8Array;
  /** S, strictly ascending. */
  readonly signers: readonly number[];
  /** Q', 33 bytes. */
  readonly childKey: Uint8Array;
  /** m, 32 bytes. */
  readonly digest: Uint8Array;
  readonly identityKey: (index: number) => Uint8Array | undefined;
  readonly verify: VerifySignature;
  /** Complete envelopes, three of each signer, in any order. */
  readonly broadcasts: readonly Uint8Array[];
}

export type SignBroadcastProblem =
  | 'input'
  /** Not an envelope of this session, or a bad signature. */
  | 'foreign'
  | 'missing'
  /** Two different messages of one sender in one round. */
  | 'equivocation'
  | 'malformed'
  | 'echo'
  | 'commitment'
  | 'key-sum'
  | 'nonce'
  | 'signature';

export interface SignBroadcastError {
  readonly problem: SignBroadcastProblem;
  /** The round and the party it was found in, where there is one. */
  readonly round?: 1 | 2 | 3;
  readonly party?: number;
}

interface Signer {
  readonly index: number;
  readonly commit: CommitBody;
  readonly commitBody: Uint8Array;
  readonly open: OpenBody;
  readonly noncePoint: Point;
  readonly keyPoint: Point;
  readonly u: bigint;
  readonly w: bigint;
}

/** The signature that the broadcasts lead to, verified under Q', or the first thing that is wrong. */
export function verifySignBroadcasts(input: SignBroadcasts): Result<Signature, SignBroadcastError> {
  const childKey = curve.decode(input.childKey);
  if (childKey === undefined || input.sessionId.length !== 32 || input.digest.length !== 32) {
    return err({ problem: 'input' });
  }
  if (input.signers.length < 2 || !strictlyAscending(input.signers)) return err({ problem: 'input' });
  const slots = collect(input);
  if (!slots.ok) return slots;
  const signers: Signer[] = [];
  for (const index of input.signers) {
    const signer = readSigner(index, slots.value);
    if (!signer.ok) return signer;
    signers.push(signer.value);
  }
  const opened = checkOpenings(input.sessionId, signers);
  if (!opened.ok) return opened;
  const keySum = signers.reduce((total, signer) => curve.add(total, signer.keyPoint), curve.identity);
  if (!curve.equals(keySum, childKey)) return err({ problem: 'key-sum', round: 2 });
  const combined = combineShares(childKey, scalarFromHash(input.digest), opened.value, signers);
  return combined.ok ? ok(combined.signature) : err({ problem: 'signature', round: 3 });
}

/** Authentic broadcasts by `round/index`. */
function collect(input: SignBroadcasts): Result<ReadonlyMap<string, ParsedEnvelope>, SignBroadcastError> {
  const slots = new Map<string, ParsedEnvelope>();
  for (const bytes of input.broadcasts) {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || !isOurs(envelope, input)) return err({ problem: 'foreign' });
    const slot = `${envelope.round}/${envelope.from}`;
    const first = slots.get(slot);
    if (first !== undefined && !equalBytes(first.eh, envelope.eh)) {
      return err({ problem: 'equivocation', party: envelope.from });
    }
    slots.set(slot, envelope);
  }
  return ok(slots);
}

function isOurs(envelope: ParsedEnvelope, input: SignBroadcasts): boolean {
  const { type, round, from, to, sid } = envelope;
  if (type !== SIGN || round < 1 || round > 3 || to !== 0 || !equalBytes(sid, input.sessionId)) return false;
  const key = input.signers.includes(from) ? input.identityKey(from) : undefined;
  return key !== undefined && verifyEnvelope(envelope, key, input.verify);
}

function readSigner(index: number, slots: ReadonlyMap<string, ParsedEnvelope>): Result<Signer, SignBroadcastError> {
  const wrong = (problem: SignBroadcastProblem, round: 1 | 2 | 3): Result<never, SignBroadcastError> =>
    err({ problem, round, party: index });
  const first = slots.get(`1/${index}`);
  const second = slots.get(`2/${index}`);
  const third = slots.get(`3/${index}`);
  if (first === undefined) return wrong('missing', 1);
  if (second === undefined) return wrong('missing', 2);
  if (third === undefined) return wrong('missing', 3);
  const commit = readCommit(first.body);
  if (commit === undefined) return wrong('malformed', 1);
  const open = readOpen(second.body);
  const noncePoint = open && curve.decode(open.noncePoint);
  const keyPoint = open && curve.decode(open.keyPoint);
  if (open === undefined || noncePoint === undefined || keyPoint === undefined) return wrong('malformed', 2);
  const share = readShare(third.body);
  const u = share && readScalar(share.u);
  const w = share && readScalar(share.w);
  if (u === undefined || w === undefined) return wrong('malformed', 3);
  return ok({ index, commit, commitBody: first.body, open, noncePoint, keyPoint, u, w });
}

/** Echo and commitment of every signer; then R. */
function checkOpenings(sessionId: Uint8Array, signers: readonly Signer[]): Result<NoncePoint, SignBroadcastError> {
  const commits = signers.map(({ index, commitBody }) => ({ index, body: commitBody }));
  const fullSid = fullSessionId(sessionId, commits);
  for (const { index, open, commit } of signers) {
    if (!equalBytes(open.echo, fullSid)) return err({ problem: 'echo', round: 2, party: index });
    const com = nonceCommitment(sessionId, index, commit.nonce, open.noncePoint, open.blind);
    if (!equalBytes(com, commit.com)) return err({ problem: 'commitment', round: 2, party: index });
  }
  const nonce = combineNonce(signers.map((signer) => signer.noncePoint));
  return nonce === undefined ? err({ problem: 'nonce', round: 2 }) : ok(nonce);
}
