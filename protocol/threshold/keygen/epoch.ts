/** The public result of KEYGEN, IMPORT, RESHARE or REMOVE: everything that follows from (config, sid, F, ccPub). */
import { concat } from '../../common/bytes.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { H, ZERO_SID } from '../hash.ts';
import { evaluateCommitment } from '../math/polynomial.ts';
import { configHash, type EpochConfig } from '../session-id.ts';

export interface Epoch {
  readonly config: EpochConfig;
  readonly cfgHash: Uint8Array;
  /** sid of the run that made it. */
  readonly sid: Uint8Array;
  /** F_0..F_{t-1}, 33 B each. */
  readonly commitments: readonly Uint8Array[];
  /** Q = F_0, 33 B. */
  readonly publicKey: Uint8Array;
  /** X_1..X_n, 33 B each; X_j at position j - 1. */
  readonly publicShares: readonly Uint8Array[];
  /** ccPub: binds the chain code, which itself is known to the parties only. */
  readonly chainCodeHash: Uint8Array;
  readonly digest: Uint8Array;
  readonly epochId: Uint8Array;
}

/**
 * `undefined` if an F_k or X_j is the identity (check K12: a new attempt, nobody blamed). `config` has passed
 * `configProblem`; there are exactly t points.
 */
export function makeEpoch(
  config: EpochConfig,
  sid: Uint8Array,
  points: readonly Point[],
  chainCodeHash: (publicKey: Uint8Array) => Uint8Array,
): Epoch | undefined {
  const holders = config.parties.filter((row) => row.newIndex > 0).length;
  const shares = Array.from({ length: holders }, (_, i) => evaluateCommitment(points, i + 1));
  if ([...points, ...shares].some((point) => curve.isIdentity(point))) return undefined;
  const commitments = points.map((point) => curve.encode(point));
  const publicShares = shares.map((point) => curve.encode(point));
  const publicKey = commitments[0];
  if (publicKey === undefined) return undefined;
  const cfgHash = configHash(config);
  const ccPub = chainCodeHash(publicKey);
  const digest = H('dkg/digest', sid, cfgHash, publicKey, ccPub, concat(...commitments), concat(...publicShares));
  return {
    config,
    cfgHash,
    sid,
    commitments,
    publicKey,
    publicShares,
    chainCodeHash: ccPub,
    digest,
    epochId: H('epoch', ZERO_SID, digest),
  };
}

/** ccPub of a chain code. */
export function hashChainCode(publicKey: Uint8Array, chainCode: Uint8Array): Uint8Array {
  return H('cc/pub', ZERO_SID, publicKey, chainCode);
}
