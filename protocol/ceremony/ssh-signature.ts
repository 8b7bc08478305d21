/**
 * SSH signatures (SSHSIG version 1, as `ssh-keygen -Y sign` makes them) by Ed25519 keys, also ones that a security key
 * keeps. Sizes and order of the fields are those of OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f, read strictly: one key
 * type, one hash, nothing left over. The arithmetic is that of ed25519.ts, as for every other signature.
 */
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import { concat, equalBytes, utf8 } from '../common/bytes.ts';
import { isAcceptableKey, type PublicKey, verify } from './ed25519.ts';

const PLAIN = 'ssh-ed25519';
const SECURITY_KEY = 'sk-ssh-ed25519@openssh.com';
const MAGIC = utf8('SSHSIG');
const HASH = 'sha512';
/** Somebody touched the security key. */
const USER_PRESENT = 0x01;

export interface SshPublicKey {
  /** The blob of the line, as signatures repeat it. */
  readonly blob: Uint8Array;
  readonly publicKey: PublicKey;
  /** Of a key in a security key: the application it belongs to, usually `ssh:`. */
  readonly application?: Uint8Array;
}

/** @param line `ssh-ed25519 AAAA…` or `sk-ssh-ed25519@openssh.com AAAA…`; a comment may follow. Else undefined. */
export function parseSshKey(line: string): SshPublicKey | undefined {
  const [type, encoded = ''] = line.split(' ');
  if (type !== PLAIN && type !== SECURITY_KEY) return undefined;
  const blob = decode(encoded);
  if (blob === undefined) return undefined;
  const fields = new Fields(blob);
  if (fields.text() !== type) return undefined;
  const publicKey = fields.bytes();
  const application = type === SECURITY_KEY ? fields.bytes() : undefined;
  if (publicKey === undefined || !isAcceptableKey(publicKey) || !fields.isAtEnd()) return undefined;
  if (type === PLAIN) return { blob, publicKey };
  return application === undefined ? undefined : { blob, publicKey, application };
}

/**
 * @param namespace what the signer was told to sign for; a signature for anything else is none
 * @param signature the blob between the lines of a signature file, decoded
 */
export function verifySshSignature(
  key: SshPublicKey,
  namespace: string,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const fields = new Fields(signature);
  const isOurs =
    equalBytes(fields.take(MAGIC.length) ?? NONE, MAGIC) &&
    fields.number() === 1 &&
    equalBytes(fields.bytes() ?? NONE, key.blob) &&
    fields.text() === namespace &&
    fields.bytes()?.length === 0 &&
    fields.text() === HASH;
  const inner = isOurs ? fields.bytes() : undefined;
  if (inner === undefined || !fields.isAtEnd()) return false;
  const signed = concat(MAGIC, field(utf8(namespace)), field(NONE), field(utf8(HASH)), field(sha512(message)));
  return key.application === undefined
    ? verifyPlain(key, signed, inner)
    : verifySecurityKey(key.publicKey, key.application, signed, inner);
}

/** The blob of a signature file, with or without its two lines around it; undefined if it is none. */
export function readSshSignature(text: string): Uint8Array | undefined {
  const lines = text.trim().split(/\r?\n/);
  const isWhole = lines[0] === '-----BEGIN SSH SIGNATURE-----' && lines.at(-1) === '-----END SSH SIGNATURE-----';
  return decode((isWhole ? lines.slice(1, -1) : lines).join(''));
}

const NONE = new Uint8Array();

function verifyPlain({ publicKey }: SshPublicKey, signed: Uint8Array, inner: Uint8Array): boolean {
  const fields = new Fields(inner);
  const type = fields.text();
  const signature = fields.bytes();
  return type === PLAIN && signature !== undefined && fields.isAtEnd() && verify(publicKey, signed, signature);
}

function verifySecurityKey(
  publicKey: PublicKey,
  application: Uint8Array,
  signed: Uint8Array,
  inner: Uint8Array,
): boolean {
  const fields = new Fields(inner);
  const type = fields.text();
  const signature = fields.bytes();
  const state = fields.take(5);
  if (type !== SECURITY_KEY || signature === undefined || state === undefined || !fields.isAtEnd()) return false;
  if (((state[0] ?? 0) & USER_PRESENT) === 0) return false;
  return verify(publicKey, concat(sha256(application), state, sha256(signed)), signature);
}

/** Reads fields of a length before their bytes; undefined from the first one that is not there. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array | undefined {
    if (this.#at + length > this.#bytes.length) {
      this.#at = Number.POSITIVE_INFINITY;
      return undefined;
    }
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  number(): number | undefined {
    const bytes = this.take(4);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  bytes(): Uint8Array | undefined {
    const length = this.number();
    return length === undefined ? undefined : this.take(length);
  }

  /** A short name, byte by byte; a longer one is none of ours. */
  text(): string | undefined {
    const bytes = this.bytes();
    return bytes && bytes.length <= 100 ? String.fromCharCode(...bytes) : undefined;
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

function field(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

function decode(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}
