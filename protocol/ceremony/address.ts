import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

/**
 * The 20-byte Ethereum address of a 33-byte compressed public key.
 *
 * @throws Error for bytes that are no point; certificates are checked before their keys come here
 */
export function addressOf(publicKey: Uint8Array): Uint8Array {
  const uncompressed = secp256k1.Point.fromBytes(publicKey).toBytes(false);
  return keccak_256(uncompressed.subarray(1)).slice(12);
}

/** The same for a key that somebody claims; `undefined` unless it is the compressed form of a point. */
export function addressOfClaimed(publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== 33) return undefined;
  try {
    return addressOf(publicKey);
  } catch {
    return undefined;
  }
}
