/**
 * HPKE (RFC 9180, base mode, one message a context): X25519 with HKDF-SHA256, HKDF-SHA256, AES-256-GCM. Confidential to
 * the recipient; who sealed is told by the statement around it. It is asynchronous, so it stays outside of protocol/.
 */
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519';
import { x25519 } from '@noble/curves/ed25519.js';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import type { Secret } from '../../protocol/threshold/secret.ts';

export interface Sealed {
  /** Encapsulated key, 32 bytes. */
  readonly encapsulated: Uint8Array;
  /** As long as the plaintext, and 16 bytes. */
  readonly ciphertext: Uint8Array;
}

const KEY_BYTES = 32;

function suite(): CipherSuite {
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

/** Public X25519 key of a 32-byte secret. */
export function recipientPublicKey(secretKey: Secret<Uint8Array>): Uint8Array {
  return secretKey.use((bytes) => x25519.getPublicKey(bytes));
}

/**
 * Whether a key can be sealed to: 32 bytes, and not of small order, where everybody would know the shared secret.
 * Decided by a Diffie-Hellman with a fixed scalar, which gives zero for exactly those.
 */
export function isRecipientKey(key: Uint8Array): boolean {
  if (key.length !== KEY_BYTES) return false;
  try {
    x25519.getSharedSecret(new Uint8Array(KEY_BYTES).fill(0x40), key);
    return true;
  } catch {
    return false;
  }
}

/** Seals `plaintext` to the recipient; `info` binds what it is about. Refused with `RECIPIENT_KEY_INVALID`. */
export async function seal(
  recipientKey: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
): Promise<Result<Sealed, Refusal>> {
  if (!isRecipientKey(recipientKey)) {
    return err(new Refusal('RECIPIENT_KEY_INVALID', 'the recipient key is not an X25519 key that can be sealed to'));
  }
  const hpke = suite();
  const recipientPublic = await hpke.kem.deserializePublicKey(recipientKey);
  const { enc, ct } = await hpke.seal({ recipientPublicKey: recipientPublic, info }, plaintext);
  return ok({ encapsulated: new Uint8Array(enc), ciphertext: new Uint8Array(ct) });
}

/** The plaintext, or `undefined` if it was sealed to another key, about something else, or was altered. */
export async function open(
  secretKey: Secret<Uint8Array>,
  info: Uint8Array,
  { encapsulated, ciphertext }: Sealed,
): Promise<Uint8Array | undefined> {
  const hpke = suite();
  const raw = secretKey.use((bytes) => bytes.slice());
  try {
    const recipientKey = await hpke.kem.deserializePrivateKey(raw);
    return new Uint8Array(await hpke.open({ recipientKey, enc: encapsulated, info }, ciphertext));
  } catch {
    return undefined;
  } finally {
    raw.fill(0);
  }
}
