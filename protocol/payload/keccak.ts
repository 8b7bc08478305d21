/**
 * Keccak-256 of the first decoder, from js-sha3. The second decoder hashes with the one inside viem; that two packages
 * compute every digest is why a mistake in either is a refusal and not a signature (docs/threat-model.md). So nothing of
 * the second reading may import this file, and nothing else of this room may hash with another Keccak.
 */
import { keccak256 as hasher } from 'js-sha3';

/** 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hasher.arrayBuffer(bytes));
}
