/**
 * Reads an Ethereum keystore file, version 3: AES-128-CTR under a key that scrypt or PBKDF2 makes from a password, with
 * a Keccak checksum. Costs are bounded, since the file chooses them.
 */
import { createDecipheriv, pbkdf2, scrypt } from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, equalBytes, fromHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';

/** 512 MiB of memory. */
const MAX_SCRYPT = 2 ** 19 * 8;
const MAX_PBKDF2 = 10_000_000;

interface Kdf {
  readonly kind: 'scrypt' | 'pbkdf2';
  readonly salt: Uint8Array;
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

interface Keystore {
  readonly ciphertext: Uint8Array;
  readonly iv: Uint8Array;
  readonly mac: Uint8Array;
  readonly kdf: Kdf;
}

/** Whether a text looks like a keystore file at all. */
export function isKeystore(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** The 32-byte private key. Refused with `KEY_FILE_MALFORMED`, `KEY_FILE_PASSWORD`. */
export async function openKeystore(text: string, password: Uint8Array): Promise<Result<Uint8Array, Refusal>> {
  const keystore = readKeystore(text);
  if (keystore === undefined) {
    return err(new Refusal('KEY_FILE_MALFORMED', 'the file is not a version 3 keystore with scrypt or pbkdf2'));
  }
  const { ciphertext, iv, kdf, mac } = keystore;
  const key = await stretch(password, kdf);
  try {
    if (!equalBytes(keccak_256(concat(key.subarray(16, 32), ciphertext)), mac)) {
      return err(new Refusal('KEY_FILE_PASSWORD', 'the password does not open the keystore'));
    }
    const cipher = createDecipheriv('aes-128-ctr', key.subarray(0, 16), iv);
    return ok(new Uint8Array(Buffer.concat([cipher.update(ciphertext), cipher.final()])));
  } finally {
    key.fill(0);
  }
}

/** Other software adds fields of its own to these files, so only what is needed is looked at. */
function readKeystore(text: string): Keystore | undefined {
  const parsed = parseStrictJson(text);
  const json = parsed.ok ? toJson(parsed.value, 'decimal') : parsed;
  if (!json.ok || field(json.value, 'version') !== '3') return undefined;
  const crypto = field(json.value, 'crypto') ?? field(json.value, 'Crypto');
  const parameters = field(crypto, 'kdfparams');
  const kdf = readKdf(field(crypto, 'kdf'), parameters);
  const ciphertext = hex(field(crypto, 'ciphertext'), 32);
  const iv = hex(field(field(crypto, 'cipherparams'), 'iv'), 16);
  const mac = hex(field(crypto, 'mac'), 32);
  if (field(crypto, 'cipher') !== 'aes-128-ctr' || field(parameters, 'dklen') !== '32') return undefined;
  return kdf && ciphertext && iv && mac && { ciphertext, iv, mac, kdf };
}

function readKdf(kind: Json | undefined, parameters: Json | undefined): Kdf | undefined {
  const text = field(parameters, 'salt');
  const salt = typeof text === 'string' ? fromHex(text.toLowerCase()) : undefined;
  if (salt === undefined) return undefined;
  if (kind === 'pbkdf2') {
    const n = number(field(parameters, 'c'));
    const isKnown = field(parameters, 'prf') === 'hmac-sha256' && n >= 1 && n <= MAX_PBKDF2;
    return isKnown ? { kind, salt, n, r: 0, p: 0 } : undefined;
  }
  const [n, r, p] = [number(field(parameters, 'n')), number(field(parameters, 'r')), number(field(parameters, 'p'))];
  const isPower = n >= 2 && Number.isInteger(Math.log2(n));
  if (kind !== 'scrypt' || !isPower || r < 1 || p < 1 || p > 16 || n * r > MAX_SCRYPT) return undefined;
  return { kind, salt, n, r, p };
}

async function stretch(password: Uint8Array, { kind, salt, n, r, p }: Kdf): Promise<Uint8Array> {
  return await new Promise<Uint8Array>((resolve, reject) => {
    const done = (error: Error | null, key: Uint8Array): void => {
      if (error === null) resolve(key);
      else reject(error);
    };
    if (kind === 'pbkdf2') pbkdf2(password, salt, n, 32, 'sha256', done);
    else scrypt(password, salt, 32, { N: n, r, p, maxmem: 256 * n * r }, done);
  });
}

function field(value: Json | undefined, name: string): Json | undefined {
  if (value === undefined || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const members = value as { readonly [key: string]: Json };
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function hex(value: Json | undefined, length: number): Uint8Array | undefined {
  const bytes = typeof value === 'string' ? fromHex(value.toLowerCase()) : undefined;
  return bytes?.length === length ? bytes : undefined;
}

function number(value: Json | undefined): number {
  return typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : 0;
}
