/** Schnorr proofs of knowledge of x with P = xG (docs/protocol.md a.5, a.7): T 33 . z 32, zG = T + eP. */
import { concat } from '../../common/bytes.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { split } from '../encoding.ts';
import { H } from '../hash.ts';
import { mod, readScalar, scalarFromHash, scalarToBytes } from '../math/scalar.ts';
import type { ProofTag } from '../tags.ts';

export const SCHNORR_BYTES = 65;

export interface SchnorrProof {
  /** Nonce point T, and its 33 bytes, which the challenge hashes. */
  readonly noncePoint: Point;
  readonly nonceBytes: Uint8Array;
  readonly response: bigint;
}

/**
 * Proof of knowledge of `secret`. `fields` are the hash fields before T: they hold who proves and the whole
 * statement. `nonce` is a fresh scalar in 1..q-1, used once.
 */
export function proveSchnorr(
  tag: ProofTag,
  sid: Uint8Array,
  fields: readonly Uint8Array[],
  secret: bigint,
  nonce: bigint,
): Uint8Array {
  const nonceBytes = curve.encode(curve.base(nonce));
  const challenge = scalarFromHash(H(tag, sid, ...fields, nonceBytes));
  return concat(nonceBytes, scalarToBytes(mod(nonce + challenge * secret)));
}

/** The parts of a proof, or `undefined`: T must be a point and not O, z canonical (0 is allowed, a.8). */
export function readSchnorr(bytes: Uint8Array): SchnorrProof | undefined {
  const parts = split(bytes, [33, 32]);
  if (parts === undefined) return undefined;
  const noncePoint = curve.decode(parts[0]);
  const response = readScalar(parts[1]);
  if (noncePoint === undefined || response === undefined) return undefined;
  return { noncePoint, nonceBytes: parts[0], response };
}

export function verifySchnorr(
  tag: ProofTag,
  sid: Uint8Array,
  fields: readonly Uint8Array[],
  point: Point,
  proof: SchnorrProof,
): boolean {
  const challenge = scalarFromHash(H(tag, sid, ...fields, proof.nonceBytes));
  const right = curve.add(proof.noncePoint, curve.multiplyPublic(point, challenge));
  return curve.equals(curve.base(proof.response), right);
}
