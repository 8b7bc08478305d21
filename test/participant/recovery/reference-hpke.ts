/** HPKE base mode written out from RFC 9180 on node:crypto alone: slow, and shares no code with the package in use. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { x25519 } from '@noble/curves/ed25519.js';
import { concat, utf8 } from '../../../protocol/common/bytes.ts';

export interface ReferenceSuite {
  readonly aead: 1 | 2;
  readonly key: 16 | 32;
}

export const AES_128: ReferenceSuite = { aead: 1, key: 16 };
export const AES_256: ReferenceSuite = { aead: 2, key: 32 };

const EMPTY = new Uint8Array(0);
const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update(data).digest());

function extract(suiteId: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return hmac(salt.length === 0 ? new Uint8Array(32) : salt, concat(utf8('HPKE-v1'), suiteId, utf8(label), ikm));
}

function expand(suiteId: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  const labelled = concat(u16(length), utf8('HPKE-v1'), suiteId, utf8(label), info);
  let block: Uint8Array = EMPTY;
  let out: Uint8Array = EMPTY;
  for (let i = 1; out.length < length; i++) {
    block = hmac(prk, concat(block, labelled, Uint8Array.of(i)));
    out = concat(out, block);
  }
  return out.slice(0, length);
}

export interface Schedule {
  readonly sharedSecret: Uint8Array;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

export function schedule(
  suite: ReferenceSuite,
  dh: Uint8Array,
  enc: Uint8Array,
  recipient: Uint8Array,
  info: Uint8Array,
): Schedule {
  const kem = concat(utf8('KEM'), u16(0x20));
  const hpke = concat(utf8('HPKE'), u16(0x20), u16(1), u16(suite.aead));
  const sharedSecret = expand(kem, extract(kem, EMPTY, 'eae_prk', dh), 'shared_secret', concat(enc, recipient), 32);
  const context = concat(
    Uint8Array.of(0),
    extract(hpke, EMPTY, 'psk_id_hash', EMPTY),
    extract(hpke, EMPTY, 'info_hash', info),
  );
  const secret = extract(hpke, sharedSecret, 'secret', EMPTY);
  return {
    sharedSecret,
    key: expand(hpke, secret, 'key', context, suite.key),
    nonce: expand(hpke, secret, 'base_nonce', context, 12),
  };
}

const cipherOf = ({ aead }: ReferenceSuite): 'aes-128-gcm' | 'aes-256-gcm' =>
  aead === 1 ? 'aes-128-gcm' : 'aes-256-gcm';

export function referenceSeal(
  suite: ReferenceSuite,
  ephemeral: Uint8Array,
  recipient: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array = EMPTY,
): { readonly encapsulated: Uint8Array; readonly ciphertext: Uint8Array; readonly used: Schedule } {
  const encapsulated = x25519.getPublicKey(ephemeral);
  const used = schedule(suite, x25519.getSharedSecret(ephemeral, recipient), encapsulated, recipient, info);
  const cipher = createCipheriv(cipherOf(suite), used.key, used.nonce).setAAD(aad);
  const body = cipher.update(plaintext);
  cipher.final();
  return { encapsulated, ciphertext: concat(new Uint8Array(body), new Uint8Array(cipher.getAuthTag())), used };
}

export function referenceOpen(
  suite: ReferenceSuite,
  secretKey: Uint8Array,
  info: Uint8Array,
  { encapsulated, ciphertext }: { readonly encapsulated: Uint8Array; readonly ciphertext: Uint8Array },
): Uint8Array {
  const dh = x25519.getSharedSecret(secretKey, encapsulated);
  const { key, nonce } = schedule(suite, dh, encapsulated, x25519.getPublicKey(secretKey), info);
  const cipher = createDecipheriv(cipherOf(suite), key, nonce).setAuthTag(ciphertext.slice(-16));
  const body = cipher.update(ciphertext.slice(0, -16));
  return concat(new Uint8Array(body), new Uint8Array(cipher.final()));
}
