/**
 * Keccak-256 of the first decoder, from js-sha3. The second decoder hashes with the one inside viem; that two packages
 * compute every digest is why a mistake in either is a refusal and not a signature (docs/threat-model.md). So nothing of
 * the second reading may import this file, and nothing else of this room may hash with another Keccak.
 */
import { keccak256 as hasher } from 'js-sha3';

/**
 * The last few inputs with their hashes. A Safe transaction is hashed once as the document that it is and once as the
 * fields that a screen shows; where both come to the same bytes, the second time only compares them.
 */
const KEPT: { readonly bytes: Uint8Array; readonly hash: Uint8Array }[] = [];
const MAX_KEPT = 8;
/** Bytes of an input that is kept. */
const MAX_KEPT_LENGTH = 1024;
let oldest = 0;

/** 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_KEPT_LENGTH) return new Uint8Array(hasher.arrayBuffer(bytes));
  for (const kept of KEPT) if (isSame(kept.bytes, bytes)) return new Uint8Array(kept.hash);
  const hash = new Uint8Array(hasher.arrayBuffer(bytes));
  // Copies, since callers may change what they passed and what they got.
  KEPT[oldest] = { bytes: new Uint8Array(bytes), hash: new Uint8Array(hash) };
  oldest = (oldest + 1) % MAX_KEPT;
  return hash;
}

/** With an early exit: what is hashed here is public. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
