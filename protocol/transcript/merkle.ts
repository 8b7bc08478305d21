/** RFC 6962 Merkle tree hash: leaf H(0x00 || line), node H(0x01 || left || right), split at the largest power of two. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from '../common/bytes.ts';

/** @returns 32 bytes; of no leaves, the hash of nothing, as the RFC has it */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array());
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return sha256(concat(Uint8Array.of(0), only));
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(concat(Uint8Array.of(1), merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split))));
}
