/**
 * The fixed inputs of the protocol vectors: every value is the hash of a label, so that a failing case can be
 * recomputed by hand (see `header.inputs` in test/vectors/protocol-vectors.json).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex } from '../../../protocol/common/bytes.ts';
import { ORDER } from '../../../protocol/threshold/math/scalar.ts';

export function vec(label: string, length = 32): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(length / 32) * 32);
  for (let c = 0; 32 * c < length; c++) {
    bytes.set(sha256(Uint8Array.of(...utf8ToBytes(`keymoot vector${label}`), 0, 0, c >>> 8, c)), 32 * c);
  }
  return bytes.slice(0, length);
}

export function vscalar(label: string): bigint {
  return 1n + (toNumber(vec(label, 48)) % (ORDER - 1n));
}

export function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

export function bytes(hex: string): Uint8Array {
  const out = fromHex(hex);
  if (out === undefined) throw new Error('not hex');
  return out;
}
