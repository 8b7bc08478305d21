/** Second opinions on a signature: noble, and OpenSSL through node:crypto. */
import { createPublicKey, verify } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect } from 'vitest';
import { concat, fromHex, toHex } from '../../../protocol/common/bytes.ts';
import type { Signature } from '../../../protocol/threshold/sign/combine.ts';
import { vec } from './labels.ts';

const SPKI_PREFIX = fromHex('3056301006072a8648ce3d020106052b8104000a034200');

/** `label`: the signed digest is `vec(label)`, a SHA-256 hash whose preimage OpenSSL is given. */
export function expectValid(signature: Signature, label: string, publicKey: Uint8Array): void {
  const compact = concat(signature.r, signature.s);
  const digest = vec(label);
  expect(secp256k1.verify(compact, digest, publicKey, { prehash: false, lowS: true })).toBe(true);
  const [r, s] = [BigInt(`0x${toHex(signature.r)}`), BigInt(`0x${toHex(signature.s)}`)];
  const recovered = new secp256k1.Signature(r, s, signature.recid).recoverPublicKey(digest);
  expect(recovered.toHex(true)).toBe(toHex(publicKey));
  const preimage = concat(utf8ToBytes(`keymoot vector${label}`), new Uint8Array(4));
  expect(verify('sha256', preimage, { key: spki(publicKey), dsaEncoding: 'ieee-p1363' }, compact)).toBe(true);
}

function spki(publicKey: Uint8Array): ReturnType<typeof createPublicKey> {
  const point = secp256k1.Point.fromBytes(publicKey).toBytes(false);
  const der = concat(SPKI_PREFIX ?? new Uint8Array(0), point);
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
}
