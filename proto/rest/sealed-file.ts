/**
 * The bytes of a sealed file: XChaCha20-Poly1305 with the whole head as associated data, so that a file can neither be
 * altered nor take the place of another one.
 *
 *   file = "KMSEAL" 0x00 0x01 (8) || vault id (16) || kind length (u8) || kind || id length (u8) || id || nonce (24)
 *          || ciphertext || tag (16)
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

const MAGIC: Uint8Array = new Uint8Array([0x4b, 0x4d, 0x53, 0x45, 0x41, 0x4c, 0, 1]);
const NONCE = 24;
const TAG = 16;

/** Kinds and ids become file names, so their alphabet is narrow. */
const NAME = /^[a-z0-9][a-z0-9.-]{0,149}$/;

export interface SealedName {
  /** Random name of the vault, 16 bytes. */
  readonly vaultId: Uint8Array;
  readonly kind: string;
  readonly id: string;
}

/** Whether `text` may be a kind or an id: lower case letters, digits, dots and dashes, at most 150. */
export function isSealedName(text: string): boolean {
  return NAME.test(text) && !text.includes('..');
}

/** Seals `bytes` under a 32-byte key. `nonce` is 24 fresh random bytes. */
export function sealBytes(key: Uint8Array, name: SealedName, nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (nonce.length !== NONCE) throw new RangeError('a nonce has 24 bytes');
  const head = encodeHead(name, nonce);
  return new Uint8Array(Buffer.concat([head, xchacha20poly1305(key, nonce, head).encrypt(bytes)]));
}

/** The contents, or `undefined` if a single bit differs from what was sealed under this key and name. */
export function openBytes(key: Uint8Array, name: SealedName, file: Uint8Array): Uint8Array | undefined {
  const headLength = encodeHead(name, new Uint8Array(NONCE)).length;
  if (file.length < headLength + TAG) return undefined;
  const nonce = file.slice(headLength - NONCE, headLength);
  const head = encodeHead(name, nonce);
  if (Buffer.compare(head, file.subarray(0, headLength)) !== 0) return undefined;
  try {
    return xchacha20poly1305(key, nonce, head).decrypt(file.subarray(headLength));
  } catch {
    return undefined;
  }
}

function encodeHead(name: SealedName, nonce: Uint8Array): Uint8Array {
  if (name.vaultId.length !== 16) throw new RangeError('a vault id has 16 bytes');
  return new Uint8Array(Buffer.concat([MAGIC, name.vaultId, field(name.kind), field(name.id), nonce]));
}

function field(text: string): Uint8Array {
  if (!isSealedName(text)) throw new RangeError('a kind or id of a sealed file has a character that is not allowed');
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(Buffer.concat([new Uint8Array([bytes.length]), bytes]));
}
