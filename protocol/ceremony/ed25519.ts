/**
 * The one Ed25519 of the product, online and offline: node:crypto (cofactorless, as OpenSSL verifies), canonical
 * bytes only, small-order keys refused. Two verifiers that disagree on one signature could be split by a corrupt
 * party, so nothing else may verify (docs/protocol.md a.3).
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { concat, equalBytes, fromHex } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';

/** 32-byte public key. */
export type PublicKey = Uint8Array;

/** Signs with one fixed key; what statements and round messages are handed instead of the key. */
export interface Signer {
  readonly publicKey: PublicKey;
  sign(message: Uint8Array): Uint8Array;
  /** The key as an object that may be posted to a thread of this process, and nowhere else. */
  transferable(): KeyObject;
}

const FIELD_PRIME = 2n ** 255n - 19n;
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** y coordinates of the eight points of small order; with either sign bit, in canonical form. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_PRIME - 1n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
]);

const PRIVATE_PREFIX = hex('302e020100300506032b657004220420');
const PUBLIC_PREFIX = hex('302a300506032b6570032100');

/** @param seed 32 secret bytes; they stay inside the key object. */
export function signerFromSeed(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.from(concat(PRIVATE_PREFIX, seed)), format: 'der', type: 'pkcs8' });
  return signerFromTransfer(key);
}

/** The same signer in the thread that received `transferable()`. */
export function signerFromTransfer(key: KeyObject): Signer {
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));
  return {
    publicKey,
    sign: (message) => new Uint8Array(nodeSign(null, message, key)),
    transferable: () => key,
  };
}

/** Whether `key` may stand in a roster: canonical encoding of a point that is not of small order. */
export function isAcceptableKey(key: PublicKey): boolean {
  return acceptableKey(key) !== undefined;
}

/** True only for a canonical signature (R and S in range) that verifies without the cofactor. */
export function verify(publicKey: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  if (withoutSign(signature.subarray(0, 32)) >= FIELD_PRIME) return false;
  if (littleEndian(signature.subarray(32)) >= GROUP_ORDER) return false;
  const key = acceptableKey(publicKey);
  return key !== undefined && nodeVerify(null, message, key, signature);
}

/** Parsing a key costs more than a verification; rosters are small, so the cache is too. */
const KEY_CACHE_SIZE = 256;
const cache = new Map<string, KeyObject | undefined>();

function acceptableKey(publicKey: PublicKey): KeyObject | undefined {
  if (publicKey.length !== 32) return undefined;
  const name = Buffer.from(publicKey).toString('latin1');
  if (cache.has(name)) return cache.get(name);
  if (cache.size >= KEY_CACHE_SIZE) cache.clear();
  const y = withoutSign(publicKey);
  const key = y < FIELD_PRIME && !SMALL_ORDER_Y.has(y) ? parseKey(publicKey) : undefined;
  cache.set(name, key);
  return key;
}

function parseKey(publicKey: PublicKey): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(concat(PUBLIC_PREFIX, publicKey)), format: 'der', type: 'spki' });
    const parsed = new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32));
    return equalBytes(parsed, publicKey) ? key : undefined;
  } catch {
    return undefined;
  }
}

/** y of an encoded point: 255 bits, the sign of x left out. */
function withoutSign(bytes: Uint8Array): bigint {
  return littleEndian(bytes) & ((1n << 255n) - 1n);
}

/** The integer of 32 bytes. */
function littleEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  let value = 0n;
  for (let at = 24; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(at, true);
  return value;
}

function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new BugError('BAD_CONSTANT', 'a constant is not hex');
  return bytes;
}
