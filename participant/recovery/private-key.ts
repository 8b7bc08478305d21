/**
 * An existing private key, on its way into an IMPORT: read from a file or from standard input, never from an argument,
 * which other processes can see. Hex digits, or a version 3 keystore with its password.
 */
import { open, stat } from 'node:fs/promises';
import { StoreError, systemCode } from '../../proto/rest/errors.ts';
import { addressOf } from '../../protocol/ceremony/address.ts';
import { fromHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { hashChainCode } from '../../protocol/threshold/keygen/epoch.ts';
import { readScalar } from '../../protocol/threshold/math/scalar.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { isKeystore, openKeystore } from './keystore-v3.ts';

/** Larger than any keystore file. */
const MAX_FILE: number = 64 << 10;

export interface KeySource {
  /** Path of the file; `-` reads standard input to its end. */
  readonly file: string;
  /** Asked for only if the file is a keystore; the bytes are overwritten after use. */
  readonly password: () => Promise<Uint8Array>;
  readonly input?: AsyncIterable<Uint8Array | string>;
}

/** What an import's proposal says of the key, and what its holder should compare before anything is proposed. */
export interface ImportedKey {
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** ccPub, 32 bytes. */
  readonly chainCodeHash: Uint8Array;
}

/**
 * The private key, in 1..q-1. Fails with `KEY_FILE_OPEN` if other users can read the file, `KEY_FILE_MALFORMED`,
 * `KEY_FILE_PASSWORD`, `READ_FAILED`. No message holds a part of the key.
 */
export async function readPrivateKey(source: KeySource): Promise<Secret<bigint>> {
  const raw = source.file === '-' ? await drain(source.input ?? process.stdin) : await readPrivate(source.file);
  try {
    const text = new TextDecoder().decode(raw);
    const bytes = isKeystore(text) ? await openWith(text, source.password) : readHex(text);
    if (!bytes.ok) throw bytes.error;
    const scalar = readScalar(bytes.value);
    bytes.value.fill(0);
    if (scalar === undefined || scalar === 0n) throw malformed('is not a private key: it must be in 1..q-1');
    return new Secret(scalar);
  } finally {
    raw.fill(0);
  }
}

/**
 * Public values of an imported key.
 *
 * @param chainCode 32 bytes: the key's own if it has one, else fresh random ones
 */
export function importedKey(privateKey: Secret<bigint>, chainCode: Uint8Array): ImportedKey {
  const publicKey = privateKey.use((sk) => curve.encode(curve.base(sk)));
  return { publicKey, address: addressOf(publicKey), chainCodeHash: hashChainCode(publicKey, chainCode) };
}

async function openWith(text: string, password: () => Promise<Uint8Array>): Promise<Result<Uint8Array, Refusal>> {
  const given = await password();
  try {
    return await openKeystore(text, given);
  } finally {
    given.fill(0);
  }
}

function readHex(text: string): Result<Uint8Array, Refusal> {
  const digits = text.trim().replace(/^0x/, '').toLowerCase();
  const bytes = digits.length === 64 ? fromHex(digits) : undefined;
  return bytes === undefined ? err(malformed('must hold 64 hex digits, or a version 3 keystore')) : ok(bytes);
}

async function readPrivate(path: string): Promise<Uint8Array> {
  try {
    const { mode, size } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new Refusal('KEY_FILE_OPEN', `other users can read ${path}: run "chmod 600" on it, and think of who has`);
    }
    if (size > MAX_FILE) throw malformed('is too large for a key');
    const handle = await open(path, 'r');
    try {
      return new Uint8Array(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new StoreError('READ_FAILED', `Could not read ${path}: ${systemCode(error)}.`, { cause: error });
  }
}

async function drain(input: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    size += bytes.length;
    if (size > MAX_FILE) throw malformed('is too large for a key');
    parts.push(bytes);
  }
  const whole = new Uint8Array(Buffer.concat(parts));
  for (const part of parts) part.fill(0);
  return whole;
}

function malformed(what: string): Refusal {
  return new Refusal('KEY_FILE_MALFORMED', `the key file ${what}`);
}
