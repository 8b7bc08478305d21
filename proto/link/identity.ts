import { createPrivateKey, createPublicKey } from 'node:crypto';
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { WireError } from '../errors.ts';

const KEY_BYTES = 32;

/** PKCS #8 of an Ed25519 private key up to its 32 seed bytes (RFC 8410). */
const PKCS8_PREFIX: Buffer = Buffer.from('302e020100300506032b657004220420', 'hex');

function checkLength(bytes: Uint8Array, name: string): void {
  if (bytes.length !== KEY_BYTES) throw new WireError('KEY_INVALID', `the ${name} has ${bytes.length} bytes, not 32`);
}

/**
 * The public transport key (32 bytes, Ed25519) of a 32-byte seed.
 * @throws WireError `KEY_INVALID` for a seed of another length
 */
export function transportKeyOf(seed: Uint8Array): Uint8Array {
  checkLength(seed, 'transport seed');
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  try {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    return new Uint8Array(spki.subarray(spki.length - KEY_BYTES));
  } finally {
    der.fill(0);
  }
}

/**
 * The libp2p PeerId (base58 text) of a transport key.
 * @throws WireError `KEY_INVALID` unless the key is 32 bytes
 */
export function peerIdOf(transportKey: Uint8Array): string {
  checkLength(transportKey, 'transport key');
  const key = publicKeyFromRaw(transportKey);
  if (key.type !== 'Ed25519') throw new WireError('KEY_INVALID', 'the transport key is not an Ed25519 key');
  return peerIdFromPublicKey(key).toString();
}

/** The file form in which libp2p takes a private-network key. */
export function networkKeyFile(networkKey: Uint8Array): Uint8Array {
  checkLength(networkKey, 'network key');
  return new TextEncoder().encode(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(networkKey).toString('hex')}`);
}
