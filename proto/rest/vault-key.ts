/**
 * The file that turns a passphrase into the data key of a vault: `HOME/vault`, 144 bytes.
 *
 *   "KMVAULT" 0x01 (8) || flags (u8) || log2 N (u8) || r (u8) || p (u8) || vault id (16) || salt (32) || nonce (24)
 *   || wrapped data key (32 + 16) || SHA-256 of everything before, first 12 bytes
 *
 * KEK = HKDF-SHA256(scrypt(passphrase, salt, N, r, p), salt, "keymoot/vault/kek/v1"); the wrapping is XChaCha20-Poly1305
 * with everything before the ciphertext as associated data. The trailing checksum is public and tells a damaged file from
 * a wrong passphrase; it protects nothing, the wrapping does.
 */
import { createHash, hkdfSync, scrypt } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { StoreError } from './errors.ts';

const MAGIC: Uint8Array = new Uint8Array([0x4b, 0x4d, 0x56, 0x41, 0x55, 0x4c, 0x54, 1]);
const HEAD = 8 + 4 + 16 + 32 + 24;
const WRAPPED = 32 + 16;
const CHECKSUM = 12;
const FLAG_WEAK = 1;

export const VAULT_FILE_BYTES: number = HEAD + WRAPPED + CHECKSUM;

/** scrypt with r = 8 takes N KiB of memory: 2^18 means 256 MiB and about a second on a desktop of 2026. */
export const DEFAULT_LOG_N = 18;
/** Below this a vault carries the `weak` flag, for demos and tests. */
const STRONG_LOG_N = 17;
/** No flag admits less: 16 MiB is the least that still slows a search down. */
const FLOOR_LOG_N = 14;
/** A head that asks for more than 512 MiB is an attempt to exhaust the machine. */
const CEILING_LOG_N = 19;
const BLOCK_SIZE = 8;

export interface VaultHead {
  readonly logN: number;
  /** The key derivation was made cheap on purpose; say so to whoever opens it. */
  readonly weak: boolean;
  readonly vaultId: Uint8Array;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
}

/** Throws `KDF_REFUSED` for parameters that are too weak, too costly, or weak without saying so. */
export function checkStrength(logN: number, weak: boolean): void {
  const acceptable = Number.isInteger(logN) && logN >= FLOOR_LOG_N && logN <= CEILING_LOG_N;
  if (!acceptable || weak !== logN < STRONG_LOG_N) {
    throw new StoreError('KDF_REFUSED', `Key derivation with N = 2^${logN} is outside the accepted range.`);
  }
}

export async function wrapDataKey(head: VaultHead, passphrase: Uint8Array, dataKey: Uint8Array): Promise<Uint8Array> {
  checkStrength(head.logN, head.weak);
  const encoded = encodeHead(head);
  const kek = await deriveKek(head, passphrase);
  const wrapped = xchacha20poly1305(kek, head.nonce, encoded).encrypt(dataKey);
  kek.fill(0);
  const body = Buffer.concat([encoded, wrapped]);
  return new Uint8Array(Buffer.concat([body, checksum(body)]));
}

/** Fails with `SEALED_FILE_CORRUPT`, `KDF_REFUSED` (both before any derivation) or `WRONG_PASSPHRASE`. */
export async function unwrapDataKey(
  file: Uint8Array,
  passphrase: Uint8Array,
  path: string,
): Promise<{ readonly head: VaultHead; readonly dataKey: Uint8Array }> {
  const head = decodeHead(file, path);
  checkStrength(head.logN, head.weak);
  const kek = await deriveKek(head, passphrase);
  try {
    const cipher = xchacha20poly1305(kek, head.nonce, file.slice(0, HEAD));
    return { head, dataKey: cipher.decrypt(file.slice(HEAD, HEAD + WRAPPED)) };
  } catch {
    throw new StoreError('WRONG_PASSPHRASE', `The passphrase does not open ${path}.`);
  } finally {
    kek.fill(0);
  }
}

function encodeHead(head: VaultHead): Uint8Array {
  const parameters = new Uint8Array([head.weak ? FLAG_WEAK : 0, head.logN, BLOCK_SIZE, 1]);
  return new Uint8Array(Buffer.concat([MAGIC, parameters, head.vaultId, head.salt, head.nonce]));
}

function decodeHead(file: Uint8Array, path: string): VaultHead {
  const damaged = new StoreError('SEALED_FILE_CORRUPT', `${path} is damaged.`);
  if (file.length !== VAULT_FILE_BYTES) throw damaged;
  const body = file.slice(0, HEAD + WRAPPED);
  if (Buffer.compare(checksum(body), file.subarray(HEAD + WRAPPED)) !== 0) throw damaged;
  const head: VaultHead = {
    weak: file[8] === FLAG_WEAK,
    logN: file[9] ?? 0,
    vaultId: file.slice(12, 28),
    salt: file.slice(28, 60),
    nonce: file.slice(60, 84),
  };
  // Covers magic, unknown flags, r and p: only what we would write ourselves is read.
  if (Buffer.compare(encodeHead(head), file.subarray(0, HEAD)) !== 0) throw damaged;
  return head;
}

async function deriveKek(head: VaultHead, passphrase: Uint8Array): Promise<Uint8Array> {
  const cost = 2 ** head.logN;
  const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 2 * 128 * BLOCK_SIZE * cost };
  const stretched = await new Promise<Uint8Array>((resolve, reject) => {
    scrypt(passphrase, head.salt, 32, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
  const kek = new Uint8Array(hkdfSync('sha256', stretched, head.salt, 'keymoot/vault/kek/v1', 32));
  stretched.fill(0);
  return kek;
}

function checksum(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest()).subarray(0, CHECKSUM);
}
